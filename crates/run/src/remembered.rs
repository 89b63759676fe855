//! An executor that keeps what was answered: a command that was cut off and is given again goes on where it was.

use netsynth_store::Attempts;

use crate::worker::{answer_of, write_answer};
use crate::{Answer, Executor, OnAnswer, OnEvent, RunError, Task, Weights};

/// Carries out tasks by another executor, and none twice that it has the answer of.
///
/// A task that starts from a trained network is carried out each time: which network that is, the task alone does not say.
pub struct Remembered<'a> {
    executor: &'a dyn Executor,
    kept: Attempts,
}

impl<'a> Remembered<'a> {
    /// By this executor, with answers in this folder, which need not be there yet.
    pub fn new(executor: &'a dyn Executor, kept: Attempts) -> Self {
        Self { executor, kept }
    }

    /// A task's folder and digest, if its answer is kept.
    fn place(task: &Task) -> Option<(String, String)> {
        let starts_elsewhere = task.training.as_ref().is_some_and(|training| training.start.is_some());
        match starts_elsewhere {
            true => None,
            // A task with numbers that do not travel has no digest.
            false => Some((task.name().ok()?, task.digest().ok()?)),
        }
    }

    fn known(&self, task: &Task) -> Result<Option<Answer>, RunError> {
        let Some((name, digest)) = Self::place(task) else { return Ok(None) };
        answer_of(&self.kept.attempt(&name, 1), &digest)
    }

    fn keep(&self, task: &Task, answer: &Answer) -> Result<(), RunError> {
        let Some((name, digest)) = Self::place(task) else { return Ok(()) };
        self.kept.begin(&name, 1)?;
        let attempt = self.kept.attempt(&name, 1);
        write_answer(&attempt, &name, &digest, answer)?;
        if answer_of(&attempt, &digest)?.as_ref() != Some(answer) {
            // Its numbers do not travel, and another answer is none.
            self.kept.forget(&name);
        }
        Ok(())
    }
}

impl Executor for Remembered<'_> {
    fn run(
        &self,
        tasks: &[Task],
        weights: &dyn Weights,
        on_event: &OnEvent<'_>,
        stop: &(dyn Fn() -> bool + Sync),
        on_answer: &OnAnswer<'_>,
    ) -> Result<(), RunError> {
        let mut open = Vec::new();
        for (index, task) in tasks.iter().enumerate() {
            match self.known(task)? {
                Some(answer) => on_answer(index, answer)?,
                None => open.push(index),
            }
        }
        let left: Vec<Task> = open.iter().map(|&index| tasks[index].clone()).collect();
        self.executor.run(&left, weights, on_event, stop, &|at, answer| {
            self.keep(&left[at], &answer)?;
            on_answer(open[at], answer)
        })
    }
}
