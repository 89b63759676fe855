use std::path::PathBuf;

use clap::Args;
use netsynth_run::{Context, RunError, Search, Standing, ToldFile, tell};
use netsynth_store::RunFolder;

use crate::Ending;
use crate::arguments::workers::worker_count;
use crate::commands::ask::ended;
use crate::output::events;
use crate::output::progress::{Progress, print_line};
use crate::work::executor::threads;

/// Tell a search what came of a candidate that it handed out.
///
/// The file has the measured metrics by name, as {"accuracy": 0.92}; of a rung with several folds {"folds": [{...}, {...}]}; or
/// {"failed": "why"}. After the last result of a generation the next one is proposed, and after the last of all the front is
/// written.
///
/// Example: netsynth tell runs/mine 7 metrics.json
#[derive(Args)]
pub(crate) struct Arguments {
    /// The run's folder
    run: PathBuf,
    /// The trial's number
    trial: usize,
    /// What was measured
    metrics: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let told = ToldFile::read(&arguments.metrics)?;
    let folder = RunFolder::resume(&arguments.run)?;
    let search = Search::reopened(&folder, worker_count(Some(1)), None, &|_| {})?;
    let progress = Progress::new();
    let on_event = |event: netsynth_run::RunEvent<'_>| events::show(&progress, event);
    let executor = threads(&search.dataset, &search.split, search.n_workers);
    let context = Context { executor: &executor, on_event: &on_event, stop: &|| false };
    match tell(&search, &folder, arguments.trial, told, &context)? {
        Standing::Waits(waits) => {
            print_line(format!("trial {} is taken; {} results are waited for", arguments.trial, waits.len()));
        }
        Standing::Ended(reason) => ended(&search, &folder, reason),
    }
    Ok(Ending::Done)
}
