use clap::Args;
use netsynth_train::Recipe;

use crate::complaint::Complaint;
use crate::networks::read;
use crate::results::Results;
use crate::training::{OnFolds, Options};
use crate::words::say_json;
use crate::workers::worker_count;
use crate::{Ending, interrupt};

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

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let Arguments { architecture, epochs, options, json } = arguments;
    let workers = worker_count(options.workers)?;
    let training = OnFolds::asked(read(architecture)?, options, Recipe::strong(), *epochs, 1)?;
    let folder = training.begin(options.name.as_deref())?;
    interrupt::listen()?;
    told(training.work(&folder, workers)?.as_ref(), *json)
}

/// Prints what came of a training, unless it was stopped.
pub(crate) fn told(results: Option<&Results>, as_json: bool) -> Result<Ending, Complaint> {
    let Some(results) = results else { return Ok(Ending::Stopped) };
    if as_json {
        say_json(results)?;
    } else {
        results.show()?;
    }
    Ok(Ending::Done)
}
