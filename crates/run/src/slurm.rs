use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use netsynth_store::{AttemptFile, AttemptFolder, Attempts};
use sha2::{Digest, Sha256};

use crate::RunError;
use crate::dispatch::{End, OUT_OF_MEMORY, Site, State};

/// How long an answer may take from where it was written to where it is read, once its job is over.
const LAG: Duration = Duration::from_secs(10);

/// How long Slurm may not answer before that is an error.
const SILENCE: Duration = Duration::from_secs(600);

/// Each attempt is a Slurm job; its folder is one that the nodes see, too.
///
/// A job has the attempt's name, so a controller finds the jobs of one that was killed. Jobs are not requeued by Slurm: what
/// is lost is tried again here. They are listed together, and the answer's file, not the list, says what came of them, since
/// ended jobs leave the list.
pub struct Slurm {
    program: PathBuf,
    partition: Option<String>,
    n_jobs: NonZeroUsize,
    /// What the names of the jobs of this run begin with.
    prefix: String,
    /// Where sbatch, squeue and scancel are; empty for wherever the system finds them.
    commands: PathBuf,
    pause: Duration,
    looks: Mutex<Looks>,
}

/// What was seen before.
#[derive(Default)]
struct Looks {
    /// Since when a job is over, or not listed, and has no answer.
    over: BTreeMap<String, Instant>,
    /// Since when Slurm does not answer.
    silent: Option<Instant>,
}

impl Slurm {
    /// So many jobs at a time, in a partition or in Slurm's default one, each running this program, which is netsynth.
    pub fn new(
        program: PathBuf,
        partition: Option<String>,
        n_jobs: NonZeroUsize,
        attempts: &Attempts,
    ) -> Self {
        let root = std::path::absolute(attempts.root()).unwrap_or_else(|_| attempts.root().to_owned());
        let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
        let run: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Self {
            program,
            partition,
            n_jobs,
            prefix: format!("netsynth-{run}-"),
            commands: PathBuf::new(),
            pause: Duration::from_secs(1),
            looks: Mutex::default(),
        }
    }

    /// The same with sbatch, squeue and scancel from a folder, and another time between two looks.
    pub fn with_commands(self, commands: PathBuf, pause: Duration) -> Self {
        Self { commands, pause, ..self }
    }

    /// The standard output of one of Slurm's commands, or what it says on standard error.
    fn ask(&self, command: &str, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(self.commands.join(command)).args(arguments).output();
        let output = output.map_err(|error| format!("`{command}` could not be started: {error}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason").to_owned();
        Err(format!("`{command}` failed: {last}"))
    }

    /// The state and its reason of each job of this run that Slurm knows.
    fn jobs(&self) -> Result<BTreeMap<String, (String, String)>, String> {
        let listed = self.ask("squeue", &["-h", "-r", "-t", "all", "--me", "-o", "%j|%T|%r"])?;
        let jobs = listed.lines().filter_map(|line| {
            let mut parts = line.trim().splitn(3, '|');
            let name = parts.next()?.strip_prefix(&self.prefix)?.to_owned();
            Some((name, (parts.next()?.to_owned(), parts.next().unwrap_or_default().to_owned())))
        });
        Ok(jobs.collect())
    }
}

/// A path as a word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

impl Site for Slurm {
    fn capacity(&self) -> usize {
        self.n_jobs.get()
    }

    fn submit(&self, name: &str, attempt: &AttemptFolder) -> Result<(), RunError> {
        let folder = std::path::absolute(attempt.path()).unwrap_or_else(|_| attempt.path().to_owned());
        let attempt = AttemptFolder::at(&folder);
        let exit = attempt.file(AttemptFile::Exit);
        // The exit code is kept beside the answer: an ended job leaves Slurm's list.
        let script = format!(
            "{} work {} --out {}; code=$?; echo $code > {}; exit $code",
            quoted(&self.program),
            quoted(&attempt.file(AttemptFile::Task)),
            quoted(attempt.path()),
            quoted(&exit)
        );
        let name = format!("--job-name={}{name}", self.prefix);
        let log = format!("--output={}", attempt.file(AttemptFile::Log).display());
        let mut arguments =
            vec!["--parsable", "--no-requeue", "--ntasks=1", "--cpus-per-task=1", &name, &log];
        let partition = self.partition.as_ref().map(|partition| format!("--partition={partition}"));
        arguments.extend(partition.as_deref());
        arguments.extend(["--wrap", &script]);
        let remedy = "see that `sbatch` works here, and that the run's folder is one that the nodes see; `netsynth resume` \
                      goes on";
        self.ask("sbatch", &arguments).map(|_| ()).map_err(|reason| RunError::new(reason, remedy))
    }

    fn states(&self, attempts: &[(String, AttemptFolder)]) -> Result<Vec<State>, RunError> {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = match self.jobs() {
            Ok(jobs) => jobs,
            Err(reason) => {
                let since = *looks.silent.get_or_insert_with(Instant::now);
                if since.elapsed() < SILENCE {
                    return Ok(vec![State::AtWork; attempts.len()]);
                }
                return Err(RunError::new(
                    reason,
                    "see what is the matter with Slurm; `netsynth resume` goes on",
                ));
            }
        };
        looks.silent = None;
        let mut state = |name: &String, attempt: &AttemptFolder| {
            let end = match jobs.get(name) {
                Some((state, reason)) if state == "PENDING" && reason.contains("held") => {
                    return State::Ended(End::Gone(format!("its job is held: {reason}")));
                }
                Some((state, _)) => match end_of(state, attempt) {
                    Some(end) => end,
                    None => return State::AtWork,
                },
                None => match exit_code(attempt) {
                    Some(code) => exited(code, attempt),
                    None => End::Gone("its job is gone and left no answer".to_owned()),
                },
            };
            // What it left may still be on its way.
            let since = *looks.over.entry(name.clone()).or_insert_with(Instant::now);
            let is_known = exit_code(attempt).is_some();
            if since.elapsed() < if is_known { self.pause } else { LAG } {
                return State::AtWork;
            }
            looks.over.remove(name);
            State::Ended(end)
        };
        Ok(attempts.iter().map(|(name, attempt)| state(name, attempt)).collect())
    }

    fn cancel(&self, name: &str, _: &AttemptFolder) {
        let _ = self.ask("scancel", &["--me", &format!("--name={}{name}", self.prefix)]);
    }

    fn pause(&self) -> Duration {
        self.pause
    }
}

/// How a job ended that Slurm says to be in this state; none while it is not over.
fn end_of(state: &str, attempt: &AttemptFolder) -> Option<End> {
    Some(match state {
        "OUT_OF_MEMORY" => End::OutOfMemory,
        "COMPLETED" | "FAILED" => match exit_code(attempt) {
            Some(code) => exited(code, attempt),
            None => End::Gone(format!("its job is {state} and left no answer")),
        },
        "NODE_FAIL" | "BOOT_FAIL" | "CANCELLED" | "DEADLINE" | "PREEMPTED" | "REVOKED" | "TIMEOUT"
        | "SPECIAL_EXIT" => End::Gone(format!("Slurm says {state}")),
        _ => return None,
    })
}

fn exit_code(attempt: &AttemptFolder) -> Option<i32> {
    fs::read_to_string(attempt.file(AttemptFile::Exit)).ok()?.trim().parse().ok()
}

/// The exit code of a shell's command: above 128 it is a signal's, and that of a worker without memory is that of SIGKILL.
fn exited(code: i32, attempt: &AttemptFolder) -> End {
    let says_so = || {
        let log = fs::read_to_string(attempt.file(AttemptFile::Log)).unwrap_or_default();
        log.contains("more than the system has memory")
    };
    match code {
        OUT_OF_MEMORY if says_so() => End::OutOfMemory,
        129..=192 => End::Signalled(code - 128),
        code => End::Exited(code),
    }
}
