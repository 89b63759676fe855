//! What a comparison of strategies says, as tables, numbers and a drawing.

use netsynth_graph::schema::SCHEMA;
use netsynth_report::{Band, Panel, plot};
use netsynth_search::{Curve, Estimate, Metric, SearchPlan, StrategyKind};
use serde::Serialize;

use crate::complaint::Complaint;
use crate::words::{say, table};

/// One run of the comparison.
pub(crate) struct Job {
    pub(crate) strategy: StrategyKind,
    pub(crate) seed: u64,
}

/// One strategy at one number of evaluations, over all seeds.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    strategy: String,
    evaluations: usize,
    hypervolume: Option<Spread>,
    best: Option<Spread>,
    /// Seeds that had anything feasible by then.
    n_feasible: usize,
}

/// How soon a strategy reaches the target.
#[derive(Debug, Serialize)]
pub(crate) struct Arrival {
    strategy: String,
    target: f64,
    n_reached: usize,
    n_seeds: usize,
    /// Over the seeds that reached it.
    evaluations: Option<Spread>,
}

/// How far the first strategy is ahead of another, seed by seed.
#[derive(Debug, Serialize)]
struct Lead {
    over: String,
    evaluations: usize,
    /// Its hypervolume less the other's of the same seed.
    hypervolume: Option<Spread>,
    /// Seeds in which it is ahead.
    n_ahead: usize,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Spread {
    mean: f64,
    /// Half of the 95 % interval of Student's t over the seeds.
    half_width: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    schema: u32,
    /// The measured metric that is compared.
    metric: Metric,
    n_seeds: usize,
    rows: Vec<Row>,
    leads: Vec<Lead>,
    arrivals: Vec<Arrival>,
}

impl Spread {
    fn of(numbers: &[f64]) -> Option<Self> {
        Estimate::of(numbers).map(|Estimate { mean, half_width }| Self { mean, half_width })
    }
}

/// What a comparison says at some numbers of evaluations, four steps if none are given; the target is the worst of
/// the strategies' mean ends if none is given.
pub(crate) fn summary(
    marks: &[usize],
    target: Option<f64>,
    plan: &SearchPlan,
    strategies: &[StrategyKind],
    jobs: &[Job],
    curves: &[Curve],
) -> Summary {
    let n = plan.n_trials;
    let mut marks = marks.to_vec();
    if marks.is_empty() {
        marks = (1..=4).map(|quarter| (n * quarter).div_ceil(4)).collect();
    }
    marks.retain(|mark| (1..=n).contains(mark));
    marks.dedup();
    let of = |strategy: StrategyKind| -> Vec<&Curve> {
        jobs.iter().zip(curves).filter(|(job, _)| job.strategy == strategy).map(|(_, curve)| curve).collect()
    };
    let mut rows = Vec::new();
    for &strategy in strategies {
        for &mark in &marks {
            let curves = of(strategy);
            let volumes: Vec<f64> = curves.iter().map(|curve| curve.hypervolume[mark - 1]).collect();
            let best: Vec<f64> = curves.iter().filter_map(|curve| curve.best[mark - 1]).collect();
            rows.push(Row {
                strategy: strategy.to_string(),
                evaluations: mark,
                hypervolume: Spread::of(&volumes),
                best: Spread::of(&best),
                n_feasible: best.len(),
            });
        }
    }
    let mut leads = Vec::new();
    if let [first, others @ ..] = strategies {
        for &other in others {
            for &mark in &marks {
                let volume = |curve: &Curve| curve.hypervolume[mark - 1];
                let pairs = of(*first).into_iter().zip(of(other));
                let ahead: Vec<f64> = pairs.map(|(one, other)| volume(one) - volume(other)).collect();
                leads.push(Lead {
                    over: other.to_string(),
                    evaluations: mark,
                    hypervolume: Spread::of(&ahead),
                    n_ahead: ahead.iter().filter(|lead| **lead > 0.0).count(),
                });
            }
        }
    }
    let worst_end = |strategy: &StrategyKind| {
        let ends = of(*strategy).into_iter().filter_map(|curve| curve.best[n - 1]);
        Spread::of(&ends.collect::<Vec<f64>>()).map_or(0.0, |spread| spread.mean)
    };
    let target = target.unwrap_or_else(|| strategies.iter().map(worst_end).fold(f64::INFINITY, f64::min));
    let arrivals = strategies.iter().map(|&strategy| {
        let curves = of(strategy);
        let reached: Vec<f64> =
            curves.iter().filter_map(|curve| curve.trials_to(target)).map(|at| at as f64).collect();
        Arrival {
            strategy: strategy.to_string(),
            target,
            n_reached: reached.len(),
            n_seeds: curves.len(),
            evaluations: Spread::of(&reached),
        }
    });
    let arrivals = arrivals.collect();
    let n_seeds = jobs.len() / strategies.len().max(1);
    Summary { schema: SCHEMA, metric: plan.quality(), n_seeds, rows, leads, arrivals }
}

/// Prints a summary as tables.
pub(crate) fn show(summary: &Summary) -> Result<(), Complaint> {
    let with_interval = |spread: Option<Spread>, write: &dyn Fn(f64) -> String| match spread {
        None => "-".to_owned(),
        Some(Spread { mean, half_width: None }) => write(mean),
        Some(Spread { mean, half_width: Some(half) }) => format!("{} ± {}", write(mean), write(half)),
    };
    let metric = summary.metric;
    let mut rows = table(
        &["strategy", "evaluations", "hypervolume", &format!("best feasible {metric}"), "seeds feasible"],
        1,
    );
    for row in &summary.rows {
        rows.add_row([
            row.strategy.clone(),
            row.evaluations.to_string(),
            with_interval(row.hypervolume, &|share| format!("{share:.4}")),
            with_interval(row.best, &|share| format!("{:.3} %", 100.0 * share)),
            format!("{} of {}", row.n_feasible, summary.n_seeds),
        ]);
    }
    say(rows)?;
    if let (Some(first), false) = (summary.rows.first(), summary.leads.is_empty()) {
        let mut rows = table(&["over", "evaluations", "hypervolume ahead by", "seeds ahead"], 1);
        for lead in &summary.leads {
            rows.add_row([
                lead.over.clone(),
                lead.evaluations.to_string(),
                with_interval(lead.hypervolume, &|share| format!("{share:.4}")),
                format!("{} of {}", lead.n_ahead, summary.n_seeds),
            ]);
        }
        say(format!("\nSeed by seed, how far {} is ahead:", first.strategy))?;
        say(rows)?;
    }
    let target = summary.arrivals.first().map_or(0.0, |arrival| arrival.target);
    let mut rows = table(&["strategy", "seeds that reach it", "evaluations, mean of those"], 1);
    for arrival in &summary.arrivals {
        rows.add_row([
            arrival.strategy.clone(),
            format!("{} of {}", arrival.n_reached, arrival.n_seeds),
            with_interval(arrival.evaluations, &|count| format!("{count:.1}")),
        ]);
    }
    say(format!("\nEvaluations to reach {metric} {}:", metric.format(target)))?;
    say(rows)?;
    say(format!("± is half of a 95 % interval: Student's t over {} seeds.", summary.n_seeds))
}

/// Every run after every evaluation.
pub(crate) fn csv(metric: Metric, jobs: &[Job], curves: &[Curve]) -> String {
    let mut text = format!("strategy,seed,evaluations,hypervolume,best_{}\n", metric.name());
    for (job, curve) in jobs.iter().zip(curves) {
        for (at, (volume, best)) in curve.hypervolume.iter().zip(&curve.best).enumerate() {
            let best = best.map_or(String::new(), |best| best.to_string());
            text += &format!("{},{},{},{volume},{best}\n", job.strategy, job.seed, at + 1);
        }
    }
    text
}

/// The curves as a drawing: means with their intervals.
pub(crate) fn drawn(metric: Metric, strategies: &[StrategyKind], jobs: &[Job], curves: &[Curve]) -> String {
    let bands = |value: &dyn Fn(&Curve, usize) -> Option<f64>| -> Vec<Band> {
        strategies
            .iter()
            .map(|&strategy| {
                let curves: Vec<&Curve> = jobs
                    .iter()
                    .zip(curves)
                    .filter(|(job, _)| job.strategy == strategy)
                    .map(|(_, curve)| curve)
                    .collect();
                let n = curves.first().map_or(0, |curve| curve.hypervolume.len());
                let points = (0..n).filter_map(|at| {
                    let values: Vec<f64> = curves.iter().filter_map(|curve| value(curve, at)).collect();
                    // A mean over fewer seeds than all would jump whenever one joins.
                    let found = (values.len() == curves.len()).then(|| Estimate::of(&values))??;
                    Some(((at + 1) as f64, found.mean, found.half_width.unwrap_or(0.0)))
                });
                Band { name: strategy.to_string(), points: points.collect() }
            })
            .collect()
    };
    plot(&[
        Panel {
            title: "hypervolume, share of the whole front's".to_owned(),
            bands: bands(&|curve, at| Some(curve.hypervolume[at])),
        },
        Panel {
            title: format!("best feasible {metric}, %"),
            bands: bands(&|curve, at| curve.best[at].map(|best| 100.0 * best)),
        },
    ])
}
