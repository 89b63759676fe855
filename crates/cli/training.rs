//! A network trained and judged on folds, once or with several seeds.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use netsynth_data::{Dataset, Split, SplitBy};
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureId, ArchitectureSpec, Graph};
use netsynth_search::side_by_side;
use netsynth_store::RunFolder;
use netsynth_train::{
    Confusion, Device, EpochReport, FoldReport, Recipe, Training, fit_fold, on_one_thread, save,
};
use serde::{Deserialize, Serialize};

use crate::complaint::Complaint;
use crate::data::{ReadOptions, cautions};
use crate::networks::{adapted, architecture, read};
use crate::plan::{DataPlan, DataSource};
use crate::progress::Progress;
use crate::provenance::Provenance;
use crate::recipes::RecipeOptions;
use crate::words::{count, mean_and_deviation};
use crate::workers::worker_count;

/// What a training of a network on folds is asked with, whatever for.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder of faces, or a table of pixels such as ckextended.csv
    #[arg(long)]
    data: PathBuf,
    #[command(flatten)]
    reading: ReadOptions,
    /// Folds to cut the data into; the split by Usage has one
    #[arg(long, default_value_t = 10)]
    folds: usize,
    /// Train only the first so many of the folds
    #[arg(long)]
    only: Option<usize>,
    #[command(flatten)]
    recipe: RecipeOptions,
    /// The seed of every random draw
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Trainings side by side, each on one core; all cores if not given
    #[arg(long)]
    workers: Option<usize>,
    /// The run's name under runs/
    #[arg(long)]
    name: Option<String>,
}

/// What a training depends on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainPlan {
    pub(crate) schema: u32,
    pub(crate) architecture: ArchitectureSpec,
    pub(crate) data: DataPlan,
    pub(crate) n_trained_folds: usize,
    pub(crate) epochs: usize,
    pub(crate) recipe: Recipe,
    pub(crate) seed: u64,
    /// The folds are trained once with each of so many seeds, from `seed` on.
    #[serde(default = "one")]
    pub(crate) n_seeds: usize,
    pub(crate) device: Device,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) schema: u32,
    pub(crate) id: ArchitectureId,
    pub(crate) parameters: u64,
    pub(crate) macs: u64,
    pub(crate) classes: Vec<String>,
    pub(crate) split: SplitBy,
    pub(crate) folds: Vec<FoldResult>,
    /// Over folds and seeds.
    pub(crate) mean_accuracy: f64,
    pub(crate) standard_deviation: f64,
    /// Over folds and seeds.
    pub(crate) confusion: Confusion,
}

#[derive(Debug, Serialize)]
pub(crate) struct FoldResult {
    pub(crate) seed: u64,
    pub(crate) fold: usize,
    pub(crate) n_images: usize,
    pub(crate) accuracy: f64,
}

fn one() -> usize {
    1
}

/// Trains the network, with progress on standard error and everything written to a run folder.
pub(crate) fn trained(
    name: &str,
    options: &Options,
    default_recipe: Recipe,
    epochs: usize,
    n_seeds: usize,
) -> Result<Results, Complaint> {
    let source = read(name)?;
    let (spec, mut graph) = architecture(&source)?;
    let input = graph.input();
    if input.channels != 1 {
        let reason = format!("it reads {} channels, and faces are gray", input.channels);
        return Err(Complaint::new(reason, "give `input` one channel").at(name));
    }
    let data = DataPlan {
        source: DataSource::Folder(options.data.clone()),
        options: options.reading.sized(input.height, input.width)?,
        split: options.reading.split(),
        n_folds: options.reading.n_folds(options.folds),
        held_out: 0.0,
    };
    let n_folds = data.n_folds;
    let mut plan = TrainPlan {
        schema: SCHEMA,
        architecture: spec,
        data,
        n_trained_folds: options.only.unwrap_or(n_folds).min(n_folds),
        epochs,
        recipe: options.recipe.or(default_recipe)?,
        seed: options.seed,
        n_seeds,
        device: Device::Flex,
    };
    if plan.epochs == 0 || plan.n_trained_folds == 0 || plan.n_seeds == 0 {
        return Err(Complaint::new(
            "there is nothing to train",
            "give at least one epoch, one fold and one seed",
        ));
    }
    let workers = worker_count(options.workers)?;
    let dataset = plan.data.load()?;
    if dataset.classes.len() != graph.classes() && source.is_built_in {
        plan.architecture = adapted(plan.architecture, input.height, input.width, dataset.classes.len());
        graph = Graph::new(&plan.architecture).map_err(Complaint::from)?;
    }
    if dataset.classes.len() != graph.classes() {
        let reason =
            format!("it tells {} classes apart, and the data has {}", graph.classes(), dataset.classes.len());
        let remedy = format!("give its last node Dense(units: {})", dataset.classes.len());
        return Err(Complaint::new(reason, remedy).at(name));
    }
    let split = plan.data.split(&dataset)?;
    let path = RunFolder::free_path(Path::new("runs"), options.name.as_deref(), graph.name())?;
    let folder = RunFolder::create(&path, &plan, &Provenance::new(&dataset))?;

    let progress = Progress::new((plan.epochs * plan.n_trained_folds * plan.n_seeds) as u64);
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
    for caution in cautions(&dataset, &split) {
        progress.note(format!("warning: {caution}"));
    }
    let begun = Instant::now();
    let places: Vec<(u64, usize)> = (0..plan.n_seeds as u64)
        .flat_map(|seed| (0..plan.n_trained_folds).map(move |fold| (plan.seed.wrapping_add(seed), fold)))
        .collect();
    let reports = side_by_side(places.len(), workers, |at| {
        train_fold(&plan, &graph, &dataset, &split, places[at], &progress)
    });
    progress.finish();
    let secs = begun.elapsed().as_secs_f64();

    let mut confusion = Confusion::new(dataset.classes.len());
    let mut results = Vec::new();
    for (&(seed, fold), outcome) in places.iter().zip(reports) {
        let report = outcome.map_err(|reason| {
            Complaint::new(reason, "lower the learning rate, or try another recipe")
                .at(format!("seed {seed}, fold {}", fold + 1))
        })?;
        confusion.add(&report.confusion);
        results.push(FoldResult {
            seed,
            fold: fold + 1,
            n_images: report.confusion.n_images(),
            accuracy: report.confusion.accuracy(),
        });
        let place = match plan.n_seeds {
            1 => format!("folds/{:02}", fold + 1),
            _ => format!("seeds/{seed}/folds/{:02}", fold + 1),
        };
        folder.write_network(&place, &plan.architecture, &save(&report.network)?, &report.confusion)?;
    }
    let accuracies: Vec<f64> = results.iter().map(|fold| fold.accuracy).collect();
    let (mean, deviation) = mean_and_deviation(&accuracies);
    let results = Results {
        schema: SCHEMA,
        id: ArchitectureId::of(&graph),
        parameters: graph.cost().parameters,
        macs: graph.cost().macs,
        classes: dataset.classes.clone(),
        split: plan.data.split,
        folds: results,
        mean_accuracy: mean,
        standard_deviation: deviation,
        confusion,
    };
    folder.write_document("results.ron", &results)?;
    let n_images: usize = places.iter().map(|&(_, fold)| plan.epochs * split.train(fold).len()).sum();
    progress.note(format!(
        "{secs:.1} s, {:.0} training images/s on {workers} cores; written to {}",
        n_images as f64 / secs,
        folder.path().display()
    ));
    Ok(results)
}

fn train_fold(
    plan: &TrainPlan,
    graph: &Graph,
    dataset: &Dataset,
    split: &Split,
    (seed, fold): (u64, usize),
    progress: &Progress,
) -> Result<FoldReport, String> {
    let training =
        Training { graph, dataset, recipe: &plan.recipe, n_epochs: plan.epochs, seed, device: plan.device };
    let label = match plan.n_seeds {
        1 => format!("fold {:2}", fold + 1),
        _ => format!("seed {seed} fold {:2}", fold + 1),
    };
    let mut tell = |report: EpochReport| progress.epoch(&label, report);
    on_one_thread(|| fit_fold(&training, split, fold, &mut tell))?.map_err(|failure| failure.to_string())
}
