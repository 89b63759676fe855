use std::path::{Path, PathBuf};

use clap::Args;
use netsynth_files::Shown;
use netsynth_run::{Context, Plan, RunError, Search, Standing, standing};
use netsynth_search::{Count, StopReason};
use netsynth_store::{NewRun, RunFolder};

use crate::Ending;
use crate::arguments::count::counted;
use crate::arguments::workers::worker_count;
use crate::output::events;
use crate::output::print::print;
use crate::output::progress::{Progress, print_line};
use crate::work::executor::threads;

/// Ask a search for candidates that somebody else trains.
///
/// Prints a line of JSON for each: its trial and rung, how long to train and on how many folds, and the network. `netsynth tell` takes what
/// came of it. Nobody is given the same twice unless `--again` says so. The run's folder is that of a search which trains itself; a
/// plan with `evaluator: Told` says that nobody else does.
///
/// Exit code 0 with candidates, or when the search has ended; 1 when all that is waited for is handed out.
///
/// Example: netsynth ask runs/mine --plan plan.ron --n 4
#[derive(Args)]
pub(crate) struct Arguments {
    /// The run's folder; it is begun if it is not there and a plan is given
    run: PathBuf,
    /// The plan to begin with
    #[arg(long)]
    plan: Option<PathBuf>,
    /// How many candidates, at most
    #[arg(long, default_value_t = 1, value_parser = counted(Count::GENERATION))]
    n: usize,
    /// Hand out candidates again whose results were not told
    #[arg(long)]
    again: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let progress = Progress::new();
    let on_event = |event: netsynth_run::RunEvent<'_>| events::show(&progress, event);
    let (search, folder) = match &arguments.plan {
        Some(path) if !arguments.run.exists() => begun(arguments, path)?,
        _ => {
            let folder = RunFolder::resume(&arguments.run)?;
            (Search::reopened(&folder, worker_count(Some(1)), None, &|_| {})?, folder)
        }
    };
    let executor = threads(&search.dataset, &search.split, search.n_workers);
    let context = Context { executor: &executor, on_event: &on_event, stop: &|| false };
    let waits = match standing(&search, &folder, &context)? {
        Standing::Ended(reason) => {
            ended(&search, &folder, reason);
            return Ok(Ending::Done);
        }
        Standing::Waits(waits) => waits,
    };
    let mut n_printed = 0;
    for asked in &waits {
        if n_printed == arguments.n {
            break;
        }
        if asked.hand_out(&folder)? || arguments.again {
            print(serde_json::to_string(asked).unwrap_or_default())?;
            n_printed += 1;
        }
    }
    if n_printed > 0 {
        return Ok(Ending::Done);
    }
    print_line(format!("{} candidates are handed out, and their results are waited for", waits.len()));
    Ok(Ending::Missed)
}

fn begun(arguments: &Arguments, path: &Path) -> Result<(Search, RunFolder), RunError> {
    let in_its_file = |error: RunError| error.within(&path.shown());
    let plan = Plan::read(path)?;
    plan.check().and_then(|()| plan.check_driven()).map_err(in_its_file)?;
    let search = Search::new(plan, worker_count(Some(1)), &|_| {}).map_err(in_its_file)?;
    let folder = search.begin(&NewRun::At(arguments.run.clone()))?;
    Ok((search, folder))
}

/// Says that there are no more candidates, and what is left to do.
pub(crate) fn ended(search: &Search, folder: &RunFolder, reason: StopReason) {
    let path = folder.path().shown();
    let reason = match reason {
        StopReason::Trials => "the plan's trials are made",
        StopReason::Space => "the space has no other network",
        StopReason::Epochs => "the plan's epochs are spent",
        StopReason::Macs => "the plan's multiply-accumulates are spent",
        StopReason::WallClock => "the plan's time is spent",
        StopReason::Failures => "too many trials failed one after the other",
        StopReason::Asked => "it was stopped",
    };
    if search.plan.evaluator.is_netsynth() {
        print_line(format!("the search has ended ({reason}): `netsynth resume {path}` trains its variants"));
    } else {
        print_line(format!("the search has ended ({reason}): `netsynth front show {path}` shows its front"));
    }
}
