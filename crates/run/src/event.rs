use netsynth_data::{Dataset, Split};
use netsynth_graph::Graph;
use netsynth_search::{Event, Length, Measured, StopReason, Trial};
use netsynth_space::SearchSpace;
use netsynth_store::{Attempted, RunFolder};
use netsynth_train::EpochReport;

use crate::{Answer, ComparisonJob, Plan, TaskId, TrainPlan};

/// What a run reports while it works. None of it changes a result.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// So many of the data's images are read.
    Reading {
        /// Images that are read.
        done: usize,
        /// All images.
        all: usize,
    },
    /// A run goes on with another program or on another machine than it began with: floats, and then decisions, may differ
    /// from those of a run that was not moved.
    Elsewhere {
        /// What differs, in words.
        difference: String,
    },
    /// A search is begun or gone on with.
    Search {
        /// Its folder.
        folder: &'a RunFolder,
        /// Its plan.
        plan: &'a Plan,
        /// Its space.
        space: &'a SearchSpace,
        /// Its data.
        dataset: &'a Dataset,
        /// The folds and the held-out samples.
        split: &'a Split,
    },
    /// A training on folds is begun or gone on with.
    CrossValidation {
        /// Its plan.
        plan: &'a TrainPlan,
        /// Its network.
        graph: &'a Graph,
        /// Its data.
        dataset: &'a Dataset,
        /// Its folds.
        split: &'a Split,
    },
    /// An audit is begun or gone on with.
    Audit {
        /// Trainings that are left.
        n_open: usize,
        /// All of its trainings.
        n_trainings: usize,
        /// How long each is.
        length: Length,
    },
    /// A session of work on a run begins.
    Session {
        /// The run's folder.
        folder: &'a RunFolder,
        /// The session's number, from 1.
        number: usize,
        /// Trainings side by side.
        n_workers: usize,
        /// The plan that it follows.
        plan: &'a Plan,
    },
    /// So many epochs may be trained, at most.
    Planned {
        /// How many.
        epochs: u64,
    },
    /// So many epochs of those that were planned will not be trained.
    Skipped {
        /// How many.
        epochs: u64,
    },
    /// The run's folder has these results already.
    Known {
        /// Trainings.
        n_trainings: usize,
        /// Trials that they belong to, in a search.
        n_trials: Option<usize>,
    },
    /// The search has come to this.
    Searching {
        /// The step.
        event: &'a Event<'a>,
        /// Every trial that was observed, those of this step too.
        trials: &'a [Trial],
        /// The plan.
        plan: &'a Plan,
    },
    /// The search ends.
    SearchEnded {
        /// Why.
        reason: StopReason,
        /// With so many trials.
        n_trials: usize,
    },
    /// One run of a comparison is done.
    Compared {
        /// The run.
        job: ComparisonJob,
        /// Runs that are done.
        n_done: usize,
        /// All runs.
        n_jobs: usize,
    },
    /// A trial was measured on a rung, or could not be.
    Measured {
        /// The trial.
        trial: usize,
        /// The rung.
        rung: usize,
        /// What was measured.
        measured: &'a Measured,
    },
    /// One epoch of a task is over.
    Epoch {
        /// The task.
        task: &'a TaskId,
        /// What the epoch did.
        report: EpochReport,
    },
    /// An attempt at a task was lost with whoever made it; unless it is one too many, another one follows.
    Lost {
        /// The task.
        task: &'a TaskId,
        /// The attempt's name.
        attempt: &'a str,
        /// How.
        reason: &'a str,
    },
    /// For a while no worker has been at work.
    Waits {
        /// What is waited for, in words.
        what: &'a str,
    },
    /// An attempt at a task has ended, with an answer or without.
    Attempted(&'a Attempted),
    /// A task has an answer.
    Answered {
        /// The task.
        task: &'a TaskId,
        /// The answer.
        answer: &'a Answer,
    },
}

/// Who learns of a run's events, from any thread.
pub type OnEvent<'a> = dyn Fn(RunEvent<'_>) + Sync + 'a;
