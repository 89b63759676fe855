use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use netsynth_data::{Dataset, Split, SplitBy};
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureId, ArchitectureSpec, Graph};
use netsynth_search::side_by_side;
use netsynth_store::{RunFolder, named, next_name};
use netsynth_train::{
    Confusion, Device, EpochReport, FoldReport, Recipe, Training, fit_fold, on_one_thread, save,
};
use serde::{Deserialize, Serialize};

use crate::Ending;
use crate::complaint::Complaint;
use crate::data::{ReadOptions, cautions};
use crate::networks::{adapted, architecture, read};
use crate::plan::{DataPlan, DataSource};
use crate::progress::Progress;
use crate::provenance::Provenance;
use crate::recipes::RecipeOptions;
use crate::words::{count, mean_and_deviation, millions, percent, say, say_json, table};
use crate::workers::worker_count;

/// Train one network on subject-wise folds and judge it on each.
///
/// Example: netsynth train nano-b --data faces --folds 10 --epochs 60
#[derive(Args)]
pub(crate) struct Arguments {
    /// An architecture file, or a built-in name: resnet20, nano-b, nano-a-class, resnet50, mobilenet-v1,
    /// efficientnet-b0, micro-exp-net
    architecture: String,
    /// The folder of faces, or a table of pixels such as ckextended.csv
    #[arg(long)]
    data: PathBuf,
    #[command(flatten)]
    options: ReadOptions,
    /// Folds to cut the data into; the split by Usage has one
    #[arg(long, default_value_t = 10)]
    folds: usize,
    /// Train only the first so many of the folds
    #[arg(long)]
    only: Option<usize>,
    /// Epochs of each training
    #[arg(long, default_value_t = 60)]
    epochs: usize,
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
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

/// What a training depends on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrainPlan {
    schema: u32,
    architecture: ArchitectureSpec,
    data: DataPlan,
    n_trained_folds: usize,
    epochs: usize,
    recipe: Recipe,
    seed: u64,
    device: Device,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Results {
    schema: u32,
    id: ArchitectureId,
    parameters: u64,
    macs: u64,
    classes: Vec<String>,
    split: SplitBy,
    folds: Vec<FoldResult>,
    mean_accuracy: f64,
    standard_deviation: f64,
    confusion: Confusion,
}

#[derive(Debug, Serialize)]
struct FoldResult {
    fold: usize,
    n_images: usize,
    accuracy: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let source = read(&arguments.architecture)?;
    let (spec, mut graph) = architecture(&source)?;
    let input = graph.input();
    if input.channels != 1 {
        let reason = format!("it reads {} channels, and faces are gray", input.channels);
        return Err(Complaint::new(reason, "give `input` one channel").at(&arguments.architecture));
    }
    let data = DataPlan {
        source: DataSource::Folder(arguments.data.clone()),
        options: arguments.options.sized(input.height, input.width)?,
        split: arguments.options.split(),
        n_folds: arguments.options.n_folds(arguments.folds),
        held_out: 0.0,
    };
    let n_folds = data.n_folds;
    let mut plan = TrainPlan {
        schema: SCHEMA,
        architecture: spec,
        data,
        n_trained_folds: arguments.only.unwrap_or(n_folds).min(n_folds),
        epochs: arguments.epochs,
        recipe: arguments.recipe.recipe()?,
        seed: arguments.seed,
        device: Device::Flex,
    };
    if plan.epochs == 0 || plan.n_trained_folds == 0 {
        return Err(Complaint::new("there is nothing to train", "give at least one epoch and one fold"));
    }
    let workers = worker_count(arguments.workers)?;
    let dataset = plan.data.load()?;
    if dataset.classes.len() != graph.classes() && source.is_built_in {
        plan.architecture = adapted(plan.architecture, input.height, input.width, dataset.classes.len());
        graph = Graph::new(&plan.architecture).map_err(Complaint::from)?;
    }
    if dataset.classes.len() != graph.classes() {
        let reason =
            format!("it tells {} classes apart, and the data has {}", graph.classes(), dataset.classes.len());
        let remedy = format!("give its last node Dense(units: {})", dataset.classes.len());
        return Err(Complaint::new(reason, remedy).at(&arguments.architecture));
    }
    let split = plan.data.split(&dataset)?;
    let runs = PathBuf::from("runs");
    let path = match &arguments.name {
        Some(name) => named(&runs, name)?,
        None => runs.join(next_name(&runs, graph.name())),
    };
    let folder = RunFolder::create(&path, &plan, &Provenance::new(&dataset))?;

    let progress = Progress::new((plan.epochs * plan.n_trained_folds) as u64);
    progress.note(format!(
        "{}: {} parameters, {} images of {} subjects, {} of {} folds, {} epochs",
        graph.name(),
        count(graph.cost().parameters),
        dataset.samples.len(),
        dataset.subjects.len(),
        plan.n_trained_folds,
        plan.data.n_folds,
        plan.epochs
    ));
    for caution in cautions(&dataset, &split) {
        progress.note(format!("warning: {caution}"));
    }
    let begun = Instant::now();
    let folds = side_by_side(plan.n_trained_folds, workers, |fold| {
        train_fold(&plan, &graph, &dataset, &split, fold, &progress)
    });
    progress.finish();
    let secs = begun.elapsed().as_secs_f64();

    let mut confusion = Confusion::new(dataset.classes.len());
    let mut results = Vec::new();
    for (fold, outcome) in folds.into_iter().enumerate() {
        let report = outcome.map_err(|reason| {
            Complaint::new(reason, "lower the learning rate, or try another recipe")
                .at(format!("fold {}", fold + 1))
        })?;
        confusion.add(&report.confusion);
        results.push(FoldResult {
            fold: fold + 1,
            n_images: report.confusion.n_images(),
            accuracy: report.confusion.accuracy(),
        });
        let place = format!("folds/{:02}", fold + 1);
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
    let n_images: usize = (0..plan.n_trained_folds).map(|fold| plan.epochs * split.train(fold).len()).sum();
    if arguments.json {
        say_json(&results)?;
    } else {
        show(&results)?;
    }
    progress.note(format!(
        "{secs:.1} s, {:.0} training images/s on {workers} cores; written to {}",
        n_images as f64 / secs,
        folder.path().display()
    ));
    Ok(Ending::Done)
}

fn train_fold(
    plan: &TrainPlan,
    graph: &Graph,
    dataset: &Dataset,
    split: &Split,
    fold: usize,
    progress: &Progress,
) -> Result<FoldReport, String> {
    let training = Training {
        graph,
        dataset,
        recipe: &plan.recipe,
        n_epochs: plan.epochs,
        seed: plan.seed,
        device: plan.device,
    };
    let label = format!("fold {:2}", fold + 1);
    let mut tell = |report: EpochReport| progress.epoch(&label, report);
    on_one_thread(|| fit_fold(&training, split, fold, &mut tell))?.map_err(|failure| failure.to_string())
}

fn show(results: &Results) -> Result<(), Complaint> {
    let mut rows = table(&["fold", "images", "accuracy"], 1);
    for fold in &results.folds {
        rows.add_row([fold.fold.to_string(), fold.n_images.to_string(), percent(fold.accuracy)]);
    }
    say(rows)?;
    say(format!(
        "accuracy {} mean, {} standard deviation over {} folds; {} parameters, {} MACs",
        percent(results.mean_accuracy),
        percent(results.standard_deviation),
        results.folds.len(),
        count(results.parameters),
        millions(results.macs)
    ))?;
    if let Some(caveat) = results.split.caveat() {
        say(caveat)?;
    }
    show_confusion(&results.classes, &results.confusion)
}

/// Prints what was taken for what, and each class's recall.
pub(crate) fn show_confusion(classes: &[String], confusion: &Confusion) -> Result<(), Complaint> {
    let header: Vec<&str> =
        ["is \\ taken for"].into_iter().chain(classes.iter().map(String::as_str)).chain(["recall"]).collect();
    let mut rows = table(&header, 1);
    for ((class, counts), recall) in classes.iter().zip(&confusion.0).zip(confusion.recalls()) {
        let cells = counts.iter().map(|count| if *count == 0 { ".".to_owned() } else { count.to_string() });
        let recall = recall.map_or("none".to_owned(), percent);
        rows.add_row([class.clone()].into_iter().chain(cells).chain([recall]));
    }
    say(rows)
}
