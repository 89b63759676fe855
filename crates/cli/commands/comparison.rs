//! What a comparison of strategies says, as tables, numbers and a drawing.

use netsynth_graph::schema::SCHEMA;
use netsynth_report::{Band, Cell, Column, Panel, Table};
use netsynth_run::{ComparisonJob, Plan, RunError};
use netsynth_search::{Curve, Estimate, Length, Metric, Metrics, Scale, SearchPlan, StrategyKind, Trial};
use serde::Serialize;

use crate::output::print::{print, print_table};

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

/// What the runs' fronts are worth, trained from scratch on all folds.
#[derive(Debug, Serialize)]
pub(crate) struct Judged {
    /// Folds that each network was trained on and judged by.
    folds: usize,
    #[serde(flatten)]
    length: Length,
    rows: Vec<JudgedRow>,
}

/// One strategy's fronts, over all seeds.
#[derive(Debug, Serialize)]
struct JudgedRow {
    strategy: String,
    /// Networks of a front.
    networks: Option<Spread>,
    hypervolume: Option<Spread>,
    best: Option<Spread>,
    /// Seeds that had anything feasible.
    n_feasible: usize,
    /// How far the first strategy is ahead of it, seed by seed.
    behind: Option<Spread>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    from_scratch: Option<Judged>,
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
    jobs: &[ComparisonJob],
    curves: &[Curve],
    from_scratch: Option<Judged>,
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
    Summary { schema: SCHEMA, metric: plan.quality(), n_seeds, rows, leads, arrivals, from_scratch }
}

impl Judged {
    /// What finalists with their judgements come to, of each run in the order of the jobs; none if nothing that was
    /// judged meets the indicator.
    pub(crate) fn of(
        finalists: &[Vec<Trial>],
        plan: &Plan,
        strategies: &[StrategyKind],
        jobs: &[ComparisonJob],
    ) -> Option<Self> {
        let search = &plan.search;
        let metrics: Vec<Metrics> = finalists
            .iter()
            .flatten()
            .filter_map(|trial| trial.outcome(&search.indicator, search.rungs.len()).feasible())
            .collect();
        let scale = Scale::of(&metrics, &search.objectives, &search.indicator)?;
        let last = |trials: &Vec<Trial>| {
            let curve = Curve::of(trials, search, &scale);
            (curve.hypervolume.last().copied().unwrap_or(0.0), curve.best.last().copied().flatten())
        };
        let ends: Vec<(f64, Option<f64>)> = finalists.iter().map(last).collect();
        let volumes = |strategy: StrategyKind| -> Vec<f64> {
            let runs = jobs.iter().zip(&ends).filter(|(job, _)| job.strategy == strategy);
            runs.map(|(_, (volume, _))| *volume).collect()
        };
        let first = strategies.first().map(|&strategy| volumes(strategy)).unwrap_or_default();
        let rows = strategies.iter().map(|&strategy| {
            let runs = || (0..jobs.len()).filter(|&run| jobs[run].strategy == strategy);
            let networks: Vec<f64> = runs().map(|run| finalists[run].len() as f64).collect();
            let best: Vec<f64> = runs().filter_map(|run| ends[run].1).collect();
            let volumes = volumes(strategy);
            let behind: Vec<f64> = first.iter().zip(&volumes).map(|(first, own)| first - own).collect();
            JudgedRow {
                strategy: strategy.to_string(),
                networks: Spread::of(&networks),
                hypervolume: Spread::of(&volumes),
                n_feasible: best.len(),
                best: Spread::of(&best),
                behind: (Some(&strategy) != strategies.first()).then(|| Spread::of(&behind)).flatten(),
            }
        });
        Some(Self { folds: plan.data.n_folds, length: plan.final_length(), rows: rows.collect() })
    }
}

/// Every strategy after some evaluations.
pub(crate) fn table(summary: &Summary) -> Table {
    let Summary { n_seeds, metric, .. } = *summary;
    let half_width = |of: Option<Spread>| {
        Cell::known(of.and_then(|spread| spread.half_width), |half| Cell::fixed(half, 4))
    };
    let columns = [
        Column::left("strategy", |row: &Row| Cell::text(&row.strategy)),
        Column::right("evaluations", |row: &Row| Cell::whole(row.evaluations)),
        Column::right("hypervolume", |row: &Row| spread(row.hypervolume, volume)),
        Column::right(&format!("best feasible {metric}"), |row: &Row| spread(row.best, percent)),
        Column::right("seeds feasible", |row: &Row| of_seeds(row.n_feasible, n_seeds)),
        Column::hidden("hypervolume_half_width", |row: &Row| half_width(row.hypervolume)),
        Column::hidden(&format!("best_feasible_{}_half_width", metric.name()), |row: &Row| {
            half_width(row.best)
        }),
    ];
    Table::new(&columns, &summary.rows)
}

fn of_seeds(number: usize, n_seeds: usize) -> Cell {
    Cell::new(number, format!("{number} of {n_seeds}"))
}

/// Prints a summary as tables.
pub(crate) fn show(summary: &Summary) -> Result<(), RunError> {
    let Summary { n_seeds, metric, .. } = *summary;
    print_table(&table(summary))?;
    if let (Some(first), false) = (summary.rows.first(), summary.leads.is_empty()) {
        let columns = [
            Column::left("over", |lead: &Lead| Cell::text(&lead.over)),
            Column::right("evaluations", |lead: &Lead| Cell::whole(lead.evaluations)),
            Column::right("hypervolume ahead by", |lead: &Lead| spread(lead.hypervolume, volume)),
            Column::right("seeds ahead", |lead: &Lead| of_seeds(lead.n_ahead, n_seeds)),
        ];
        print(format!("\nSeed by seed, how far {} is ahead:", first.strategy))?;
        print_table(&Table::new(&columns, &summary.leads))?;
    }
    let target = summary.arrivals.first().map_or(0.0, |arrival| arrival.target);
    let columns = [
        Column::left("strategy", |arrival: &Arrival| Cell::text(&arrival.strategy)),
        Column::right("seeds that reach it", |arrival: &Arrival| of_seeds(arrival.n_reached, n_seeds)),
        Column::right("evaluations, mean of those", |arrival: &Arrival| {
            spread(arrival.evaluations, |count| format!("{count:.1}"))
        }),
    ];
    print(format!("\nEvaluations to reach {metric} {}:", metric.format(target)))?;
    print_table(&Table::new(&columns, &summary.arrivals))?;
    if let Some(Judged { folds, length, rows }) = &summary.from_scratch {
        let columns = [
            Column::left("strategy", |row: &JudgedRow| Cell::text(&row.strategy)),
            Column::right("networks of a front", |row: &JudgedRow| {
                spread(row.networks, |count| format!("{count:.1}"))
            }),
            Column::right("hypervolume", |row: &JudgedRow| spread(row.hypervolume, volume)),
            Column::right(&format!("best feasible {metric}"), |row: &JudgedRow| spread(row.best, percent)),
            Column::right("seeds feasible", |row: &JudgedRow| of_seeds(row.n_feasible, n_seeds)),
            Column::right("behind the first by", |row: &JudgedRow| spread(row.behind, volume)),
        ];
        print(format!(
            "\nFrom scratch: the networks of the fronts, each trained on all {folds} folds for {length}, and judged by the mean:"
        ))?;
        print_table(&Table::new(&columns, rows))?;
    }
    match n_seeds {
        // An interval of two says nothing.
        0..3 => Ok(()),
        _ => print(format!("± is half of a 95 % interval: Student's t over {n_seeds} seeds.")),
    }
}

/// A mean and half of its interval; the value is the mean.
fn spread(spread: Option<Spread>, write: impl Fn(f64) -> String) -> Cell {
    Cell::known(spread, |Spread { mean, half_width }| {
        let interval = half_width.map_or(String::new(), |half| format!(" ± {}", write(half)));
        Cell::new(mean, write(mean) + &interval)
    })
}

fn percent(share: f64) -> String {
    format!("{:.3} %", 100.0 * share)
}

fn volume(share: f64) -> String {
    format!("{share:.4}")
}

/// Every run after every evaluation.
pub(crate) fn csv(metric: Metric, jobs: &[ComparisonJob], curves: &[Curve]) -> String {
    type Evaluation<'a> = (&'a ComparisonJob, usize, f64, Option<f64>);
    let evaluations = jobs.iter().zip(curves).flat_map(|(job, curve)| {
        let found = curve.hypervolume.iter().zip(&curve.best).enumerate();
        found.map(move |(at, (volume, best))| (job, at + 1, *volume, *best))
    });
    let columns = [
        Column::left("strategy", |(job, ..): &Evaluation<'_>| Cell::text(job.strategy.to_string())),
        Column::right("seed", |(job, ..): &Evaluation<'_>| Cell::whole(job.seed)),
        Column::right("evaluations", |(_, at, ..): &Evaluation<'_>| Cell::whole(*at)),
        Column::right("hypervolume", |(.., volume, _): &Evaluation<'_>| Cell::fixed(*volume, 4)),
        Column::right(&format!("best {metric}"), |(.., best): &Evaluation<'_>| {
            Cell::known(*best, Cell::share)
        }),
    ];
    Table::new(&columns, &evaluations.collect::<Vec<_>>()).csv() + "\n"
}

/// The curves as a drawing: means with their intervals.
pub(crate) fn drawn(
    metric: Metric,
    strategies: &[StrategyKind],
    jobs: &[ComparisonJob],
    curves: &[Curve],
) -> String {
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
    netsynth_report::curves(&[
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
