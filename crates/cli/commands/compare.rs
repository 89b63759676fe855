use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use netsynth_files::Shown;
use netsynth_graph::schema::{SCHEMA, to_ron};
use netsynth_run::{
    Comparison, ComparisonJob, ComparisonPlan, Context, Plan, Provenance as TrainingProvenance, Remembered,
    RunError, Search, check_path, compare_by_training, compare_on_table, judge_from_scratch,
};
use netsynth_search::{
    Count, Curve, Indicator, Limits, Metric, Objective, Performance, Prior, Rung, Scale, SearchPlan,
    StrategyKind, Table,
};
use netsynth_store::{Attempts, Entry, NewRun, RunKind, read_text, sha256};
use serde::Serialize;

use crate::arguments::bounds::{Bounds, read_bounds, read_objective};
use crate::arguments::count::{counted, share};
use crate::arguments::seeds::{Seeds, seeds};
use crate::arguments::simulation::Simulation;
use crate::arguments::strategy::strategy;
use crate::arguments::workers::worker_count;
use crate::commands::comparison::{Judged, csv, drawn, show, summary, table};
use crate::commands::simulation;
use crate::output::events;
use crate::output::print::{Format, print, print_json};
use crate::output::progress::{Progress, print_line};
use crate::work::executor::threads;
use crate::{Ending, interrupt};

/// Hold search strategies against each other on a benchmark or by training
///
/// All have the same evaluator and the same budget, for several seeds. On a table of known results nothing is trained; with a plan every evaluation is a real training. Printed are means
/// over the seeds with their 95 % intervals (Student's t). Hypervolume is a share of that of the table's own front, or,
/// with a plan, of the front of all runs together.
///
/// Example: netsynth compare --table nas-bench-macro_cifar10.json --seeds 1..30 --evaluations 300
///
/// With --audit the networks of all fronts are trained from scratch on all folds at the end, for as long as the plan's final training
/// is, and the strategies are compared by that too: a run's own numbers are of one fold, and of the networks that chance favoured.
///
/// Trainings are kept until the comparison is written: after a Ctrl-C or a kill the same command goes on.
///
/// Example: netsynth compare --plan plan.ron --strategies synthesis,nsga2 --seeds 1..5 --audit
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// A benchmark of known results, as NAS-Bench-Macro publishes its JSON
    #[arg(long, required_unless_present = "plan", conflicts_with = "plan")]
    table: Option<PathBuf>,
    /// A plan whose trainings are the evaluator, such as runs/search-001/plan.ron
    #[arg(long)]
    plan: Option<PathBuf>,
    /// Who is compared; all if not given
    #[arg(long, value_delimiter = ',', value_parser = strategy())]
    strategies: Vec<StrategyKind>,
    /// Seeds of the runs: a number, or the first and the last; 1..10 if not given
    #[arg(long, value_parser = seeds)]
    seeds: Option<Seeds>,
    /// How many networks each run may evaluate; the plan's trials, or 100, if not given
    #[arg(long, value_parser = counted(Count::TRIALS))]
    evaluations: Option<usize>,
    /// After how many evaluations to report; four steps if not given
    #[arg(long, value_delimiter = ',', value_parser = counted(Count::TRIALS))]
    at: Vec<usize>,
    /// The axes of the front on a table, by the names of metrics; accuracy,parameters if not given
    #[arg(long, value_delimiter = ',', value_parser = read_objective, conflicts_with = "plan")]
    objectives: Vec<Objective>,
    /// A bound that networks of a table must keep, such as parameters<=150k or "accuracy >= 90 %"
    #[arg(long, value_parser = read_bounds, conflicts_with = "plan")]
    indicator: Vec<Bounds>,
    /// Evaluations proposed before any is observed; 1 on a table, the plan's generation otherwise
    #[arg(long, value_parser = counted(Count::GENERATION))]
    generation_size: Option<usize>,
    /// The accuracy, or first measured objective, whose evaluations are counted, as a share; the best that every strategy reached if not given
    #[arg(long, value_parser = share)]
    target: Option<f64>,
    /// Train the networks of all fronts from scratch on all folds at the end, and compare the strategies by that too
    #[arg(long, conflicts_with = "table")]
    audit: bool,
    /// Simulate workers instead, on a table: how many hours searches take by a simulated clock, by generations and without, such as
    /// workers=1000,failures=1%/h,train=1h,slowest=3,hypervolume=99%. Failures are workers lost in an hour of work; train is the mean
    /// training of a table without `train_secs`, in proportion to multiply-accumulates; slowest is how many times as long the slowest
    /// worker takes. May be repeated; as many candidates are proposed at a time as there are workers. Nothing is written
    #[arg(long, value_name = "WORKERS", conflicts_with_all = ["plan", "audit", "at", "target", "name"])]
    simulate: Vec<Simulation>,
    /// Runs side by side; all cores if not given. Changes no result
    #[arg(long, value_parser = counted(Count::WORKERS))]
    workers: Option<usize>,
    /// The name under runs/; compare-001 and so on if not given
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct Provenance {
    schema: u32,
    netsynth: &'static str,
    target: String,
    lists_contents: bool,
}

/// What came of all jobs.
struct Found {
    comparison: Comparison,
    from_scratch: Option<Judged>,
    /// The trainings that it follows from, until it is written.
    kept: Option<Attempts>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    interrupt::listen()?;
    let run = NewRun::named(Path::new("runs"), arguments.name.as_deref(), "compare")?;
    [&arguments.table, &arguments.plan].into_iter().flatten().try_for_each(|given| check_path(given))?;
    let workers = worker_count(arguments.workers);
    let range = arguments.seeds.unwrap_or(Seeds { first: 1, last: 10 });
    let strategies: Vec<StrategyKind> = if arguments.strategies.is_empty() {
        StrategyKind::ALL.to_vec()
    } else {
        arguments.strategies.clone()
    };
    let jobs: Vec<ComparisonJob> = strategies
        .iter()
        .flat_map(|&strategy| (range.first..=range.last).map(move |seed| ComparisonJob { strategy, seed }))
        .collect();
    if let ([_, ..], Some(path)) = (arguments.simulate.as_slice(), &arguments.table) {
        let (known, text) = known(path)?;
        let (plan, seeds) = (table_plan(arguments, &known), range.first..=range.last);
        plan.check()?;
        let simulations = &arguments.simulate;
        simulation::show((&known, &text), &plan, &strategies, seeds, simulations, arguments.format)?;
        return Ok(Ending::Done);
    }
    let progress = Progress::new();
    let Found { comparison, from_scratch, kept } = match (&arguments.table, &arguments.plan) {
        (Some(path), _) => {
            let comparison = on_table(path, arguments, &jobs, workers, &progress)?;
            Found { comparison, from_scratch: None, kept: None }
        }
        (None, Some(path)) => by_training(path, arguments, &strategies, &jobs, workers, &progress)?,
        (None, None) => return Err(RunError::new("nothing to compare on", "give --table or --plan")),
    };
    progress.finish();
    let Comparison { plan, runs, known } = comparison;
    let forget = || kept.iter().for_each(Attempts::end);
    let metrics = known.unwrap_or_else(|| {
        let completed = runs.iter().flatten();
        completed.filter_map(|trial| trial.outcome(&plan.indicator, plan.rungs.len()).feasible()).collect()
    });
    let Some(scale) = Scale::of(&metrics, &plan.objectives, &plan.indicator) else {
        forget();
        print("Nothing is feasible: no network of any run met the indicator.")?;
        return Ok(Ending::Missed);
    };
    let curves: Vec<Curve> = runs.iter().map(|trials| Curve::of(trials, &plan, &scale)).collect();
    let summary = summary(&arguments.at, arguments.target, &plan, &strategies, &jobs, &curves, from_scratch);

    let file = ComparisonPlan {
        schema: SCHEMA,
        kind: RunKind::Comparison,
        table: arguments.table.clone(),
        plan: arguments.plan.clone(),
        strategies: strategies.clone(),
        seeds: (range.first, range.last),
        search: plan.clone(),
    };
    let provenance = Provenance {
        schema: SCHEMA,
        netsynth: env!("CARGO_PKG_VERSION"),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        lists_contents: true,
    };
    // The plan comes last: a comparison that is cut off before it is none, and begins again.
    let folder = run.begin()?;
    folder.write_document(Entry::Provenance, &provenance)?;
    folder.write_document(Entry::Summary, &summary)?;
    folder.write_file(Entry::Curves, csv(plan.quality(), &jobs, &curves).as_bytes())?;
    folder.write_file(Entry::CurvesDrawing, drawn(plan.quality(), &strategies, &jobs, &curves).as_bytes())?;
    folder.commit_whole(&file)?;
    forget();
    match arguments.format {
        Format { json: true, .. } => print_json(&summary)?,
        Format { csv: true, .. } => print(table(&summary).csv())?,
        Format { csv: false, json: false } => show(&summary)?,
    }
    print_line(format!("written to {}", folder.path().shown()));
    Ok(Ending::Done)
}

/// Runs every job on a table of known results.
fn on_table(
    path: &Path,
    arguments: &Arguments,
    jobs: &[ComparisonJob],
    workers: NonZeroUsize,
    progress: &Progress,
) -> Result<Comparison, RunError> {
    let (known, _) = known(path)?;
    let plan = table_plan(arguments, &known);
    let on_event = |event: netsynth_run::RunEvent<'_>| events::show(progress, event);
    plan.check()?;
    compare_on_table(&known, plan, jobs, workers, &on_event, &interrupt::is_asked)
        .map_err(|error| error.or_at(path.shown()))
}

/// A table of known results, and its text.
fn known(path: &Path) -> Result<(Table, String), RunError> {
    let text = read_text(path)
        .map_err(|error| RunError::new(error.reason, "give a JSON file of known results").at(error.path))?;
    let name = path.file_stem().map_or("table".into(), |stem| stem.to_string_lossy().into_owned());
    Ok((Table::from_json(&name, &text).map_err(RunError::about(path))?, text))
}

/// The plan of all searches on a table, but for strategy and seed.
fn table_plan(arguments: &Arguments, known: &Table) -> SearchPlan {
    let objectives = match arguments.objectives.as_slice() {
        [] => vec![Objective::of(Metric::Accuracy), Objective::of(Metric::Parameters)],
        asked => asked.to_vec(),
    };
    SearchPlan {
        seed: 0,
        n_trials: arguments.evaluations.unwrap_or(100).min(known.len()),
        generation_size: arguments.generation_size.unwrap_or(1),
        strategy: StrategyKind::Random,
        indicator: Indicator {
            constraints: arguments.indicator.iter().flat_map(|bounds| bounds.0.clone()).collect(),
        },
        performance: Performance::default(),
        objectives,
        rungs: vec![Rung { epochs: 1, macs: None, folds: 1, keep: 1.0 }],
        pruning: None,
        screening: None,
        asynchronous: false,
        prior: Some(Prior::default()),
        limits: Limits::default(),
    }
}

/// Runs every job of a plan by training, and judges what they found from scratch if that is asked for.
fn by_training(
    path: &Path,
    arguments: &Arguments,
    strategies: &[StrategyKind],
    jobs: &[ComparisonJob],
    workers: NonZeroUsize,
    progress: &Progress,
) -> Result<Found, RunError> {
    let mut plan = Plan::read(path)?;
    plan.search.n_trials = arguments.evaluations.unwrap_or(plan.search.n_trials);
    plan.search.generation_size = arguments.generation_size.unwrap_or(plan.search.generation_size);
    let in_its_file = |error: RunError| error.within(&path.shown());
    plan.check().map_err(in_its_file)?;
    let on_event = |event: netsynth_run::RunEvent<'_>| events::show(progress, event);
    let search = Search::new(plan, workers, &on_event).map_err(in_its_file)?;
    let kept = kept(&search, jobs)?;
    if !kept.tasks().is_empty() {
        progress.note("goes on with what was trained before");
    }
    let executor = threads(&search.dataset, &search.split, workers);
    let executor = Remembered::new(&executor, kept.clone());
    let context = Context { executor: &executor, on_event: &on_event, stop: &interrupt::is_asked };
    let found = compare_by_training(&search, jobs, &context).and_then(|comparison| {
        let finalists = match arguments.audit {
            true => Some(judge_from_scratch(&search, &comparison.runs, &context)?),
            false => None,
        };
        Ok((comparison, finalists))
    });
    let (comparison, finalists) = found.inspect_err(|error| {
        if matches!(error, RunError::Stopped) {
            progress.note("stopped; the same command goes on with what was trained");
        }
    })?;
    let from_scratch = finalists.and_then(|finalists| {
        let judged = Judged::of(&finalists, &search.plan, strategies, jobs);
        if judged.is_none() {
            progress.note("no network that was trained from scratch on all folds meets the indicator");
        }
        judged
    });
    Ok(Found { comparison, from_scratch, kept: Some(kept) })
}

/// Where the trainings of a comparison are kept until it is written: another place for whatever makes others of them.
fn kept(search: &Search, jobs: &[ComparisonJob]) -> Result<Attempts, RunError> {
    let provenance = TrainingProvenance::new(&search.dataset, search.plan.device)?;
    let parts = [to_ron(&provenance), to_ron(&search.plan), to_ron(&jobs)];
    Ok(Attempts::at(Path::new("runs").join(format!(".compare-{}", &sha256(parts.concat())[..12]))))
}
