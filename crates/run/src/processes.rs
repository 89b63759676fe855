use std::collections::BTreeMap;
use std::fs::File;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use netsynth_files::Shown;
use netsynth_store::{AttemptFile, AttemptFolder};

use crate::RunError;
use crate::child::{end_group, memory_kills};
use crate::site::{End, Site, State};

/// For so long an attempt of another controller may be without a worker: it is being begun.
const BEGINNING: Duration = Duration::from_secs(5);

/// Each attempt is a process of this machine: a crash, or a kill for memory, ends one training and nothing else.
pub struct Processes {
    program: PathBuf,
    n_workers: NonZeroUsize,
    children: Mutex<BTreeMap<AttemptFolder, Worker>>,
}

/// A process at an attempt.
struct Worker {
    child: Child,
    /// Kills for memory that the system had made when it began.
    n_kills: u64,
}

impl Processes {
    /// So many side by side, each this program, which is netsynth.
    pub fn new(program: PathBuf, n_workers: NonZeroUsize) -> Self {
        Self { program, n_workers, children: Mutex::default() }
    }
}

impl Site for Processes {
    fn capacity(&self) -> usize {
        self.n_workers.get()
    }

    fn submit(&self, _: &str, attempt: &AttemptFolder) -> Result<bool, RunError> {
        let log = attempt.file(AttemptFile::Log);
        let log = File::create(&log).map_err(RunError::system(&log))?;
        let n_kills = memory_kills();
        let mut command = Command::new(&self.program);
        command.arg("work").arg(attempt.file(AttemptFile::Task)).arg("--out").arg(attempt.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        // A signal of the terminal is for the controller, which ends in order.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().map_err(|error| {
            let reason = format!("the worker {} could not be started: {error}", self.program.shown());
            RunError::new(reason, "allow more processes (ulimit -u), or give fewer --workers")
        })?;
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        children.insert(attempt.clone(), Worker { child, n_kills });
        Ok(true)
    }

    fn states(&self, attempts: &[(String, AttemptFolder)]) -> Result<Vec<State>, RunError> {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        let state = |(_, attempt): &(String, AttemptFolder)| {
            let Some(worker) = children.get_mut(attempt) else { return of_another(attempt) };
            match worker.child.try_wait() {
                Ok(None) => State::AtWork,
                Ok(Some(status)) => {
                    let end = end_of(status, memory_kills() > worker.n_kills);
                    if let Some(worker) = children.remove(attempt) {
                        end_group(&worker.child);
                    }
                    State::Ended(end)
                }
                Err(error) => State::Ended(End::Gone(format!("it cannot be waited for: {error}"))),
            }
        };
        Ok(attempts.iter().map(state).collect())
    }

    fn cancel(&self, _: &str, attempt: &AttemptFolder) {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut worker) = children.remove(attempt) {
            let _ = worker.child.kill();
            let _ = worker.child.wait();
            end_group(&worker.child);
        }
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(10)
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        let children = self.children.get_mut().unwrap_or_else(PoisonError::into_inner);
        for worker in children.values_mut() {
            let _ = worker.child.kill();
            let _ = worker.child.wait();
            end_group(&worker.child);
        }
    }
}

/// What an attempt does that is no child of this process: its worker holds the lock as long as it lives.
fn of_another(attempt: &AttemptFolder) -> State {
    let is_beginning =
        || !attempt.file(AttemptFile::Lock).exists() && attempt.age().is_some_and(|age| age < BEGINNING);
    if attempt.is_held() || is_beginning() {
        return State::AtWork;
    }
    State::Ended(End::Gone("its process is gone".to_owned()))
}

#[cfg(unix)]
fn end_of(status: ExitStatus, had_kills: bool) -> End {
    use std::os::unix::process::ExitStatusExt;

    const KILL: i32 = 9;
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, Some(KILL)) if had_kills => End::OutOfMemory,
        (None, Some(signal)) => End::Signalled(signal),
        (None, None) => End::Gone("its process is gone".to_owned()),
    }
}

#[cfg(not(unix))]
fn end_of(status: ExitStatus, _: bool) -> End {
    status.code().map_or_else(|| End::Gone("its process is gone".to_owned()), End::Exited)
}
