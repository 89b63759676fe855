//! A network trained and judged on folds, once or with several seeds.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use netsynth_data::{Dataset, Split};
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::side_by_side;
use netsynth_store::{Entry, Fold, NetworkFile, RunFolder, RunKind, TrainedNetwork};
use netsynth_train::{Deployed, Device, EpochReport, Recipe, Training, fit_fold, load, on_one_thread, save};
use serde::{Deserialize, Serialize};

use crate::ancestors::trained_network;
use crate::complaint::Complaint;
use crate::data::{ReadOptions, cautions};
use crate::finished::required;
use crate::interrupt;
use crate::networks::{Source, adapted, architecture, input_of, read};
use crate::plan::{DataPlan, DataSource};
use crate::progress::Progress;
use crate::provenance::Provenance;
use crate::recipes::RecipeOptions;
use crate::results::{FoldFile, Results};
use crate::trouble::Trouble;
use crate::words::count;

/// What a training of a network on folds is asked with, whatever for.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder of faces, or a table of pixels such as ckextended.csv
    #[arg(long)]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) reading: ReadOptions,
    /// Folds to cut the data into; the split by Usage has one
    #[arg(long, default_value_t = 10)]
    pub(crate) folds: usize,
    /// Train only the first so many of the folds
    #[arg(long)]
    only: Option<usize>,
    #[command(flatten)]
    pub(crate) recipe: RecipeOptions,
    /// Start from trained weights instead of random ones: nodes of the same name take over the most salient channels. A
    /// folder with architecture.ron and weights.safetensors, or the run of a training with as many folds, each of which
    /// starts the fold of its number
    #[arg(long)]
    start: Option<PathBuf>,
    /// The seed of every random draw
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Trainings side by side, each on one core; all cores if not given
    #[arg(long)]
    pub(crate) workers: Option<usize>,
    /// The run's name under runs/
    #[arg(long)]
    pub(crate) name: Option<String>,
}

/// What a training depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainPlan {
    pub(crate) schema: u32,
    #[serde(default)]
    kind: TrainingKind,
    pub(crate) architecture: ArchitectureSpec,
    pub(crate) data: DataPlan,
    pub(crate) n_trained_folds: usize,
    pub(crate) epochs: usize,
    pub(crate) recipe: Recipe,
    pub(crate) seed: u64,
    /// The folds are trained once with each of so many seeds, from `seed` on.
    #[serde(default = "one")]
    pub(crate) n_seeds: usize,
    /// Where its first weights are from; absent, they are random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<PathBuf>,
    pub(crate) device: Device,
}

/// The kind of run that a training's plan makes; no other kind is read as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum TrainingKind {
    #[default]
    Training,
}

fn one() -> usize {
    1
}

impl TrainPlan {
    /// The trainings, by seed and fold, and where each one's network goes.
    pub(crate) fn places(&self) -> Vec<(u64, Fold, TrainedNetwork)> {
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

/// A training on folds: what it needs to know is read, and nothing is trained yet.
pub(crate) struct OnFolds {
    pub(crate) plan: TrainPlan,
    graph: Graph,
    dataset: Dataset,
    split: Split,
}

impl OnFolds {
    /// What the command line asks for.
    pub(crate) fn asked(
        source: Source,
        options: &Options,
        default_recipe: Recipe,
        epochs: usize,
        n_seeds: usize,
    ) -> Result<Self, Complaint> {
        let name = source.name.as_str();
        let (spec, graph) = architecture(&source)?;
        let input = graph.input();
        let data = DataPlan {
            source: DataSource::Folder(options.data.clone()),
            options: options.reading.sized(input.height, input.width)?,
            split: options.reading.split(),
            n_folds: options.reading.n_folds(options.folds),
            held_out: 0.0,
        };
        let channels = data.options.colour.channels();
        if input.channels != channels && !source.is_built_in {
            let reason = format!("it reads {} channels, and a face has {channels}", input.channels);
            let remedy = "give --colour rgb for a network of 3 channels, gray for one of 1";
            return Err(Complaint::new(reason, remedy).at(name));
        }
        let n_folds = data.n_folds;
        let mut plan = TrainPlan {
            schema: SCHEMA,
            kind: TrainingKind::Training,
            architecture: spec,
            data,
            n_trained_folds: options.only.unwrap_or(n_folds).min(n_folds),
            epochs,
            recipe: options.recipe.or(default_recipe)?,
            seed: options.seed,
            n_seeds,
            start: options.start.clone(),
            device: Device::Flex,
        };
        if plan.epochs == 0 || plan.n_trained_folds == 0 || plan.n_seeds == 0 {
            return Err(Complaint::new(
                "there is nothing to train",
                "give at least one epoch, one fold and one seed",
            ));
        }
        let dataset = plan.data.load()?;
        if source.is_built_in {
            plan.architecture = adapted(plan.architecture, input_of(&dataset), dataset.classes.len());
        }
        Self::new(plan, dataset, name)
    }

    /// The training that a run's folder describes, on the faces that it began with.
    pub(crate) fn reopened(folder: &RunFolder) -> Result<Self, Complaint> {
        let plan: TrainPlan = folder.plan()?;
        let place = || folder.path().display().to_string();
        let dataset = plan.data.load().map_err(|complaint| complaint.at(place()))?;
        let provenance: Provenance = required(folder, Entry::Provenance)?;
        provenance.refuse_other(&dataset).map_err(|complaint| complaint.at(place()))?;
        Self::new(plan, dataset, &place())
    }

    /// `place` is where the architecture is from.
    fn new(plan: TrainPlan, dataset: Dataset, place: &str) -> Result<Self, Complaint> {
        let graph = Graph::new(&plan.architecture).map_err(|error| Complaint::from(error).at(place))?;
        if dataset.classes.len() != graph.classes() {
            let reason = format!(
                "it tells {} classes apart, and the data has {}",
                graph.classes(),
                dataset.classes.len()
            );
            let remedy = format!("give its last node Dense(units: {})", dataset.classes.len());
            return Err(Complaint::new(reason, remedy).at(place));
        }
        let split = plan.data.split(&dataset)?;
        // What is missing is told before any training.
        plan.places().into_iter().try_for_each(|(seed, fold, _)| start(&plan, seed, fold).map(|_| ()))?;
        Ok(Self { plan, graph, dataset, split })
    }

    /// Makes the run's folder.
    pub(crate) fn begin(&self, name: Option<&str>) -> Result<RunFolder, Complaint> {
        let path = RunFolder::free_path(Path::new("runs"), name, self.graph.name())?;
        Ok(RunFolder::create(&path, &self.plan, &Provenance::new(&self.dataset))?)
    }

    /// Trains the folds that the run does not have yet, with progress on standard error, and writes each as soon as it
    /// is trained. `None` if somebody asked to stop before all of them were.
    pub(crate) fn work(
        &self,
        folder: &RunFolder,
        workers: NonZeroUsize,
    ) -> Result<Option<Results>, Complaint> {
        self.try_work(folder, workers).map_err(|trouble| trouble.told(folder, "resume"))
    }

    fn try_work(&self, folder: &RunFolder, workers: NonZeroUsize) -> Result<Option<Results>, Trouble> {
        let Self { plan, graph, dataset, split } = self;
        let mut open = Vec::new();
        for place in plan.places() {
            if folder.document::<FoldFile>(Entry::Network(place.2, NetworkFile::Metrics))?.is_none() {
                open.push(place);
            }
        }
        let progress = Progress::new((plan.epochs * open.len()) as u64);
        progress.note(format!(
            "{}: {} parameters, {} images of {} subjects, {} of {} folds, {} epochs{}",
            graph.name(),
            count(graph.cost().parameters),
            dataset.samples.len(),
            dataset.subjects.len(),
            plan.n_trained_folds,
            plan.data.n_folds,
            plan.epochs,
            if plan.n_seeds > 1 { format!(", {} seeds", plan.n_seeds) } else { String::new() }
        ));
        for caution in cautions(dataset, split) {
            progress.note(format!("warning: {caution}"));
        }
        let n_done = plan.n_seeds * plan.n_trained_folds - open.len();
        if n_done > 0 {
            progress.note(format!("{n_done} trainings are there already"));
        }
        let begun = Instant::now();
        let outcomes = side_by_side(open.len(), workers, |at| {
            if interrupt::is_asked() {
                return Ok(());
            }
            let (seed, fold, place) = open[at];
            self.train_fold(seed, fold, place, folder, &progress)
        });
        outcomes.into_iter().collect::<Result<Vec<()>, Trouble>>()?;
        progress.finish();
        let secs = begun.elapsed().as_secs_f64();

        let mut folds = Vec::new();
        for (_, _, place) in plan.places() {
            folds.extend(folder.document::<FoldFile>(Entry::Network(place, NetworkFile::Metrics))?);
        }
        if folds.len() < plan.places().len() {
            progress.note(format!("stopped; `netsynth resume {}` goes on", folder.path().display()));
            return Ok(None);
        }
        let results = Results::new(plan, graph, &dataset.classes, &folds);
        folder.write_document(Entry::Results, &results)?;
        folder.write_front(&results.front())?;
        let n_images: usize =
            open.iter().map(|&(_, fold, _)| plan.epochs * split.train(fold.index()).len()).sum();
        let speed = if open.is_empty() {
            String::new()
        } else {
            format!("{secs:.1} s, {:.0} training images/s on {workers} cores; ", n_images as f64 / secs)
        };
        progress.note(format!("{speed}written to {}", folder.path().display()));
        Ok(Some(results))
    }

    /// Trains on all folds but one, judges on that one, and writes both down.
    fn train_fold(
        &self,
        seed: u64,
        fold: Fold,
        place: TrainedNetwork,
        folder: &RunFolder,
        progress: &Progress,
    ) -> Result<(), Trouble> {
        let Self { plan, graph, dataset, split } = self;
        let start = start(plan, seed, fold)?;
        let training = Training {
            graph,
            dataset,
            recipe: &plan.recipe,
            n_epochs: plan.epochs,
            seed,
            device: plan.device,
            start: start.as_ref(),
        };
        let label = match plan.n_seeds {
            1 => format!("fold {fold:2}"),
            _ => format!("seed {seed} fold {fold:2}"),
        };
        let mut losses = Vec::with_capacity(plan.epochs);
        let mut tell = |report: EpochReport| {
            losses.push(report.loss);
            progress.epoch(&label, report);
        };
        let trained = on_one_thread(|| fit_fold(&training, split, fold.index(), &mut tell))
            .and_then(|outcome| outcome.map_err(|failure| failure.to_string()));
        let report = trained.map_err(|reason| {
            Complaint::new(reason, "lower the learning rate, or try another recipe")
                .at(format!("seed {seed}, fold {fold}"))
        })?;
        let weights = save(&report.network).map_err(Complaint::from)?;
        let file = FoldFile { schema: SCHEMA, seed, fold, confusion: report.confusion, losses };
        folder.write_network(place, &plan.architecture, &weights, &file)?;
        Ok(())
    }
}

/// The trained network that a training on a fold starts from, if the plan names one: of a run, the one that was trained
/// for the same fold, with the same seed if the run has it and with its first seed otherwise.
fn start(plan: &TrainPlan, seed: u64, fold: Fold) -> Result<Option<Deployed>, Complaint> {
    let Some(path) = &plan.start else { return Ok(None) };
    if !path.join(Entry::Plan.path()).exists() {
        let place = |file: NetworkFile| path.join(file.name());
        let (_, graph) = architecture(&read(&place(NetworkFile::Architecture).display().to_string())?)?;
        let weights = place(NetworkFile::Weights);
        return load(&weights, &graph, plan.device).map(Some).map_err(Complaint::about(&weights));
    }
    let folder = RunFolder::open(path)?;
    let complaint =
        |reason: String, remedy: &str| Complaint::new(reason, remedy).at(path.display().to_string());
    if folder.kind()? != RunKind::Training {
        let reason = format!("it is the run of a {}, not of a training", folder.kind()?);
        let remedy = "start from the run of a training, or from a folder with architecture.ron and weights.safetensors";
        return Err(complaint(reason, remedy));
    }
    let other: TrainPlan = folder.plan()?;
    if other.data.n_folds != plan.data.n_folds || other.data.split != plan.data.split {
        let reason = format!(
            "it was cut into {} folds and this training into {}: a fold would judge people that its start has seen",
            other.data.n_folds, plan.data.n_folds
        );
        return Err(complaint(reason, "start from a run with the same --folds and --split"));
    }
    let of_fold = other.places().into_iter().filter(|(_, other, _)| *other == fold);
    let Some((_, _, network)) = of_fold.min_by_key(|(other, _, _)| *other != seed) else {
        let reason = format!("it has no network for fold {fold}: it trained {} folds", other.n_trained_folds);
        return Err(complaint(reason, "start from a run that trained as many folds (--only)"));
    };
    let entry = |file| Entry::Network(network, file);
    let spec: ArchitectureSpec = required(&folder, entry(NetworkFile::Architecture))?;
    let remedy = "finish that training with `netsynth resume`";
    trained_network(&folder, &spec, entry(NetworkFile::Weights), remedy, plan.device).map(Some)
}
