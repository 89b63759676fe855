use clap::Args;
use netsynth_run::networks::read;
use netsynth_run::{CrossValidation, RunError};
use netsynth_train::Recipe;

use crate::progress::Progress;
use crate::search_results::Output;
use crate::training::{Options, train_on_folds, train_plan};
use crate::workers::worker_count;
use crate::{Ending, events, interrupt};

/// Train one network on subject-wise folds and judge it on each.
///
/// A fold is written as soon as it is trained: `netsynth resume` goes on with what is left.
///
/// Example: netsynth train nano-b --data faces --folds 10 --epochs 60
#[derive(Args)]
pub(crate) struct Arguments {
    /// An architecture file, or a built-in name: resnet20, nano-b, nano-a-class, resnet50, mobilenet-v1,
    /// efficientnet-b0, micro-exp-net
    architecture: String,
    /// Epochs of each training
    #[arg(long, default_value_t = 60)]
    epochs: usize,
    #[command(flatten)]
    options: Options,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let Arguments { architecture, epochs, options, json } = arguments;
    let workers = worker_count(options.workers)?;
    let source = read(architecture)?;
    let plan = train_plan(&source, options, Recipe::strong(), *epochs, 1)?;
    let progress = Progress::new();
    let training = CrossValidation::new(&source, plan, &|event| events::show(&progress, event))?;
    let folder = training.begin(options.name.as_deref())?;
    interrupt::listen()?;
    train_on_folds(&training, &folder, workers, Output::asked(*json), &progress)
}
