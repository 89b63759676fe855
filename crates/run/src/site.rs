use std::time::Duration;

use netsynth_store::AttemptFolder;

use crate::RunError;

/// Where attempts are made: processes of this machine, jobs of a cluster.
pub trait Site: Sync {
    /// How many attempts are made side by side, at most.
    fn capacity(&self) -> usize;

    /// Whether one more can be handed in now. Where attempts may wait for their turn, that is so as long as the site answers.
    fn has_room(&self) -> Result<bool, RunError> {
        Ok(true)
    }

    /// Hands in an attempt, of this name. Its folder has the task. False where the site does not answer for now: it may have
    /// come through all the same.
    fn submit(&self, name: &str, attempt: &AttemptFolder) -> Result<bool, RunError>;

    /// What became of attempts, asked for all at once, in their order. They may have been begun by a controller that is gone.
    fn states(&self, attempts: &[(String, AttemptFolder)]) -> Result<Vec<State>, RunError>;

    /// Ends an attempt that nobody waits for any more, if it is still made.
    fn cancel(&self, name: &str, attempt: &AttemptFolder);

    /// What is waited for, where nothing is at work, as far as that is known.
    fn waits(&self) -> Option<String> {
        None
    }

    /// How long to wait between two looks.
    fn pause(&self) -> Duration;
}

/// What an attempt does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It waits for its turn.
    Waiting,
    /// It is made.
    AtWork,
    /// It is over.
    Ended(End),
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// The system killed it for its memory.
    OutOfMemory,
    /// It is gone, for this reason as far as that is known.
    Gone(String),
}
