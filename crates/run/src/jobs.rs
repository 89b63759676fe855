//! What jobs of a cluster have in common: their names, the line that a node runs, and how it is known what came of one.
//!
//! The nodes see the attempts' folder. The answer's file says what came of a job, and beside it the exit code: ended jobs leave
//! a cluster's list, and what a list says of them differs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use netsynth_store::{AttemptFile, AttemptFolder, Attempts, sha256};

use crate::RunError;
use crate::call::OUT_OF_MEMORY;
use crate::site::{End, State};

/// How long what a job wrote may take to where it is read, once the job is over.
const LAG: Duration = Duration::from_secs(10);

/// How long a cluster may not answer before that is an error.
const SILENCE: Duration = Duration::from_secs(600);

/// What the names of a run's jobs begin with: the same for whoever works on the run, and another for a run that is begun anew
/// under the same path.
pub(crate) fn prefix(attempts: &Attempts) -> Result<String, RunError> {
    let root = std::path::absolute(attempts.root()).unwrap_or_else(|_| attempts.root().to_owned());
    let named = [root.as_os_str().as_encoded_bytes(), attempts.id()?.as_bytes()].concat();
    Ok(format!("netsynth-{}-", &sha256(named)[..8]))
}

/// The line of a shell by which a node makes an attempt, from where this program is.
pub(crate) fn line(program: &Path, attempt: &AttemptFolder) -> String {
    let folder = std::path::absolute(attempt.path()).unwrap_or_else(|_| attempt.path().to_owned());
    let attempt = AttemptFolder::at(&folder);
    let here = std::env::current_dir().unwrap_or_default();
    format!(
        "cd {} && {} work {} --out {} 2> {}; code=$?; echo $code > {}; exit $code",
        quoted(&here),
        quoted(program),
        quoted(&attempt.file(AttemptFile::Task)),
        quoted(attempt.path()),
        quoted(&attempt.file(AttemptFile::Log)),
        quoted(&attempt.file(AttemptFile::Exit))
    )
}

/// A path as a word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

/// How a job ended, by the exit code that it left; `otherwise` where it left none.
pub(crate) fn end_of(attempt: &AttemptFolder, otherwise: impl FnOnce() -> String) -> End {
    let says_memory = || {
        let log = fs::read_to_string(attempt.file(AttemptFile::Log)).unwrap_or_default();
        log.contains("more than the system has memory")
    };
    match exit_code(attempt) {
        None => End::Gone(otherwise()),
        // A shell's code above 128 is a signal's, and that of a worker without memory is that of SIGKILL.
        Some(OUT_OF_MEMORY) if says_memory() => End::OutOfMemory,
        Some(code @ 129..=192) => End::Signalled(code - 128),
        Some(code) => End::Exited(code),
    }
}

fn exit_code(attempt: &AttemptFolder) -> Option<i32> {
    fs::read_to_string(attempt.file(AttemptFile::Exit)).ok()?.trim().parse().ok()
}

/// What was seen of a cluster before, by whose jobs are described as `J`.
#[derive(Default)]
pub(crate) struct Looks<J> {
    /// The jobs as they were last listed, and when: calls side by side share a list.
    listed: Option<(Instant, Arc<BTreeMap<String, J>>)>,
    /// Since when a job is over and has no answer.
    over: BTreeMap<String, Instant>,
    /// Whether the cluster has answered in this session.
    has_answered: bool,
    /// Since when it does not, and what was said in its place.
    silent: Option<(Instant, String)>,
}

impl<J> Looks<J> {
    /// The jobs of a list that is not older than this, or of a new one.
    pub(crate) fn jobs(
        &mut self,
        age: Duration,
        list: impl FnOnce() -> Result<BTreeMap<String, J>, String>,
    ) -> Result<Arc<BTreeMap<String, J>>, String> {
        if let Some((at, jobs)) = &self.listed
            && at.elapsed() < age
        {
            return Ok(Arc::clone(jobs));
        }
        let jobs = Arc::new(list()?);
        self.listed = Some((Instant::now(), Arc::clone(&jobs)));
        self.has_answered = true;
        self.silent = None;
        Ok(jobs)
    }

    /// The jobs as they were last listed.
    pub(crate) fn listed(&self) -> Option<&BTreeMap<String, J>> {
        self.listed.as_ref().map(|(_, jobs)| &**jobs)
    }

    /// There is a job that no list has yet.
    pub(crate) fn submitted(&mut self) {
        self.listed = None;
        self.has_answered = true;
    }

    /// The cluster does not answer: it is waited for, until that lasts too long.
    pub(crate) fn silence(&mut self, reason: String) -> Result<(), RunError> {
        // What it said before is no answer any more.
        self.listed = None;
        let since = self.silent.get_or_insert_with(|| (Instant::now(), reason.clone())).0;
        if since.elapsed() < SILENCE {
            return Ok(());
        }
        let remedy = "see what is the matter with it; its jobs go on, and `netsynth resume` finds them";
        Err(RunError::new(reason, remedy))
    }

    /// Whether the cluster takes jobs: one that was silent is asked for its list first.
    pub(crate) fn takes_jobs(
        &mut self,
        age: Duration,
        list: impl FnOnce() -> Result<BTreeMap<String, J>, String>,
    ) -> Result<bool, RunError> {
        if self.silent.is_none() {
            return Ok(true);
        }
        match self.jobs(age, list) {
            Ok(_) => Ok(true),
            Err(reason) => self.silence(reason).map(|()| false),
        }
    }

    /// Whether it has answered before, so that its silence may pass.
    pub(crate) fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// What was said in the place of an answer, while there is none.
    pub(crate) fn silent(&self) -> Option<&str> {
        self.silent.as_ref().map(|(_, reason)| reason.as_str())
    }

    /// A job that is over: what it left may still be on its way, for longer if it did not even leave its exit code.
    pub(crate) fn over(&mut self, name: &str, attempt: &AttemptFolder, end: End, pause: Duration) -> State {
        let since = *self.over.entry(name.to_owned()).or_insert_with(Instant::now);
        let patience = if exit_code(attempt).is_some() { pause } else { LAG };
        if since.elapsed() < patience {
            return State::AtWork;
        }
        self.over.remove(name);
        State::Ended(end)
    }
}
