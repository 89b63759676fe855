use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use netsynth_store::{AttemptFolder, Attempts};

use crate::RunError;
use crate::jobs::{Looks, end_of, line, prefix};
use crate::site::{End, Site, State};

/// Each attempt is a Slurm job; its folder is one that the nodes see, too.
///
/// A job has the attempt's name, so a controller finds the jobs of one that was killed. Jobs are not requeued by Slurm: what
/// is lost is tried again here. They are listed together.
pub struct Slurm {
    program: PathBuf,
    partition: Option<String>,
    /// What else `sbatch` is given.
    arguments: Vec<String>,
    n_jobs: NonZeroUsize,
    prefix: String,
    /// Where sbatch, squeue and scancel are; empty for wherever the system finds them.
    commands: PathBuf,
    pause: Duration,
    looks: Mutex<Looks<(String, String)>>,
}

impl Slurm {
    /// So many jobs at a time, in a partition or in Slurm's default one, each running this program, which is netsynth.
    ///
    /// # Errors
    /// The attempts' folder cannot be written.
    pub fn new(
        program: PathBuf,
        partition: Option<String>,
        n_jobs: NonZeroUsize,
        attempts: &Attempts,
    ) -> Result<Self, RunError> {
        let (commands, pause, looks) = (PathBuf::new(), Duration::from_secs(1), Mutex::default());
        let arguments = Vec::new();
        Ok(Self { program, partition, arguments, n_jobs, prefix: prefix(attempts)?, commands, pause, looks })
    }

    /// The same with more arguments for `sbatch`, such as `--account=faces`.
    pub fn with_arguments(self, arguments: Vec<String>) -> Self {
        Self { arguments, ..self }
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

/// Whether what a command said is that the controller did not answer, so that it may do so later.
fn is_silence(reason: &str) -> bool {
    let silences = ["Unable to contact slurm controller", "Socket timed out", "Zero Bytes were transmitted"];
    silences.iter().any(|silence| reason.contains(silence))
}

impl Site for Slurm {
    fn capacity(&self) -> usize {
        self.n_jobs.get()
    }

    fn submit(&self, name: &str, attempt: &AttemptFolder) -> Result<bool, RunError> {
        let name = format!("--job-name={}{name}", self.prefix);
        let mut arguments = vec!["--parsable", "--no-requeue", "--ntasks=1", "--cpus-per-task=1", &name];
        let partition = self.partition.as_ref().map(|partition| format!("--partition={partition}"));
        arguments.extend(partition.as_deref());
        arguments.extend(self.arguments.iter().map(String::as_str));
        let line = line(&self.program, attempt);
        // What the job says goes into the attempt's log by itself.
        arguments.extend(["--output=/dev/null", "--wrap", &line]);
        let asked = self.ask("sbatch", &arguments);
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        match asked {
            Ok(_) => looks.submitted(),
            Err(reason) if is_silence(&reason) && looks.has_answered() => {
                looks.silence(reason)?;
                return Ok(false);
            }
            Err(reason) => {
                let remedy = "see that `sbatch` works here, and that the run's folder is one that the nodes see; \
                              `netsynth resume` goes on";
                return Err(RunError::new(reason, remedy));
            }
        }
        Ok(true)
    }

    fn has_room(&self) -> Result<bool, RunError> {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.takes_jobs(self.pause, || self.jobs())
    }

    fn states(&self, attempts: &[(String, AttemptFolder)]) -> Result<Vec<State>, RunError> {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = match looks.jobs(self.pause, || self.jobs()) {
            Ok(jobs) => jobs,
            Err(reason) => return looks.silence(reason).map(|()| vec![State::AtWork; attempts.len()]),
        };
        let mut state = |name: &String, attempt: &AttemptFolder| {
            let end = match jobs.get(name) {
                Some((state, reason)) if state == "PENDING" && reason.contains("held") => {
                    return State::Ended(End::Gone(format!("its job is held: {reason}")));
                }
                Some((state, _)) => match state.as_str() {
                    "OUT_OF_MEMORY" => End::OutOfMemory,
                    "COMPLETED" | "FAILED" => {
                        end_of(attempt, || format!("its job is {state} and left no answer"))
                    }
                    "NODE_FAIL" | "BOOT_FAIL" | "CANCELLED" | "DEADLINE" | "PREEMPTED" | "REVOKED"
                    | "TIMEOUT" | "SPECIAL_EXIT" => End::Gone(format!("Slurm says {state}")),
                    "PENDING" => return State::Waiting,
                    _ => return State::AtWork,
                },
                None => end_of(attempt, || "its job is gone and left no answer".to_owned()),
            };
            looks.over(name, attempt, end, self.pause)
        };
        Ok(attempts.iter().map(|(name, attempt)| state(name, attempt)).collect())
    }

    fn cancel(&self, name: &str, _: &AttemptFolder) {
        let _ = self.ask("scancel", &["--me", &format!("--name={}{name}", self.prefix)]);
    }

    fn waits(&self) -> Option<String> {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = looks.silent() {
            return Some(format!("Slurm does not answer: {reason}"));
        }
        let jobs = looks.listed()?;
        let reason = jobs.values().find(|(state, _)| state == "PENDING").map(|(_, reason)| reason)?;
        let is_waiting = jobs.values().all(|(state, _)| !matches!(state.as_str(), "RUNNING" | "COMPLETING"));
        is_waiting.then(|| format!("all jobs wait in Slurm: {reason}"))
    }

    fn pause(&self) -> Duration {
        self.pause
    }
}
