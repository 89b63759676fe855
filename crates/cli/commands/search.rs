use std::path::Path;

use clap::Args;
use netsynth_graph::schema;
use netsynth_run::{RunError, Search};
use netsynth_store::NewRun;

use crate::arguments::search::SearchArguments;
use crate::arguments::workers::worker_count;
use crate::output::events;
use crate::output::print::{Format, Output, print};
use crate::output::progress::Progress;
use crate::work::search::work_on;
use crate::{Ending, interrupt};

/// Search a space for small accurate networks and keep a Pareto front.
///
/// Without options: synthetic faces, the emotionnet space around ResNet-20, a budget of minutes on two cores.
///
/// Example: netsynth search --data CK+ --trials 100 --name faces
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    plan: SearchArguments,
    /// Print the plan that would be followed, and train nothing
    #[arg(long)]
    dry_run: bool,
    /// Trainings side by side, each on one core; all cores if not given. Changes no result
    #[arg(long)]
    workers: Option<usize>,
    /// The run's name under runs/; search-001 and so on if not given
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    interrupt::listen()?;
    let plan = arguments.plan.plan()?;
    if arguments.dry_run {
        print(schema::to_ron(&plan).trim_end())?;
        return Ok(Ending::Done);
    }
    let workers = worker_count(arguments.workers)?;
    let run = NewRun::named(Path::new("runs"), arguments.name.as_deref(), "search")?;
    let progress = Progress::new();
    let search = Search::new(plan, workers, &|event| events::show(&progress, event))?;
    let folder = search.begin(&run)?;
    work_on(&search, &folder, Output::asked(arguments.format), &progress)
}
