use std::path::PathBuf;

use clap::Args;
use netsynth_files::Shown;
use netsynth_run::{CrossValidation, RunError, Search};
use netsynth_store::{RunFolder, RunKind};

use crate::arguments::workers::WorkerArguments;
use crate::output::events;
use crate::output::print::{Format, Output};
use crate::output::progress::Progress;
use crate::work::search::work_on;
use crate::work::training::train_on_folds;
use crate::{Ending, interrupt};

/// Go on with a search or a training that was stopped, killed or cut off.
///
/// What was trained is kept; the end is the same, byte for byte on the CPU, as if nothing had happened. Run it in the
/// folder where the run was begun, if its plan names a data folder by a relative path, or say with `--data` where the data are now.
///
/// Example: netsynth resume runs/search-001
#[derive(Args)]
pub(crate) struct Arguments {
    /// The run's folder
    run: PathBuf,
    #[command(flatten)]
    workers: WorkerArguments,
    /// Where the run's data are now, if they were moved
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    interrupt::listen()?;
    let workers = &arguments.workers;
    let folder = RunFolder::resume(&arguments.run)?;
    interrupt::goes_on_with(format!("netsynth resume {}", folder.path().shown()));
    let progress = Progress::new();
    let on_event = |event: netsynth_run::RunEvent<'_>| events::show(&progress, event);
    let data = arguments.data.as_deref();
    let output = Output::asked(arguments.format);
    match folder.kind()? {
        RunKind::Training => {
            let training = CrossValidation::reopened(&folder, data, &on_event)?;
            train_on_folds(&training, &folder, workers, output, &progress)
        }
        // Anything else but a search is refused there.
        RunKind::Search | RunKind::Comparison => {
            let search = Search::reopened(&folder, workers.count(), data, &on_event)?;
            work_on(&search, &folder, workers, output, &progress)
        }
    }
}
