use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use netsynth_data::{Dataset, Split};
use netsynth_graph::Graph;
use netsynth_search::{Scored, unless_panicked};
use netsynth_train::{
    Deployed, EpochReport, Judgement, Stimulus, Training, TrainingFailure, derived_seed, fit, fit_fold,
    on_one_thread, probe, save, score, zero_cost_scores,
};

use crate::attempted::attempted;
use crate::checkpoint::CheckpointFile;
use crate::own_trainer;
use crate::panics::unless_of_the_system;
use crate::worker::host;
use crate::workers::side_by_side;
use crate::{
    Answer, Executor, JudgedOn, OnAnswer, OnEvent, RunError, RunEvent, Task, TaskResult, Trainer,
    TrainingTask, Weights,
};

/// How often the state of a training is kept: what a kill costs of it, at most.
const CHECKPOINTS_EVERY: Duration = Duration::from_secs(60);

/// Carries out tasks on threads of this process, each task on one core. Calls of [`Executor::run`] side by side share its
/// cores.
pub struct LocalThreads<'a> {
    dataset: &'a Dataset,
    split: &'a Split,
    n_workers: NonZeroUsize,
    /// Where each task has a folder for checkpoints and for a trainer of the user's own.
    files: PathBuf,
    /// How often the state of a training is kept there.
    checkpoints_every: Duration,
    /// Cores that no task is on.
    n_free: Mutex<usize>,
    /// A core became free.
    freed: Condvar,
}

impl<'a> LocalThreads<'a> {
    /// For tasks of this data with its folds and held-out samples, so many of them side by side.
    pub fn new(dataset: &'a Dataset, split: &'a Split, n_workers: NonZeroUsize) -> Self {
        let files = std::env::temp_dir().join(format!("netsynth-{}", std::process::id()));
        let checkpoints_every = CHECKPOINTS_EVERY;
        Self {
            dataset,
            split,
            n_workers,
            files,
            checkpoints_every,
            n_free: Mutex::new(n_workers.get()),
            freed: Condvar::new(),
        }
    }

    /// The same, with the folders of tasks below this one, in the place of the system's temporary folder.
    pub fn with_files(self, files: PathBuf) -> Self {
        Self { files, ..self }
    }

    /// The same, with another time from one checkpoint of a training to the next.
    pub fn with_checkpoints_every(self, checkpoints_every: Duration) -> Self {
        Self { checkpoints_every, ..self }
    }

    /// Does work on a core of its own, as soon as one is free.
    fn on_a_core<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut n_free = self.n_free.lock().unwrap_or_else(PoisonError::into_inner);
        while *n_free == 0 {
            n_free = self.freed.wait(n_free).unwrap_or_else(PoisonError::into_inner);
        }
        *n_free -= 1;
        drop(n_free);
        let done = work();
        *self.n_free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
        done
    }
}

impl Executor for LocalThreads<'_> {
    fn run(
        &self,
        tasks: &[Task],
        weights: &dyn Weights,
        on_event: &OnEvent<'_>,
        stop: &(dyn Fn() -> bool + Sync),
        on_answer: &OnAnswer<'_>,
    ) -> Result<(), RunError> {
        side_by_side(tasks.len(), self.n_workers, &|index| {
            if stop() {
                return Ok(());
            }
            let task = &tasks[index];
            let (begun, answer) =
                self.on_a_core(|| (SystemTime::now(), self.answer(task, weights, on_event)));
            let answer = answer?;
            on_event(RunEvent::Attempted(&attempted(&task.id, Some(host()), begun, None)));
            on_answer(index, answer)?;
            // Where nothing was kept there is none; what is left of it is in nobody's way.
            let _ = fs::remove_dir_all(self.files.join(task.name()?));
            Ok(())
        })
    }
}

impl LocalThreads<'_> {
    fn answer(&self, task: &Task, weights: &dyn Weights, on_event: &OnEvent<'_>) -> Result<Answer, RunError> {
        if task.data_digest != self.dataset.digest {
            let reason = format!("{} is a task for other data", task.id);
            return Err(RunError::new(reason, "give the executor the data that the task names"));
        }
        match &task.evaluator {
            Trainer::Netsynth => self.trained(task, weights, on_event),
            Trainer::Command(words) => {
                let folder = self.files.join(task.name()?);
                own_trainer::train(words, task, &folder, on_event)
                    .map_err(|error| error.or_at(task.id.to_string()))
            }
            Trainer::Told => {
                let remedy =
                    "hand out candidates with `netsynth ask RUN`, and take results with `netsynth tell`";
                Err(RunError::new("the plan's `evaluator` is Told, so nobody trains here", remedy))
            }
        }
    }

    /// The answer of a task that netsynth carries out itself.
    fn trained(
        &self,
        task: &Task,
        weights: &dyn Weights,
        on_event: &OnEvent<'_>,
    ) -> Result<Answer, RunError> {
        let graph = match Graph::new(&task.architecture) {
            Ok(graph) => graph,
            Err(error) => return Ok(Answer::Failed(error.to_string())),
        };
        let start = match &task.training {
            Some(TrainingTask { start: Some(key), .. }) => Some(weights.load(key, task.device)?),
            _ => None,
        };
        let name = task.name()?;
        let work = || unless_panicked(|| self.carried_out(task, &name, &graph, start.as_ref(), on_event));
        let alone = || {
            on_one_thread(work).map_err(|error| {
                let remedy = "allow more threads (ulimit -u), or give fewer --workers";
                RunError::no_thread(error).with_remedy(remedy)
            })
        };
        match unless_of_the_system(alone).map_err(|error| error.or_at(task.id.to_string()))? {
            Ok(answer) => answer,
            Err(panic) => Ok(Answer::Failed(format!("the training panicked: {panic}"))),
        }
    }

    fn carried_out(
        &self,
        task: &Task,
        name: &str,
        graph: &Graph,
        start: Option<&Deployed>,
        on_event: &OnEvent<'_>,
    ) -> Result<Answer, RunError> {
        let Self { dataset, split, .. } = self;
        let Task { id, recipe, device, run_seed, training, is_scored, .. } = task;
        let is_probed = training.as_ref().is_some_and(|training| training.is_probed);
        // Probes and scores see images that every network of the run is trained on when it is judged on the first fold.
        let stimulus =
            (*is_scored || is_probed).then(|| Stimulus::new(dataset, &split.train(0), recipe, *run_seed));
        // One seed for all networks of a run, so that a score is a function of the network.
        let score_of =
            |stimulus| zero_cost_scores(graph, stimulus, derived_seed(*run_seed, "scores", 0), *device);
        let scored = stimulus.as_ref().filter(|_| *is_scored).map(score_of);
        let Some(TrainingTask { judged_on, epochs, seed, .. }) = training else {
            let none = || Scored::Failed("no score was asked for".to_owned());
            return Ok(Answer::Scored(scored.unwrap_or_else(none)));
        };
        let checkpoints = CheckpointFile::in_folder(self.files.join(name), self.checkpoints_every);
        let training = Training {
            graph,
            dataset,
            recipe,
            n_epochs: *epochs,
            seed: *seed,
            device: *device,
            start,
            checkpoints: Some(&checkpoints),
        };
        let mut losses = Vec::with_capacity(*epochs);
        let mut on_epoch = |report: EpochReport| {
            losses.push(report.loss);
            on_event(RunEvent::Epoch { task: id, report });
        };
        let trained = match judged_on {
            JudgedOn::Fold(fold) => fit_fold(&training, split, fold.index(), &mut on_epoch)
                .map(|report| (report.network, report.judgement)),
            JudgedOn::HeldOut => fit(&training, &split.all_folds(), &mut on_epoch).map(|network| {
                let judgement = score(&network, dataset, &split.held_out, recipe);
                (network, judgement)
            }),
        };
        let (network, Judgement { confusion, people }) = match trained {
            Ok(trained) => trained,
            // A card that is gone says nothing of the network.
            Err(TrainingFailure::Device(error)) => return Err(error.into()),
            Err(
                failure @ (TrainingFailure::Diverged { .. }
                | TrainingFailure::Unsupported(_)
                | TrainingFailure::Weights(_)),
            ) => return Ok(Answer::Failed(failure.to_string())),
        };
        Ok(Answer::Trained(Box::new(TaskResult {
            confusion,
            people,
            losses,
            reactions: stimulus.as_ref().filter(|_| is_probed).map(|stimulus| probe(&network, stimulus)),
            scores: scored.and_then(|scored| scored.scores().copied()),
            weights: save(&network)?,
        })))
    }
}
