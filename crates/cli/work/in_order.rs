//! Work on many things on all cores, with what comes of them in their order.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope};

use netsynth_run::RunError;
use netsynth_train::on_one_thread;

/// How many items wait for each worker: what they hold is in memory.
const AHEAD: usize = 4;

/// Hands each item to `work` on one of so many threads, each with a state of its own, and what comes of them in the order of
/// the items to `on_result`, whose first error ends it. An item is worked on as soon as it is there, and only a few wait,
/// however many there are.
pub(crate) fn in_order<I: Send, S, T: Send>(
    items: impl Iterator<Item = I> + Send,
    n_workers: NonZeroUsize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, I) -> T + Sync,
    mut on_result: impl FnMut(T) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let (in_turn, turns) = sync_channel::<Receiver<T>>(AHEAD * n_workers.get());
    let (to_do, jobs) = sync_channel::<(I, SyncSender<T>)>(AHEAD * n_workers.get());
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
    let worker = || {
        let mut state = state();
        while let Ok((item, answer)) = next() {
            // Where nobody waits for it any more, the end has come.
            let _ = answer.send(work(&mut state, item));
        }
    };
    scope(|scope| {
        for number in 0..n_workers.get() {
            let name = format!("worker {number}");
            // Without a pool of its own a thread works slower, not differently.
            let work = || on_one_thread(worker).unwrap_or_else(|_| worker());
            Builder::new().name(name).spawn_scoped(scope, work).map_err(RunError::no_thread)?;
        }
        let (in_turn, to_do) = (in_turn, to_do);
        let feed = move || {
            for item in items {
                let (answer, result) = sync_channel(1);
                if in_turn.send(result).is_err() || to_do.send((item, answer)).is_err() {
                    break;
                }
            }
        };
        Builder::new().name("items".to_owned()).spawn_scoped(scope, feed).map_err(RunError::no_thread)?;
        for result in turns {
            let result = result.recv().map_err(|_| {
                RunError::new(
                    "a thread ended before its work",
                    "free some memory, or allow more threads (ulimit -u)",
                )
            })?;
            on_result(result)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn workers(n: usize) -> NonZeroUsize {
        NonZeroUsize::new(n).unwrap()
    }

    #[test]
    fn results_come_in_order_and_few_items_are_ahead() {
        let n_taken = AtomicUsize::new(0);
        let items = (0..200_usize).inspect(|_| {
            n_taken.fetch_add(1, Ordering::SeqCst);
        });
        let mut seen = Vec::new();
        let work = |_: &mut (), item: usize| {
            std::thread::sleep(Duration::from_micros(((item * 7) % 13) as u64 * 50));
            item * item
        };
        let outcome = in_order(
            items,
            workers(3),
            || (),
            work,
            |square| {
                // Those that wait in either queue, and what each thread holds.
                assert!(n_taken.load(Ordering::SeqCst) <= seen.len() + 2 * AHEAD * 3 + 3 + 2);
                seen.push(square);
                Ok(())
            },
        );
        assert!(outcome.is_ok());
        assert_eq!(seen, (0..200).map(|item| item * item).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_ends_it_though_items_are_without_end() {
        let mut n_seen = 0;
        let refuse_the_tenth = |_| {
            n_seen += 1;
            if n_seen < 10 { Ok(()) } else { Err(RunError::new("full", "free some")) }
        };
        let outcome = in_order(0.., workers(2), || (), |_: &mut (), item: i64| item, refuse_the_tenth);
        assert_eq!(outcome.unwrap_err().to_string(), "full");
        assert_eq!(n_seen, 10);
    }
}
