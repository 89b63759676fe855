use std::fs::File;
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::atomic::system;
use crate::{Entry, RunFolder, StoreError};

/// The most of a session's list of attempts that is read, in bytes: some hundred thousand attempts.
const MAX_LIST: u64 = 64 << 20;

/// An attempt at a task, as it ended: who made it and when. Nothing but pictures of the work depends on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempted {
    /// The task.
    pub task: String,
    /// The part of the work that the task belongs to, such as `rung 0`.
    pub part: String,
    /// The machine; none if nobody has begun.
    pub host: Option<String>,
    /// Seconds since 1970, when it was begun.
    pub begun_unix_secs: f64,
    /// How many seconds it took.
    pub secs: f64,
    /// Why it was lost; none if it has an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
}

impl Attempted {
    /// Seconds since 1970, when it ended.
    pub fn ended_unix_secs(&self) -> f64 {
        self.begun_unix_secs + self.secs
    }
}

/// The list of a session's attempts, to which lines are added.
#[derive(Debug)]
pub struct AttemptList(File);

impl AttemptList {
    /// Adds an attempt. What the system refuses is left out: nothing depends on it.
    pub fn add(&mut self, attempted: &Attempted) {
        if let Ok(line) = serde_json::to_string(attempted) {
            let _ = self.0.write_all(format!("{line}\n").as_bytes());
        }
    }
}

impl RunFolder {
    /// The list of attempts of the session of this number, a line of JSON each. It has no checksum.
    ///
    /// # Errors
    /// The system refuses.
    pub fn attempt_list(&self, session: usize) -> Result<AttemptList, StoreError> {
        let path = self.locate(Entry::SessionAttempts(session));
        let file = File::options().create(true).append(true).open(&path).map_err(system(&path))?;
        Ok(AttemptList(file))
    }

    /// The attempts of a session in the order in which they ended, as far as they can be read.
    pub fn attempted(&self, session: usize) -> Vec<Attempted> {
        let path = self.locate(Entry::SessionAttempts(session));
        let Ok(bytes) = netsynth_files::read(&path, MAX_LIST) else { return Vec::new() };
        // A line that was cut off with whoever wrote it is no attempt.
        let lines = bytes.split(|byte| *byte == b'\n');
        let attempts = lines.filter_map(|line| serde_json::from_slice(line).ok());
        attempts.filter(|made: &Attempted| made.begun_unix_secs.is_finite() && made.secs >= 0.0).collect()
    }
}
