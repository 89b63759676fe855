use std::num::NonZeroUsize;

/// How many trainings run side by side.
pub(crate) fn worker_count(asked: Option<usize>) -> NonZeroUsize {
    let all = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.and_then(NonZeroUsize::new).unwrap_or_else(all)
}
