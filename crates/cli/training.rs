//! A network trained and judged on folds, as a command asks for it.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use clap::Args;
use netsynth_graph::schema::SCHEMA;
use netsynth_run::networks::{Source, architecture};
use netsynth_run::{
    Context, CrossValidation, DataPlan, DataSource, LocalThreads, Results, RunError, RunEvent, RunWeights,
    TaskId, TrainPlan, cross_validate,
};
use netsynth_store::RunFolder;
use netsynth_train::{Device, Recipe};

use crate::data::ReadOptions;
use crate::progress::Progress;
use crate::recipes::RecipeOptions;
use crate::search_results::Output;
use crate::words::say_json;
use crate::{Ending, events, interrupt, results};

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

/// The plan that the options ask for.
pub(crate) fn train_plan(
    source: &Source,
    options: &Options,
    default_recipe: Recipe,
    epochs: usize,
    n_seeds: usize,
) -> Result<TrainPlan, RunError> {
    let (spec, graph) = architecture(source)?;
    let input = graph.input();
    let n_folds = options.reading.n_folds(options.folds);
    Ok(TrainPlan {
        schema: SCHEMA,
        architecture: spec,
        data: DataPlan {
            source: DataSource::Folder(options.data.clone()),
            options: options.reading.sized(input.height, input.width)?,
            split: options.reading.split(),
            n_folds,
            held_out: 0.0,
        },
        n_trained_folds: options.only.unwrap_or(n_folds).min(n_folds),
        epochs,
        recipe: options.recipe.or(default_recipe)?,
        seed: options.seed,
        n_seeds,
        start: options.start.clone(),
        device: Device::Flex,
    })
}

/// Trains what is left to train on this process' threads, and prints what came of it.
pub(crate) fn train_on_folds(
    training: &CrossValidation,
    folder: &RunFolder,
    workers: NonZeroUsize,
    output: Output,
    progress: &Progress,
) -> Result<Ending, RunError> {
    let Some(results) = trained(training, folder, workers, progress)? else { return Ok(Ending::Stopped) };
    match output {
        Output::Tables => results::show(&results)?,
        Output::Json => say_json(&results)?,
        Output::Nothing => {}
    }
    Ok(Ending::Done)
}

/// The same without printing; nothing comes back if it was asked to stop.
pub(crate) fn trained(
    training: &CrossValidation,
    folder: &RunFolder,
    workers: NonZeroUsize,
    progress: &Progress,
) -> Result<Option<Results>, RunError> {
    let weights = RunWeights::new(folder);
    let CrossValidation { dataset, split, .. } = training;
    let executor = LocalThreads { dataset, split, weights: &weights, n_workers: workers };
    let done: Mutex<Vec<TaskId>> = Mutex::default();
    let on_event = |event: RunEvent<'_>| {
        if let (RunEvent::Answered { task, .. }, Ok(mut done)) = (&event, done.lock()) {
            done.push((*task).clone());
        }
        events::show(progress, event);
    };
    let begun = Instant::now();
    let context = Context { executor: &executor, on_event: &on_event, stop: &interrupt::is_asked };
    let results = cross_validate(training, folder, &context);
    progress.finish();
    let path = folder.path().display();
    match results {
        Err(RunError::Stopped) => {
            progress.note(format!("stopped; `netsynth resume {path}` goes on"));
            Ok(None)
        }
        Err(error) => Err(error),
        Ok(results) => {
            let secs = begun.elapsed().as_secs_f64();
            let n_images = done.lock().map_or(0, |done| training.n_images(&done));
            let speed = match n_images {
                0 => String::new(),
                n_images => {
                    let rate = n_images as f64 / secs;
                    format!("{secs:.1} s, {rate:.0} training images/s on {workers} cores; ")
                }
            };
            progress.note(format!("{speed}written to {path}"));
            Ok(Some(results))
        }
    }
}
