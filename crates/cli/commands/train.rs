use clap::Args;
use netsynth_graph::schema;
use netsynth_run::networks::read;
use netsynth_run::{CrossValidation, RunError};
use netsynth_search::Count;
use netsynth_train::Recipe;

use crate::arguments::count::counted;
use crate::arguments::training::TrainingArguments;
use crate::output::events;
use crate::output::print::{Format, Output, print};
use crate::output::progress::Progress;
use crate::work::training::train_on_folds;
use crate::{Ending, interrupt};

/// Epochs of each training, if none are asked for.
const N_EPOCHS: usize = 60;

/// Train one network on subject-wise folds and judge it on each.
///
/// A fold is written as soon as it is trained: `netsynth resume` goes on with what is left.
///
/// Example: netsynth train nano-b --data faces --folds 10 --epochs 60
#[derive(Args)]
pub(crate) struct Arguments {
    /// An architecture file, or a built-in name: resnet20, nano-b, nano-a-class, resnet8, ds-cnn, resnet50, mobilenet-v1,
    /// efficientnet-b0, micro-exp-net
    architecture: String,
    /// Epochs of each training; 60 if not given
    #[arg(long, value_parser = counted(Count::EPOCHS))]
    epochs: Option<usize>,
    #[command(flatten)]
    training: TrainingArguments,
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    interrupt::listen()?;
    let Arguments { architecture, epochs, training: options, format } = arguments;
    let source = read(architecture)?;
    let plan = options.plan(&source, Recipe::strong(), epochs.unwrap_or(N_EPOCHS), 1)?;
    plan.check()?;
    if options.dry_run {
        print(schema::to_ron(&plan).trim_end())?;
        return Ok(Ending::Done);
    }
    let progress = Progress::new();
    let training = CrossValidation::new(&source, plan, &|event| events::show(&progress, event))?;
    let folder = training.begin(options.name.as_deref())?;
    train_on_folds(&training, &folder, &options.workers, Output::asked(*format), &progress)
}
