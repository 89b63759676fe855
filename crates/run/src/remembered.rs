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

    fn known(&self, place: &Place) -> Result<Option<Answer>, RunError> {
        answer_of(&self.kept.attempt(&place.name, 1), &place.digest)
    }

    fn keep(&self, Place { name, digest }: &Place, answer: &Answer) -> Result<(), RunError> {
        self.kept.begin(name, 1)?;
        if !write_answer(&self.kept.attempt(name, 1), name, digest, answer)? {
            self.kept.forget(name);
        }
        Ok(())
    }
}

/// Where a task's answer is kept.
struct Place {
    name: String,
    digest: String,
}

impl Place {
    /// None if the answer is not to be kept.
    fn of(task: &Task) -> Option<Self> {
        let starts_elsewhere = task.training.as_ref().is_some_and(|training| training.start.is_some());
        match starts_elsewhere {
            true => None,
            // A task with numbers that do not travel has no digest.
            false => Some(Self { name: task.name().ok()?, digest: task.digest().ok()? }),
        }
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
            let place = Place::of(task);
            match place.as_ref().map(|place| self.known(place)).transpose()?.flatten() {
                Some(answer) => on_answer(index, answer)?,
                None => open.push((index, place)),
            }
        }
        let left: Vec<Task> = open.iter().map(|(index, _)| tasks[*index].clone()).collect();
        self.executor.run(&left, weights, on_event, stop, &|at, answer| {
            let (index, place) = &open[at];
            if let Some(place) = place {
                self.keep(place, &answer)?;
            }
            on_answer(*index, answer)
        })
    }
}
