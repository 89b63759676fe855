use std::num::NonZeroUsize;

use netsynth_run::RunError;

/// How many trainings run side by side.
pub(crate) fn worker_count(asked: Option<usize>) -> Result<NonZeroUsize, RunError> {
    match asked {
        None => Ok(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
        Some(number) => NonZeroUsize::new(number).ok_or_else(|| {
            RunError::new("--workers is 0", "give at least one worker, or leave it out for all cores")
        }),
    }
}
