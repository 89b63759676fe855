use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::RunError;

/// Does so many pieces of work, some side by side. The first error ends it: nothing more is begun, and the error is
/// returned when the pieces at work are done.
///
/// The threads are not a rayon pool's: a worker that waits for its own one-thread pool would start another piece.
pub(crate) fn side_by_side(
    count: usize,
    workers: NonZeroUsize,
    work: &(dyn Fn(usize) -> Result<(), RunError> + Sync),
) -> Result<(), RunError> {
    let next = AtomicUsize::new(0);
    let has_failed = AtomicBool::new(false);
    let first_error: Mutex<Option<RunError>> = Mutex::new(None);
    let keep = |error: RunError| {
        has_failed.store(true, Ordering::SeqCst);
        first_error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    };
    std::thread::scope(|scope| {
        for worker in 0..workers.get().min(count) {
            let thread = std::thread::Builder::new().name(format!("worker {worker}"));
            let spawned = thread.spawn_scoped(scope, || {
                while !has_failed.load(Ordering::SeqCst) {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    if index >= count {
                        break;
                    }
                    if let Err(error) = work(index) {
                        keep(error);
                    }
                }
            });
            if let Err(error) = spawned {
                let reason = format!("a worker thread could not be started: {error}");
                keep(RunError::new(reason, "allow more threads (ulimit -u), or give fewer --workers"));
                break;
            }
        }
    });
    match first_error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}
