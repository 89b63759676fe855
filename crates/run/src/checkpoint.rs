use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use netsynth_store::{AttemptFile, AttemptFolder};
use netsynth_train::Checkpoints;

/// Where the state of a task's training is kept from time to time. What the system refuses is let go: without a state a training
/// begins anew.
#[derive(Debug)]
pub(crate) struct CheckpointFile {
    folder: PathBuf,
    every: Duration,
    /// When it was last kept, or begun with.
    last: Mutex<Instant>,
}

impl CheckpointFile {
    /// In a folder of the task's own, which is made with the first state.
    pub(crate) fn in_folder(folder: PathBuf, every: Duration) -> Self {
        Self { folder, every, last: Mutex::new(Instant::now()) }
    }
}

impl Checkpoints for CheckpointFile {
    fn last(&self) -> Option<Vec<u8>> {
        AttemptFolder::at(&self.folder).sealed(AttemptFile::Checkpoint).ok().flatten()
    }

    fn is_due(&self) -> bool {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed() >= self.every
    }

    fn keep(&self, state: Vec<u8>) {
        let _ = fs::create_dir_all(&self.folder);
        let _ = AttemptFolder::at(&self.folder).write_sealed(AttemptFile::Checkpoint, &state);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}
