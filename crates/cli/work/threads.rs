use std::num::NonZeroUsize;

use netsynth_data::{Dataset, Split};
use netsynth_run::{Executor, LocalThreads, OnAnswer, OnEvent, RunError, Task, Weights};

use crate::interrupt;

/// The threads of this process. While they have trainings in flight, whoever asks the program to stop waits for them.
pub(crate) struct Threads<'a>(LocalThreads<'a>);

impl<'a> Threads<'a> {
    /// For tasks of this data with its folds and held-out samples, so many of them side by side.
    pub(crate) fn new(dataset: &'a Dataset, split: &'a Split, n_workers: NonZeroUsize) -> Self {
        Self(LocalThreads::new(dataset, split, n_workers))
    }
}

impl Executor for Threads<'_> {
    fn run(
        &self,
        tasks: &[Task],
        weights: &dyn Weights,
        on_event: &OnEvent<'_>,
        stop: &(dyn Fn() -> bool + Sync),
        on_answer: &OnAnswer<'_>,
    ) -> Result<(), RunError> {
        let _at_work = interrupt::at_work();
        self.0.run(tasks, weights, on_event, stop, on_answer)
    }
}
