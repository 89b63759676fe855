use std::path::{Path, PathBuf};

use netsynth_data::{Dataset, Split};
use netsynth_files::Shown;
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::Count;
use netsynth_store::{Entry, FailureFile, Fold, NewRun, Outcome, RunFolder, RunKind, TrainedNetwork};
use netsynth_train::{Device, Recipe};
use serde::{Deserialize, Serialize};

use crate::networks::{Source, adapted, input_of};
use crate::open::training_plan;
use crate::plan::check_path;
use crate::provenance::{compare_with_begin, list_contents};
use crate::session::resumable;
use crate::weights::load_from_elsewhere;
use crate::work::do_all;
use crate::{
    Answer, Context, DataPlan, FoldFile, Job, JudgedOn, OnEvent, Provenance, Results, RunError, RunEvent,
    RunWeights, Task, TaskId, TaskResult, Trainer, TrainingTask, WeightKey,
};

/// What a training depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainPlan {
    /// The file format's version.
    pub schema: u32,
    /// The kind of run that it makes.
    #[serde(default)]
    pub kind: TrainingKind,
    /// The network.
    pub architecture: ArchitectureSpec,
    /// The data, and how it is split.
    pub data: DataPlan,
    /// How many of the folds are trained, from the first on.
    pub n_trained_folds: usize,
    /// Epochs of each training.
    pub epochs: usize,
    /// How to train.
    pub recipe: Recipe,
    /// The seed of every random draw.
    pub seed: u64,
    /// The folds are trained once with each of so many seeds, from `seed` on.
    #[serde(default = "one")]
    pub n_seeds: usize,
    /// Where its first weights are from; absent, they are random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<PathBuf>,
    /// Where to train.
    pub device: Device,
}

/// The kind of run that a training's plan makes; no other kind is read as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrainingKind {
    /// A training of one network on folds.
    #[default]
    Training,
}

fn one() -> usize {
    1
}

impl TrainPlan {
    /// Refuses a plan that leaves nothing to train, or more than any training has.
    pub fn check(&self) -> Result<(), RunError> {
        self.data.check()?;
        self.start.as_deref().map_or(Ok(()), check_path)?;
        self.recipe.check()?;
        Count::EPOCHS.check(self.epochs)?;
        Count::new("folds to train", 1, self.data.n_folds).check(self.n_trained_folds)?;
        Count::SEEDS.check(self.n_seeds)?;
        Count::TRAININGS.check(self.n_seeds * self.n_trained_folds)?;
        Ok(())
    }

    /// The trainings, by seed and fold, and the network of each in the run's folder.
    pub fn trainings(&self) -> Vec<(u64, Fold, TrainedNetwork)> {
        let seeds = (0..self.n_seeds as u64).map(|seed| self.seed.wrapping_add(seed));
        seeds
            .flat_map(|seed| (0..self.n_trained_folds).map(move |index| (seed, Fold::from_index(index))))
            .map(|(seed, fold)| {
                let seed_of_path = (self.n_seeds > 1).then_some(seed);
                (seed, fold, TrainedNetwork::Training { seed: seed_of_path, fold })
            })
            .collect()
    }
}

/// A training on folds: its plan and what the plan names, read and checked. Nothing is trained yet.
pub struct CrossValidation {
    /// What it follows.
    pub plan: TrainPlan,
    /// The network.
    pub graph: Graph,
    /// The data.
    pub dataset: Dataset,
    /// Its folds.
    pub split: Split,
}

impl CrossValidation {
    /// A new training of the network in `source`, which the plan has too; a built-in network is made for the data.
    pub fn new(source: &Source, mut plan: TrainPlan, on_event: &OnEvent<'_>) -> Result<Self, RunError> {
        let (channels, seen) = (plan.data.options.colour.channels(), plan.architecture.input.channels);
        if seen != channels && !source.is_built_in {
            let reason = format!("it reads {seen} channels, and a face has {channels}");
            let remedy = "give --colour rgb for a network of 3 channels, gray for one of 1";
            return Err(RunError::new(reason, remedy).at(&source.name));
        }
        plan.check()?;
        let dataset = plan.data.load(on_event)?;
        if source.is_built_in {
            plan.architecture = adapted(plan.architecture, input_of(&dataset), dataset.classes.len());
        }
        Self::of(plan, dataset, &source.name)
    }

    /// The training that a run's folder describes, on the data that it began with, wherever they are now.
    pub fn reopened(
        folder: &RunFolder,
        moved_data: Option<&Path>,
        on_event: &OnEvent<'_>,
    ) -> Result<Self, RunError> {
        let plan = training_plan(folder)?;
        let place = folder.locate(Entry::Plan).shown();
        let dataset = plan.data.load_again(moved_data, on_event).map_err(|error| error.within(&place))?;
        compare_with_begin(folder, &dataset, Some(plan.device), on_event)?;
        Self::of(plan, dataset, &place).map_err(|error| error.or_at(&place))
    }

    /// `place` is where the architecture is from.
    fn of(plan: TrainPlan, dataset: Dataset, place: &str) -> Result<Self, RunError> {
        let graph = Graph::new(&plan.architecture).map_err(|error| RunError::from(error).at(place))?;
        if dataset.classes.len() != graph.classes() {
            let reason = format!(
                "it tells {} classes apart, and the data has {}",
                graph.classes(),
                dataset.classes.len()
            );
            let remedy = format!("give its last node Dense(units: {})", dataset.classes.len());
            return Err(RunError::new(reason, remedy).at(place));
        }
        let split = plan.data.split(&dataset)?;
        // What is missing is reported before any training.
        for (seed, fold, _) in plan.trainings() {
            if let Some(key) = start(&plan, seed, fold)? {
                load_from_elsewhere(&key, plan.device)?;
            }
        }
        Ok(Self { plan, graph, dataset, split })
    }

    /// Makes the run's folder.
    pub fn begin(&self, name: Option<&str>) -> Result<RunFolder, RunError> {
        let provenance = Provenance::new(&self.dataset, self.plan.device)?;
        if let Err(reason) = self.plan.device.supports(&self.graph) {
            return Err(RunError::new(reason, "train it with --device cpu"));
        }
        let folder = NewRun::named(Path::new("runs"), name, self.graph.name())?.begin()?;
        folder.describe(&self.plan, &provenance)?;
        Ok(folder)
    }

    /// Training images of all trainings together, each counted once an epoch.
    pub fn n_images(&self, ids: &[TaskId]) -> usize {
        let seen = ids.iter().map(|id| match id {
            TaskId::Fold { fold, .. } => self.plan.epochs * self.split.train(fold.index()).len(),
            TaskId::Prototype { .. }
            | TaskId::Trial { .. }
            | TaskId::Screening { .. }
            | TaskId::Variant { .. }
            | TaskId::Audit { .. } => 0,
        });
        seen.sum()
    }

    /// The training with one seed that is judged on one fold.
    fn task(&self, seed: u64, fold: Fold) -> Result<Task, RunError> {
        let Self { plan, dataset, .. } = self;
        let training = TrainingTask {
            judged_on: JudgedOn::Fold(fold),
            epochs: plan.epochs,
            seed,
            start: start(plan, seed, fold)?,
            is_probed: false,
        };
        Ok(Task {
            id: TaskId::Fold { seed, fold },
            architecture: plan.architecture.clone(),
            data: plan.data.clone(),
            data_digest: dataset.digest.clone(),
            recipe: plan.recipe.clone(),
            device: plan.device,
            evaluator: Trainer::Netsynth,
            training_secs: None,
            run_seed: plan.seed,
            is_scored: false,
            training: Some(training),
        })
    }
}

/// Trains the folds that the run's folder does not have yet, and writes each as soon as it is trained; then the results of
/// all. [`RunError::Stopped`] if it was asked to stop before; called again, it goes on.
pub fn cross_validate(
    training: &CrossValidation,
    folder: &RunFolder,
    context: &Context<'_>,
) -> Result<Results, RunError> {
    resumable(folder, "resume", || work(training, folder, context))
}

fn work(training: &CrossValidation, folder: &RunFolder, context: &Context<'_>) -> Result<Results, RunError> {
    let CrossValidation { plan, graph, dataset, split } = training;
    let mut jobs = Vec::new();
    let mut n_known = 0;
    for (seed, fold, network) in plan.trainings() {
        if let Some(known) = folder.outcome::<FoldFile>(network)? {
            n_known += 1;
            jobs.push(Job::Known(known));
            continue;
        }
        let finish = move |answers: Vec<Answer>| {
            let TaskResult { confusion, losses, weights, .. } = match Answer::of_training(answers) {
                Ok(trained) => *trained,
                // Another try would give the same: the others go on.
                Err(reason) => {
                    let training = TaskId::Fold { seed, fold }.to_string();
                    return Ok(Outcome::Failed(folder.write_failure(network, &training, &reason)?));
                }
            };
            let file = FoldFile { schema: SCHEMA, seed, fold, confusion, losses };
            folder.write_network(network, &plan.architecture, &weights, &file)?;
            Ok(Outcome::Trained(file))
        };
        jobs.push(Job::Open { tasks: vec![training.task(seed, fold)?], finish: Box::new(finish) });
    }
    (context.on_event)(RunEvent::CrossValidation { plan, graph, dataset, split });
    (context.on_event)(RunEvent::Planned { epochs: (plan.epochs * (jobs.len() - n_known)) as u64 });
    if n_known > 0 {
        (context.on_event)(RunEvent::Known { n_trainings: n_known, n_trials: None });
    }
    // A run of an earlier version that lacks nothing keeps what that version wrote.
    if n_known == jobs.len()
        && let Ok(Some(results)) = folder.document(Entry::Results)
        && let (Ok(_), Ok(true)) = (folder.front(), folder.has_whole(Entry::FrontTable))
    {
        list_contents(folder)?;
        return Ok(results);
    }
    let (folds, failed) = by_outcome(do_all(context, &RunWeights::new(folder), jobs)?);
    if let (true, Some(FailureFile { training, reason, .. })) = (folds.is_empty(), failed.first()) {
        let error = RunError::new(reason, "train again with a lower learning rate, or with another recipe");
        return Err(error.at(training));
    }
    let results = Results::new(plan, graph, &dataset.classes, &folds, failed);
    // The results are last: where they are, all is.
    list_contents(folder)?;
    folder.write_front(&results.front())?;
    folder.write_document(Entry::Results, &results)?;
    Ok(results)
}

/// What was trained, and what failed.
pub(crate) fn by_outcome<M>(outcomes: Vec<Outcome<M>>) -> (Vec<M>, Vec<FailureFile>) {
    let (mut trained, mut failed) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Outcome::Trained(metrics) => trained.push(metrics),
            Outcome::Failed(failure) => failed.push(failure),
        }
    }
    (trained, failed)
}

/// The trained network that a training on a fold starts from, if the plan names one: of a run, the one that was trained
/// for the same fold, with the same seed if the run has it and with its first seed otherwise.
fn start(plan: &TrainPlan, seed: u64, fold: Fold) -> Result<Option<WeightKey>, RunError> {
    let Some(path) = &plan.start else { return Ok(None) };
    if !path.join(Entry::Plan.path()).exists() {
        return Ok(Some(WeightKey::Folder(path.clone())));
    }
    let folder = RunFolder::open(path)?;
    let refuse = |reason: String, remedy: &str| Err(RunError::new(reason, remedy).at(path.shown()));
    let kind = folder.kind()?;
    if kind != RunKind::Training {
        let remedy = "start from the run of a training, or from a folder with architecture.ron and weights.safetensors";
        return refuse(format!("it is the run of a {kind}, not of a training"), remedy);
    }
    let other = training_plan(&folder)?;
    if other.data.n_folds != plan.data.n_folds || other.data.split != plan.data.split {
        let reason = format!(
            "it was cut into {} folds and this training into {}: a fold would judge people that its start has seen",
            other.data.n_folds, plan.data.n_folds
        );
        return refuse(reason, "start from a run with the same --folds and --split");
    }
    let of_fold = other.trainings().into_iter().filter(|(_, trained, _)| *trained == fold);
    match of_fold.min_by_key(|(trained, _, _)| *trained != seed) {
        Some((_, _, network)) => Ok(Some(WeightKey::Training { run: path.clone(), network })),
        None => {
            let reason =
                format!("it has no network for fold {fold}: it trained {} folds", other.n_trained_folds);
            refuse(reason, "start from a run that trained as many folds (--only)")
        }
    }
}
