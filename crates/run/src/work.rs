use std::sync::{Mutex, PoisonError};

use crate::{Answer, OnEvent, RunError, RunEvent, Task, Weights};

/// Where an executor hands over each answer as soon as it has it, by the task's index and from any thread.
pub type OnAnswer<'a> = dyn Fn(usize, Answer) -> Result<(), RunError> + Sync + 'a;

/// Something that carries out tasks: the threads of this process, or workers elsewhere.
///
/// An answer is a function of its task. What is not the task's own doing, such as a lost worker, a full disk or a lack of
/// threads, is an error and never an answer.
pub trait Executor: Sync {
    /// Carries out tasks, in any order and side by side, until all have an answer, `stop` is true or something fails.
    /// Tasks of one call do not depend on each other; the networks that they start from are in `weights`. `on_event` has
    /// the epochs, where the executor learns of them.
    fn run(
        &self,
        tasks: &[Task],
        weights: &dyn Weights,
        on_event: &OnEvent<'_>,
        stop: &(dyn Fn() -> bool + Sync),
        on_answer: &OnAnswer<'_>,
    ) -> Result<(), RunError>;
}

/// With what a run is worked on.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who carries out tasks.
    pub executor: &'a dyn Executor,
    /// Who learns of progress.
    pub on_event: &'a OnEvent<'a>,
    /// Whether to begin nothing more.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// One result of a run, and what it takes to have it.
pub enum Job<'a, R> {
    /// The run has it already.
    Known(R),
    /// It follows from the answers of tasks.
    Open {
        /// The tasks.
        tasks: Vec<Task>,
        /// Makes the result from the answers, in the order of the tasks, and writes it.
        finish: Finish<'a, R>,
    },
}

/// What makes a result from answers.
pub type Finish<'a, R> = Box<dyn FnOnce(Vec<Answer>) -> Result<R, RunError> + Send + 'a>;

/// The answers of an open job that has not all of them yet.
struct Waiting<'a, R> {
    answers: Vec<Option<Answer>>,
    finish: Option<Finish<'a, R>>,
}

/// Does all jobs that are open, and gives every result in the order of the jobs. Each result is made as soon as its last
/// answer is there, so that what is finished is never lost. [`RunError::Stopped`] if not all could be done.
///
/// Tasks start from the networks in `weights`.
pub fn do_all<R: Send>(
    context: &Context<'_>,
    weights: &dyn Weights,
    jobs: Vec<Job<'_, R>>,
) -> Result<Vec<R>, RunError> {
    let mut tasks = Vec::new();
    // For each task its job and its number there.
    let mut origins = Vec::new();
    let mut waiting = Vec::new();
    let mut results = Vec::new();
    for (number, job) in jobs.into_iter().enumerate() {
        let (left, result) = match job {
            Job::Known(result) => (Waiting { answers: Vec::new(), finish: None }, Some(result)),
            Job::Open { tasks: wanted, finish } => {
                origins.extend((0..wanted.len()).map(|at| (number, at)));
                let left = Waiting { answers: vec![None; wanted.len()], finish: Some(finish) };
                tasks.extend(wanted);
                (left, None)
            }
        };
        waiting.push(Mutex::new(left));
        results.push(Mutex::new(result));
    }
    context.executor.run(&tasks, weights, context.on_event, context.stop, &|index, answer| {
        (context.on_event)(RunEvent::Answered { task: &tasks[index].id, answer: &answer });
        let (number, at) = origins[index];
        let ready = {
            let mut left = waiting[number].lock().unwrap_or_else(PoisonError::into_inner);
            left.answers[at] = Some(answer);
            let is_ready = left.answers.iter().all(Option::is_some);
            if is_ready {
                left.finish.take().map(|finish| (finish, std::mem::take(&mut left.answers)))
            } else {
                None
            }
        };
        if let Some((finish, answers)) = ready {
            let result = finish(answers.into_iter().flatten().collect())?;
            *results[number].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
        Ok(())
    })?;
    let results: Option<Vec<R>> = results
        .into_iter()
        .map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect();
    results.ok_or(RunError::Stopped)
}
