use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Args, ValueEnum};
use netsynth_graph::schema::SCHEMA;
use netsynth_search::{
    Curve, Evaluator, Indicator, Limits, Metrics, Objective, Performance, Problem, Rung, Scale, SearchPlan,
    StrategyKind, Table, Trial, run as search, side_by_side,
};
use netsynth_space::Space;
use netsynth_store::RunFolder;
use netsynth_train::{Deployed, InMemory, Inheritance, Lineage, Stimulus, TrainEvaluator};
use serde::Serialize;

use crate::Ending;
use crate::bounds::{Bounds, read_bounds, read_objective};
use crate::comparison::{Job, csv, drawn, show, summary};
use crate::complaint::Complaint;
use crate::networks::{adapted, input_of, read, space, space_specs};
use crate::plan::Plan;
use crate::progress::say_line;
use crate::seeds::{Seeds, seeds};
use crate::words::{percent, say, say_json};
use crate::workers::worker_count;

/// Hold search strategies against each other on a benchmark or by training
///
/// All have the same evaluator and the same budget, for several seeds. On a table of known results nothing is trained; with a plan every evaluation is a real training. Printed are means
/// over the seeds with their 95 % intervals (Student's t). Hypervolume is a share of that of the table's own front, or,
/// with a plan, of the front of all runs together.
///
/// Example: netsynth compare --table nas-bench-macro_cifar10.json --seeds 1..30 --evaluations 300
///
/// Example: netsynth compare --plan plan.ron --strategies synthesis,nsga2 --seeds 1..5
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
    #[arg(long, value_delimiter = ',')]
    strategies: Vec<StrategyName>,
    /// Seeds of the runs: a number, or the first and the last
    #[arg(long, default_value = "1..10", value_parser = seeds)]
    seeds: Seeds,
    /// How many networks each run may evaluate; the plan's trials, or 100, if not given
    #[arg(long)]
    evaluations: Option<usize>,
    /// After how many evaluations to report; four steps if not given
    #[arg(long, value_delimiter = ',')]
    at: Vec<usize>,
    /// The axes of the front on a table, by the names of metrics
    #[arg(long, value_delimiter = ',', default_value = "accuracy,parameters", value_parser = read_objective, conflicts_with = "plan")]
    objectives: Vec<Objective>,
    /// A bound that networks of a table must keep, such as parameters<=150k or "accuracy >= 90 %"
    #[arg(long, value_parser = read_bounds, conflicts_with = "plan")]
    indicator: Vec<Bounds>,
    /// Evaluations proposed before any is observed; 1 on a table, the plan's generation otherwise
    #[arg(long)]
    generation_size: Option<usize>,
    /// The accuracy, or the first measured objective, whose evaluations are counted, as a share; the best that every strategy reached if not given
    #[arg(long)]
    target: Option<f64>,
    /// Runs side by side; all cores if not given. Changes no result
    #[arg(long)]
    workers: Option<usize>,
    /// The name under runs/; compare-001 and so on if not given
    #[arg(long)]
    name: Option<String>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// A strategy as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StrategyName {
    Synthesis,
    Unadvised,
    Evolution,
    LocalSearch,
    Nsga2,
    Random,
}

impl StrategyName {
    fn kind(self) -> StrategyKind {
        match self {
            StrategyName::Synthesis => StrategyKind::Synthesis,
            StrategyName::Unadvised => StrategyKind::Unadvised,
            StrategyName::Evolution => StrategyKind::Evolution,
            StrategyName::LocalSearch => StrategyKind::LocalSearch,
            StrategyName::Nsga2 => StrategyKind::Nsga2,
            StrategyName::Random => StrategyKind::Random,
        }
    }
}

/// What was compared: enough to do it again.
#[derive(Debug, Serialize)]
struct ComparisonFile {
    schema: u32,
    table: Option<PathBuf>,
    plan: Option<PathBuf>,
    strategies: Vec<StrategyKind>,
    seeds: (u64, u64),
    search: SearchPlan,
}

#[derive(Debug, Serialize)]
struct Provenance {
    schema: u32,
    netsynth: &'static str,
    target: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let path = RunFolder::free_path(Path::new("runs"), arguments.name.as_deref(), "compare")?;
    let workers = worker_count(arguments.workers)?;
    let strategies: Vec<StrategyKind> = if arguments.strategies.is_empty() {
        StrategyKind::ALL.to_vec()
    } else {
        arguments.strategies.iter().map(|name| name.kind()).collect()
    };
    let jobs: Vec<Job> = strategies
        .iter()
        .flat_map(|&strategy| {
            (arguments.seeds.first..=arguments.seeds.last).map(move |seed| Job { strategy, seed })
        })
        .collect();
    let (plan, runs, known) = match (&arguments.table, &arguments.plan) {
        (Some(path), _) => on_table(path, arguments, &jobs, workers)?,
        (None, Some(path)) => by_training(path, arguments, &jobs, workers)?,
        (None, None) => return Err(Complaint::new("nothing to compare on", "give --table or --plan")),
    };
    let metrics = known.unwrap_or_else(|| {
        let completed = runs.iter().flatten();
        completed.filter_map(|trial| trial.outcome(&plan.indicator, plan.rungs.len()).feasible()).collect()
    });
    let Some(scale) = Scale::of(&metrics, &plan.objectives, &plan.indicator) else {
        say("Nothing is feasible: no network of any run met the indicator.")?;
        return Ok(Ending::Missed);
    };
    let curves: Vec<Curve> = runs.iter().map(|trials| Curve::of(trials, &plan, &scale)).collect();
    let summary = summary(&arguments.at, arguments.target, &plan, &strategies, &jobs, &curves);

    let file = ComparisonFile {
        schema: SCHEMA,
        table: arguments.table.clone(),
        plan: arguments.plan.clone(),
        strategies: strategies.clone(),
        seeds: (arguments.seeds.first, arguments.seeds.last),
        search: plan.clone(),
    };
    let provenance = Provenance {
        schema: SCHEMA,
        netsynth: env!("CARGO_PKG_VERSION"),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
    };
    let folder = RunFolder::create(&path, &file, &provenance)?;
    folder.write_document("summary.ron", &summary)?;
    folder.write_file("curves.csv", csv(plan.quality(), &jobs, &curves).as_bytes())?;
    folder.write_file("curves.svg", drawn(plan.quality(), &strategies, &jobs, &curves).as_bytes())?;
    if arguments.json {
        say_json(&summary)?;
    } else {
        show(&summary)?;
    }
    say_line(format!("written to {}", folder.path().display()));
    Ok(Ending::Done)
}

type Runs = (SearchPlan, Vec<Vec<Trial>>, Option<Vec<Metrics>>);

/// Runs every job on a table of known results.
fn on_table(
    path: &Path,
    arguments: &Arguments,
    jobs: &[Job],
    workers: NonZeroUsize,
) -> Result<Runs, Complaint> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Complaint::new(error.to_string(), "give a JSON file of known results").at(path.display().to_string())
    })?;
    let name = path.file_stem().map_or("table".into(), |stem| stem.to_string_lossy().into_owned());
    let known = Table::from_json(&name, &text).map_err(Complaint::about(path))?;
    let plan = SearchPlan {
        seed: 0,
        n_trials: arguments.evaluations.unwrap_or(100).min(known.len()),
        generation_size: arguments.generation_size.unwrap_or(1),
        strategy: StrategyKind::Random,
        indicator: Indicator {
            constraints: arguments.indicator.iter().flat_map(|bounds| bounds.0.clone()).collect(),
        },
        performance: Performance::default(),
        objectives: arguments.objectives.clone(),
        rungs: vec![Rung { epochs: 1, folds: 1, keep: 1.0 }],
        pruning: None,
        screening: None,
        limits: Limits::default(),
    };
    plan.check()?;
    let bounded = plan.indicator.constraints.iter().map(|constraint| constraint.metric());
    let mut asked = plan.objectives.iter().map(|objective| objective.metric()).chain(bounded);
    if let Some(metric) = asked.find(|metric| !known.knows(*metric)) {
        let remedy = "ask for metrics that it has, with --objectives and --indicator";
        return Err(
            Complaint::new(format!("the table has no {metric}"), remedy).at(path.display().to_string())
        );
    }
    let runs = all_runs(&known, &plan, jobs, workers, |_| &known)?;
    Ok((plan, runs, Some(known.metrics().collect())))
}

/// Runs every job of a plan by training.
fn by_training(
    path: &Path,
    arguments: &Arguments,
    jobs: &[Job],
    workers: NonZeroUsize,
) -> Result<Runs, Complaint> {
    let mut plan = Plan::read(path)?;
    plan.search.n_trials = arguments.evaluations.unwrap_or(plan.search.n_trials);
    plan.search.generation_size = arguments.generation_size.unwrap_or(plan.search.generation_size);
    plan.check()?;
    let (space_spec, prototype) = space_specs(&read(&plan.space)?)?;
    let dataset = plan.data.load()?;
    let split = plan.data.split(&dataset)?;
    let prototype = adapted(prototype, input_of(&dataset), dataset.classes.len());
    let space = space(&plan.space, &space_spec, &prototype)?;
    let train = split.train(0);
    let stimuli: Vec<Stimulus> =
        jobs.iter().map(|job| Stimulus::new(&dataset, &train, &plan.recipe, job.seed)).collect();
    let evaluator = |job: usize| TrainEvaluator {
        space: &space,
        dataset: &dataset,
        split: &split,
        recipe: &plan.recipe,
        rungs: &plan.search.rungs,
        stimulus: &stimuli[job],
        seed: jobs[job].seed,
        device: plan.device,
        lineage: None,
        tell: &|_, _, _, _| {},
    };
    let inherited = |inheritance: Inheritance| {
        Ok::<_, Complaint>((
            inheritance.from,
            prototypes(inheritance, plan.n_lines(), jobs, workers, &evaluator)?,
        ))
    };
    let inherited = plan.inheritance.map(inherited).transpose()?;
    let runs = all_runs(&space, &plan.search, jobs, workers, |job| {
        let lineage = inherited.as_ref().map(|(from, prototypes)| Lineage {
            from: *from,
            nursery: Arc::new(InMemory::new(&prototypes[&jobs[job].seed])),
        });
        TrainEvaluator { lineage, ..evaluator(job) }
    })?;
    Ok((plan.search, runs, None))
}

/// The prototype as each seed trains it, on each fold that a rung trains; strategies of one seed share it.
fn prototypes<'a>(
    Inheritance { epochs, .. }: Inheritance,
    n_folds: usize,
    jobs: &[Job],
    workers: NonZeroUsize,
    evaluator: &(impl Fn(usize) -> TrainEvaluator<'a> + Sync),
) -> Result<BTreeMap<u64, Vec<Deployed>>, Complaint> {
    let first_jobs: BTreeMap<u64, usize> =
        jobs.iter().enumerate().rev().map(|(number, job)| (job.seed, number)).collect();
    let places: Vec<(u64, usize, usize)> = first_jobs
        .into_iter()
        .flat_map(|(seed, job)| (0..n_folds).map(move |fold| (seed, job, fold)))
        .collect();
    let trained: Vec<Result<_, Complaint>> = side_by_side(places.len(), workers, |at| {
        let (seed, job, fold) = places[at];
        let report = evaluator(job).train_prototype(epochs, fold, &mut |_| {}).map_err(|reason| {
            let remedy = "lower the recipe's learning_rate, or compare without inheritance";
            Complaint::new(reason, remedy).at(format!("the prototype, seed {seed}, fold {}", fold + 1))
        })?;
        say_line(format!(
            "prototype, seed {seed}, fold {}: {} after {epochs} epochs",
            fold + 1,
            percent(report.confusion.accuracy())
        ));
        Ok((seed, report.network))
    });
    let mut prototypes: BTreeMap<u64, Vec<Deployed>> = BTreeMap::new();
    for outcome in trained {
        let (seed, network) = outcome?;
        prototypes.entry(seed).or_default().push(network);
    }
    Ok(prototypes)
}

/// Every job's trials, some jobs side by side. Each job is a function of its strategy and seed alone.
fn all_runs<E: Evaluator>(
    space: &dyn Space,
    plan: &SearchPlan,
    jobs: &[Job],
    workers: NonZeroUsize,
    evaluator: impl Fn(usize) -> E + Sync,
) -> Result<Vec<Vec<Trial>>, Complaint> {
    // What no strategy could do is told before any of them starts.
    Problem::new(space, plan)?;
    let n_done = AtomicUsize::new(0);
    let runs = side_by_side(jobs.len(), workers, |number| {
        let Job { strategy, seed } = jobs[number];
        let plan = SearchPlan { strategy, seed, ..plan.clone() };
        let found = search(space, &plan, &evaluator(number), NonZeroUsize::MIN, &mut |_| {})?;
        let done = n_done.fetch_add(1, Ordering::Relaxed) + 1;
        say_line(format!("{strategy}, seed {seed}: done ({done} of {})", jobs.len()));
        Ok(found.trials)
    });
    runs.into_iter().collect()
}
