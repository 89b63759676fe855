use std::path::PathBuf;

use clap::Args;
use netsynth_files::Shown;
use netsynth_report::audit_table;
use netsynth_run::{Context, RunError, RunEvent, Search, audit};
use netsynth_store::RunFolder;

use crate::arguments::workers::WorkerArguments;
use crate::output::events;
use crate::output::log;
use crate::output::print::{Format, Output, print, print_json};
use crate::output::progress::Progress;
use crate::work::executor::executor;
use crate::{Ending, interrupt, output};

/// Train the finalists of a search from scratch on all folds: how far can its ranking be trusted?
///
/// A search ranks networks by short trainings, often on one fold. The finalists are the members of its front; of a front of more than
/// twelve, twelve from end to end. Each is trained with the plan's recipe for its `final_epochs`, once for every fold: on all others, to be
/// judged on that one. Nobody who is held out is seen, and front and variants stay as they are. What is trained already is kept. A
/// search whose plan has `audit: true` does the same at its end.
///
/// Example: netsynth audit runs/search-001
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of a search that has ended
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
    let workers = arguments.workers.count();
    let folder = RunFolder::resume(&arguments.run)?;
    interrupt::goes_on_with(format!("netsynth audit {}", folder.path().shown()));
    let progress = Progress::new();
    let on_event = |event: RunEvent<'_>| events::show(&progress, event);
    let search = Search::reopened(&folder, workers, arguments.data.as_deref(), &on_event)?;
    let Search { dataset, split, .. } = &search;
    let executor = executor(&arguments.workers, workers, dataset, split, Some(&folder))?;
    let context = Context { executor: &executor, on_event: &on_event, stop: &interrupt::is_asked };
    let found = audit(&search, &folder, &context);
    log::end(&found);
    progress.finish();
    let path = folder.path().shown();
    let found = match found {
        Err(RunError::Stopped) => {
            progress.note(format!("stopped; `netsynth audit {path}` goes on"));
            return Ok(Ending::Stopped);
        }
        found => found?,
    };
    match Output::asked(arguments.format) {
        Output::Tables => {
            output::audit::show(&found)?;
            search.plan.data.split.caveat().map_or(Ok(()), print)?;
        }
        Output::Csv => print(audit_table(&found).csv())?,
        Output::Json => print_json(&found)?,
        Output::Nothing => {}
    }
    progress.note(format!("written to {path}"));
    Ok(Ending::Done)
}
