use std::num::NonZeroUsize;
use std::path::PathBuf;

use netsynth_data::{Dataset, Split};
use netsynth_run::{
    Dispatch, Executor, LocalThreads, OnAnswer, OnEvent, Processes, Ray, RunError, Slurm, Task, Weights,
};
use netsynth_store::{Attempts, RunFolder};

use crate::arguments::executor::{ExecutorChoice, ExecutorKind};
use crate::arguments::workers::WorkerArguments;
use crate::interrupt;

/// Whoever was asked for. While they have trainings in flight, whoever asks the program to stop waits for them.
pub(crate) struct Workers<'a> {
    executor: Box<dyn Executor + 'a>,
    /// What is removed at the end: attempts of work that has no run's folder to write to.
    passing: Option<Attempts>,
}

/// The executor that the arguments ask for, for tasks of this data. Its attempts are in the run's folder if it may write
/// there.
pub(crate) fn executor<'a>(
    arguments: &WorkerArguments,
    n_workers: NonZeroUsize,
    dataset: &'a Dataset,
    split: &'a Split,
    folder: Option<&RunFolder>,
) -> Result<Workers<'a>, RunError> {
    let ExecutorChoice { executor: kind, program, .. } = arguments.executor();
    let passing = match folder {
        Some(_) => None,
        None => {
            let name = format!("netsynth-attempts-{}", std::process::id());
            // The nodes of a cluster see where the program was begun, if anything.
            let home = match kind {
                ExecutorKind::Local | ExecutorKind::Processes => std::env::temp_dir(),
                ExecutorKind::Slurm { .. } | ExecutorKind::Ray { .. } => PathBuf::new(),
            };
            Some(Attempts::at(home.join(name)))
        }
    };
    let attempts = match (folder, &passing) {
        (Some(folder), _) => folder.attempts(),
        (None, Some(passing)) => passing.clone(),
        (None, None) => unreachable!("without a run's folder there is a passing one"),
    };
    let on_nodes = || program.map_or_else(this_program, Ok);
    let executor: Box<dyn Executor + 'a> = match kind {
        ExecutorKind::Local => {
            Box::new(LocalThreads::new(dataset, split, n_workers).with_files(attempts.root().to_owned()))
        }
        ExecutorKind::Processes => {
            Box::new(Dispatch::new(dataset, attempts, Processes::new(this_program()?, n_workers)))
        }
        ExecutorKind::Slurm { partition, arguments } => {
            let slurm = Slurm::new(on_nodes()?, partition, n_workers, &attempts)?;
            Box::new(Dispatch::new(dataset, attempts, slurm.with_arguments(arguments)))
        }
        ExecutorKind::Ray { head, resources } => {
            let token = std::env::var("RAY_AUTH_TOKEN").ok();
            let ray = Ray::new(on_nodes()?, &head, n_workers, token, &attempts)?;
            Box::new(Dispatch::new(dataset, attempts, ray.with_resources(resources)))
        }
    };
    Ok(Workers { executor, passing })
}

/// The threads of this process, for tasks of this data.
pub(crate) fn threads<'a>(dataset: &'a Dataset, split: &'a Split, n_workers: NonZeroUsize) -> Workers<'a> {
    Workers { executor: Box::new(LocalThreads::new(dataset, split, n_workers)), passing: None }
}

/// The program that runs, for workers elsewhere.
fn this_program() -> Result<PathBuf, RunError> {
    std::env::current_exe().map_err(|error| {
        let reason = format!("where this program is cannot be found out: {error}");
        RunError::new(reason, "use --executor local")
    })
}

impl Executor for Workers<'_> {
    fn run(
        &self,
        tasks: &[Task],
        weights: &dyn Weights,
        on_event: &OnEvent<'_>,
        stop: &(dyn Fn() -> bool + Sync),
        on_answer: &OnAnswer<'_>,
    ) -> Result<(), RunError> {
        let _at_work = interrupt::at_work();
        self.executor.run(tasks, weights, on_event, stop, on_answer)
    }
}

impl Drop for Workers<'_> {
    fn drop(&mut self) {
        if let Some(attempts) = &self.passing {
            attempts.end();
        }
    }
}
