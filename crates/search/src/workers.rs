use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does so many pieces of work, some side by side; answers come in order.
///
/// The threads are not a rayon pool's: a worker that waits for its own one-thread pool would start another piece.
///
/// # Panics
/// If a piece of work does.
pub fn side_by_side<T: Send>(
    count: usize,
    workers: NonZeroUsize,
    work: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let answers: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..workers.get().min(count) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(answer) = answers.get(index) else { break };
                    let found = work(index);
                    if let Ok(mut answer) = answer.lock() {
                        *answer = Some(found);
                    }
                }
            });
        }
    });
    answers.into_iter().filter_map(|answer| answer.into_inner().ok().flatten()).collect()
}
