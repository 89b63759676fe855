use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use netsynth_files::Shown;
use netsynth_search::{Count, Metric, Metrics, Problem, SearchPlan, StrategyKind, Table, Trial, run};
use netsynth_space::Space;
use netsynth_store::{Entry, Fold, RunFolder, RunKind};
use netsynth_train::Inheritance;
use serde::{Deserialize, Serialize};

use crate::prototypes::{prototype, prototype_task, trained};
use crate::trials::Trials;
use crate::workers::side_by_side;
use crate::{Context, InMemory, Job, OnEvent, Plan, RunError, RunEvent, Search, WeightKey, Weights, do_all};

/// One run of a comparison: a strategy with a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparisonJob {
    /// Who proposes.
    pub strategy: StrategyKind,
    /// The seed of every random draw.
    pub seed: u64,
}

/// What was compared: enough to do it again.
#[derive(Debug, Serialize, Deserialize)]
pub struct ComparisonPlan {
    /// The file format's version.
    pub schema: u32,
    /// What tells it from other plans; earlier versions had none.
    #[serde(default = "comparison")]
    pub kind: RunKind,
    /// The table of known results.
    pub table: Option<PathBuf>,
    /// The plan whose trainings were the evaluator.
    pub plan: Option<PathBuf>,
    /// Who was compared.
    pub strategies: Vec<StrategyKind>,
    /// The first seed and the last.
    pub seeds: (u64, u64),
    /// The plan of all searches, but for strategy and seed.
    pub search: SearchPlan,
}

fn comparison() -> RunKind {
    RunKind::Comparison
}

impl ComparisonPlan {
    /// The plan in a run's folder, held to what one that is given is held to.
    pub(crate) fn of_run(folder: &RunFolder) -> Result<Self, RunError> {
        let plan: Self = folder.plan()?;
        let checked = plan.check();
        checked.map_err(|error| error.at(folder.locate(Entry::Plan).shown()))?;
        Ok(plan)
    }

    fn check(&self) -> Result<(), RunError> {
        let refuse = |reason: &str| Err(RunError::new(reason, "restore it from a copy of the run"));
        let (first, last) = self.seeds;
        if self.strategies.is_empty() {
            return refuse("it names no strategies");
        }
        if self.table.is_some() == self.plan.is_some() {
            return refuse("it names not one table or plan");
        }
        if last < first {
            return refuse("its last seed is before its first");
        }
        Count::SEEDS.check(usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1))?;
        Ok(self.search.check()?)
    }
}

/// What the runs of a comparison found.
#[derive(Debug)]
pub struct Comparison {
    /// The plan of all runs, but for strategy and seed.
    pub plan: SearchPlan,
    /// The trials of each run, in the order of the jobs.
    pub runs: Vec<Vec<Trial>>,
    /// What is known of every network there is, on a table.
    pub known: Option<Vec<Metrics>>,
}

/// Runs every job on a table of known results. Nothing is trained.
pub fn compare_on_table(
    table: &Table,
    plan: SearchPlan,
    jobs: &[ComparisonJob],
    n_workers: NonZeroUsize,
    on_event: &OnEvent<'_>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Comparison, RunError> {
    plan.check()?;
    let bounded = plan.indicator.constraints.iter().map(|constraint| constraint.metric());
    let mut asked = plan.objectives.iter().map(|objective| objective.metric()).chain(bounded);
    if let Some(metric) = asked.find(|metric: &Metric| !table.knows(*metric)) {
        let remedy = "ask for metrics that it has, with --objectives and --indicator";
        return Err(RunError::new(format!("the table has no {metric}"), remedy));
    }
    let runs = all_runs(table, &plan, jobs, n_workers, on_event, stop, |job| {
        Ok(run(&Problem::new(table, job)?, table, &mut |_| Ok(()))?.trials)
    })?;
    Ok(Comparison { plan, runs, known: Some(table.metrics().collect()) })
}

/// Runs every job of a search's plan by training. Runs stand side by side and share the context's executor.
pub fn compare_by_training(
    search: &Search,
    jobs: &[ComparisonJob],
    context: &Context<'_>,
) -> Result<Comparison, RunError> {
    let Search { plan, dataset, space, n_workers, .. } = search;
    let Context { on_event, stop, .. } = *context;
    let weights: PrototypeWeights = match plan.inheritance {
        None => BTreeMap::new(),
        Some(inheritance) => prototypes(search, inheritance, jobs, context)?,
    };
    let spec = prototype(space)?.spec();
    let no_events = |_: RunEvent<'_>| {};
    let runs = all_runs(space, &plan.search, jobs, *n_workers, on_event, stop, |job| {
        let kept = InMemory::default();
        for (fold, bytes) in weights.get(&job.seed).into_iter().flatten() {
            kept.save(WeightKey::Prototype { fold: *fold }, &spec, bytes)?;
        }
        let plan = Plan { search: job.clone(), ..plan.clone() };
        let trials = Trials {
            plan: &plan,
            space,
            data_digest: &dataset.digest,
            weights: &kept,
            context: Context { on_event: &no_events, ..*context },
        };
        Ok(run(&search.problem(job)?, &trials, &mut |_| Ok(()))?.trials)
    })?;
    Ok(Comparison { plan: plan.search.clone(), runs, known: None })
}

/// By seed, the weights of the prototype as it was trained for each fold.
type PrototypeWeights = BTreeMap<u64, Vec<(Fold, Vec<u8>)>>;

/// The weights of the prototype as each seed trains it; strategies of one seed share it.
fn prototypes(
    search: &Search,
    Inheritance { epochs, .. }: Inheritance,
    jobs: &[ComparisonJob],
    context: &Context<'_>,
) -> Result<PrototypeWeights, RunError> {
    let Search { plan, dataset, space, .. } = search;
    let graph = prototype(space)?;
    let mut seeds: Vec<u64> = jobs.iter().map(|job| job.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let folds = (0..plan.n_lines()).map(Fold::from_index);
    let trainings = seeds.iter().flat_map(|&seed| folds.clone().map(move |fold| (seed, fold)));
    let open = trainings.map(|(seed, fold)| Job::Open {
        tasks: vec![prototype_task(plan, seed, epochs, &graph, &dataset.digest, fold)],
        finish: Box::new(move |answers| Ok((seed, fold, trained(seed, fold, answers)?.weights))),
    });
    let mut weights = PrototypeWeights::new();
    for (seed, fold, bytes) in do_all(context, &InMemory::default(), open.collect())? {
        weights.entry(seed).or_default().push((fold, bytes));
    }
    Ok(weights)
}

/// Every job's trials, some jobs side by side. Each job is a function of its strategy and seed alone.
fn all_runs(
    space: &dyn Space,
    plan: &SearchPlan,
    jobs: &[ComparisonJob],
    n_workers: NonZeroUsize,
    on_event: &OnEvent<'_>,
    stop: &(dyn Fn() -> bool + Sync),
    trials_of: impl Fn(&SearchPlan) -> Result<Vec<Trial>, RunError> + Sync,
) -> Result<Vec<Vec<Trial>>, RunError> {
    // What no strategy could do is reported before any of them starts.
    Problem::new(space, plan)?;
    let n_done = AtomicUsize::new(0);
    let runs: Mutex<Vec<Option<Vec<Trial>>>> = Mutex::new(vec![None; jobs.len()]);
    side_by_side(jobs.len(), n_workers, &|number| {
        let ComparisonJob { strategy, seed } = jobs[number];
        // Strategies are compared generation by generation: an order in which results come is nobody's merit.
        let trials = trials_of(&SearchPlan { strategy, seed, asynchronous: false, ..plan.clone() })?;
        if stop() {
            return Err(RunError::Stopped);
        }
        runs.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(trials);
        let n_done = n_done.fetch_add(1, Ordering::Relaxed) + 1;
        on_event(RunEvent::Compared { job: jobs[number], n_done, n_jobs: jobs.len() });
        Ok(())
    })?;
    let runs = runs.into_inner().unwrap_or_else(PoisonError::into_inner);
    runs.into_iter().collect::<Option<_>>().ok_or(RunError::Stopped)
}
