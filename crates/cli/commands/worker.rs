use std::path::PathBuf;
use std::process::exit;
use std::thread;
use std::time::Duration;

use clap::Args;
use netsynth_files::Shown;
use netsynth_run::{RunError, WorkEnd, work};

use crate::output::print::print_error_line;
use crate::output::progress::print_line;
use crate::{Ending, memory};

/// Carry out one task of a search or a training: what `--executor` begins elsewhere.
///
/// A task is one training or scoring of one network as a JSON file; `netsynth help task` has its form. Its answer is the same, to the
/// bit, as where the search itself trains. While it works, heartbeat.json and progress.jsonl say how far it is; answer.json comes last,
/// with its SHA-256 beside it, and the network in weights.safetensors. It ends when the process that began it does.
///
/// Exit code 0 with a result; 1 if the candidate failed, with the reason in the answer; 137 if it ran out of memory; 2 if the
/// task could not be carried out here, which says nothing of the candidate.
///
/// Example: netsynth work task.json --out answer
#[derive(Args)]
pub(crate) struct Arguments {
    /// The task's file
    task: PathBuf,
    /// The folder for the answer; one that is there already is kept
    #[arg(long)]
    out: PathBuf,
    /// How many seconds lie between two checkpoints of the training, with which another attempt at the task goes on
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    checkpoints_every: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    memory::is_of_a_worker();
    #[cfg(unix)]
    parent::end_with_it()?;
    let every = Duration::from_secs(arguments.checkpoints_every);
    match work(&arguments.task, &arguments.out, every, &|reason| give_up(reason))? {
        WorkEnd::Done => {
            print_line(format!("written to {}", arguments.out.shown()));
            Ok(Ending::Done)
        }
        WorkEnd::CandidateFailed(reason) => {
            print_line(format!("the candidate failed: {reason}"));
            Ok(Ending::Missed)
        }
    }
}

/// Ends at once: nobody waits for the answer.
fn give_up(reason: &str) -> ! {
    print_error_line(format!(
        "error: {reason}\n  help: nothing is to be done; another attempt is made if it is needed"
    ));
    exit(2)
}

/// Trainers that the worker began see its end themselves.
#[cfg(unix)]
mod parent {
    use std::os::unix::process::parent_id;

    use super::{Duration, RunError, give_up, thread};

    /// How often it is looked whether the parent lives.
    const LOOK: Duration = Duration::from_millis(100);

    /// Ends this process as soon as its parent has ended.
    pub(super) fn end_with_it() -> Result<(), RunError> {
        let parent = parent_id();
        let look = move || {
            while parent_id() == parent {
                thread::sleep(LOOK);
            }
            give_up("whoever began the worker has ended");
        };
        thread::Builder::new().name("parent".to_owned()).spawn(look).map_err(RunError::no_thread)?;
        Ok(())
    }
}
