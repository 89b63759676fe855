use std::path::Path;
use std::time::Duration;

use clap::Args;
use netsynth_graph::schema;
use netsynth_run::{RunError, Search, Trainer};
use netsynth_store::NewRun;

use crate::arguments::search::SearchArguments;
use crate::arguments::workers::WorkerArguments;
use crate::output::events;
use crate::output::print::{Format, Output, print};
use crate::output::progress::Progress;
use crate::work::search::{limit_to, work_on};
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
    /// How long the search may take, variants and audit with it, such as 30m or 2h: the speed of this machine is measured, and
    /// the plan gets what that pays for in multiply-accumulates, so that it repeats anywhere
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, conflicts_with = "trials")]
    budget: Option<Duration>,
    /// Print the plan that would be followed, and train nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    workers: WorkerArguments,
    /// The run's name under runs/; search-001 and so on if not given
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    interrupt::listen()?;
    let workers = arguments.workers.count();
    let plan = arguments.plan.plan(workers)?;
    if arguments.dry_run && arguments.budget.is_none() {
        print(schema::to_ron(&plan).trim_end())?;
        return Ok(Ending::Done);
    }
    if plan.evaluator == Trainer::Told {
        let remedy = "begin with `netsynth ask runs/NAME --plan PLAN`, or name who trains";
        let error = RunError::new("its `evaluator` is Told, so nobody trains here", remedy);
        return Err(arguments.plan.in_its_file(error));
    }
    let run = NewRun::named(Path::new("runs"), arguments.name.as_deref(), "search")?;
    let progress = Progress::new();
    let mut search = Search::new(plan, workers, &|event| events::show(&progress, event))
        .map_err(|error| arguments.plan.in_its_file(error))?;
    if let Some(time) = arguments.budget {
        limit_to(&mut search, time, 0, 1, &progress)?;
    }
    if arguments.dry_run {
        print(schema::to_ron(&search.plan).trim_end())?;
        return Ok(Ending::Done);
    }
    let folder = search.begin(&run)?;
    work_on(&search, &folder, &arguments.workers, Output::asked(arguments.format), &progress)
}
