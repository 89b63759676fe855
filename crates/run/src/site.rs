use std::time::Duration;

use netsynth_store::AttemptFolder;

use crate::RunError;

/// Where attempts are made: processes of this machine, jobs of a cluster.
pub trait Site: Sync {
    /// How many attempts are made side by side, at most.
    fn capacity(&self) -> usize;

    /// Whether one more would be made at once. Where attempts may wait for their turn, that is always so.
    fn has_room(&self) -> bool {
        true
    }

    /// Begins an attempt, of this name. Its folder has the task.
    fn submit(&self, name: &str, attempt: &AttemptFolder) -> Result<(), RunError>;

    /// What became of attempts, asked for all at once, in their order. They may have been begun by a controller that is gone.
    fn states(&self, attempts: &[(String, AttemptFolder)]) -> Result<Vec<State>, RunError>;

    /// Ends an attempt that nobody waits for any more, if it is still made.
    fn cancel(&self, name: &str, attempt: &AttemptFolder);

    /// How long to wait between two looks.
    fn pause(&self) -> Duration;
}

/// What an attempt does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is made, or waits for its turn.
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
