//! Strategies on workers that are simulated: how many hours they take, and what of that is the engine's.

use netsynth_graph::schema::SCHEMA;
use netsynth_report::{Cell, Column, Table as Shown};
use netsynth_run::{RunError, Simulated, TrainingTimes, simulate};
use netsynth_search::{Curve, Estimate, Scale, SearchPlan, StrategyKind, Table};
use serde::Serialize;

use crate::arguments::simulation::Simulation;
use crate::interrupt;
use crate::output::print::{Format, print, print_json, print_table};

/// One strategy on one number of workers, in one mode, over all seeds.
#[derive(Debug, Serialize)]
struct Row {
    workers: usize,
    strategy: String,
    asynchronous: bool,
    n_seeds: usize,
    /// Seeds that reached the share of the hypervolume.
    n_reached: usize,
    /// The share.
    hypervolume: f64,
    /// Mean hours and trials until then, of those seeds.
    hours: Option<f64>,
    trials: Option<f64>,
    /// Mean hours until the last trial ended.
    hours_in_all: Option<f64>,
    /// Mean share of the workers' time that was of use.
    busy: Option<f64>,
    /// Mean hours of workers that were lost.
    lost_hours: Option<f64>,
    /// Mean milliseconds of the engine for a proposal, of the last tenth of all proposals.
    engine_millis: Option<f64>,
}

#[derive(Serialize)]
struct Summary<'a> {
    schema: u32,
    rows: &'a [Row],
}

/// Simulates each strategy on each kind of workers, by generations and without.
pub(crate) fn show(
    (table, text): (&Table, &str),
    plan: &SearchPlan,
    strategies: &[StrategyKind],
    seeds: std::ops::RangeInclusive<u64>,
    simulations: &[Simulation],
    format: Format,
) -> Result<(), RunError> {
    let known: Vec<_> = table.metrics().collect();
    let Some(scale) = Scale::of(&known, &plan.objectives, &plan.indicator) else {
        return print("Nothing is feasible: no network of the table meets the indicator.");
    };
    let mut rows = Vec::new();
    for simulation in simulations {
        let times = TrainingTimes::of(text, simulation.train_secs)?;
        for (&strategy, asynchronous) in
            strategies.iter().flat_map(|strategy| [(strategy, false), (strategy, true)])
        {
            let mut seen = Vec::new();
            for seed in seeds.clone() {
                if interrupt::is_asked() {
                    return Err(RunError::Stopped);
                }
                let plan = SearchPlan { strategy, seed, asynchronous, ..of_workers(plan, simulation) };
                let simulated = simulate(table, &plan, &simulation.workers, &times)?;
                let curve = Curve::of(&simulated.trials, &plan, &scale);
                let at = curve.hypervolume.iter().position(|share| *share >= simulation.hypervolume);
                seen.push((at, simulated));
            }
            rows.push(Row::of(simulation, strategy, asynchronous, &seen));
        }
    }
    match format {
        Format { json: true, .. } => print_json(&Summary { schema: SCHEMA, rows: &rows }),
        Format { csv: true, .. } => print(shown(&rows).csv()),
        Format { csv: false, json: false } => print_table(&shown(&rows)),
    }
}

/// As many candidates at a time as there are workers, unless the plan says how many.
fn of_workers(plan: &SearchPlan, simulation: &Simulation) -> SearchPlan {
    let generation_size =
        if plan.generation_size > 1 { plan.generation_size } else { simulation.workers.count };
    SearchPlan { generation_size, ..plan.clone() }
}

impl Row {
    fn of(
        simulation: &Simulation,
        strategy: StrategyKind,
        asynchronous: bool,
        seen: &[(Option<usize>, Simulated)],
    ) -> Self {
        let mean = |values: Vec<f64>| Estimate::of(&values).map(|estimate| estimate.mean);
        let of_all = |value: &dyn Fn(&Simulated) -> Option<f64>| {
            mean(seen.iter().filter_map(|(_, simulated)| value(simulated)).collect())
        };
        let reached = || seen.iter().filter_map(|(at, simulated)| Some(((*at)?, simulated)));
        Self {
            workers: simulation.workers.count,
            strategy: strategy.to_string(),
            asynchronous,
            n_seeds: seen.len(),
            n_reached: reached().count(),
            hypervolume: simulation.hypervolume,
            hours: mean(reached().filter_map(|(at, simulated)| simulated.hours.get(at).copied()).collect()),
            trials: mean(reached().map(|(at, _)| (at + 1) as f64).collect()),
            hours_in_all: of_all(&|simulated| simulated.hours.last().copied()),
            busy: of_all(&|simulated| Some(simulated.busy)),
            lost_hours: of_all(&|simulated| Some(simulated.lost_hours)),
            engine_millis: of_all(&|simulated| {
                let last = &simulated.proposals[simulated.proposals.len() * 9 / 10..];
                mean(last.iter().map(|(_, secs)| 1000.0 * secs).collect())
            }),
        }
    }
}

fn shown(rows: &[Row]) -> Shown {
    let share = rows.first().map_or(0.99, |row| row.hypervolume);
    let fixed = |decimals: usize| move |value: f64| Cell::fixed(value, decimals);
    let columns = [
        Column::right("workers", |row: &Row| Cell::whole(row.workers)),
        Column::left("strategy", |row: &Row| Cell::text(&row.strategy)),
        Column::left("mode", |row: &Row| {
            Cell::text(if row.asynchronous { "asynchronous" } else { "generations" })
        }),
        Column::right(&format!("hours to {:.1} % hypervolume", 100.0 * share), |row: &Row| {
            Cell::known(row.hours, fixed(2))
        })
        .named("hours"),
        Column::right("trials", |row: &Row| Cell::known(row.trials, fixed(0))),
        Column::right("seeds", |row: &Row| {
            Cell::new(row.n_reached as u64, format!("{} of {}", row.n_reached, row.n_seeds))
        }),
        Column::right("hours in all", |row: &Row| Cell::known(row.hours_in_all, fixed(2)))
            .named("hours_in_all"),
        Column::right("busy", |row: &Row| Cell::known(row.busy, Cell::share)),
        Column::right("lost worker hours", |row: &Row| Cell::known(row.lost_hours, fixed(1)))
            .named("lost_hours"),
        Column::right("engine, ms a proposal", |row: &Row| Cell::known(row.engine_millis, fixed(2)))
            .named("engine_millis"),
    ];
    Shown::new(&columns, rows)
}
