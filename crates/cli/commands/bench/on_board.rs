//! A trained network as exported C, measured where a command leads.

use std::path::Path;

use netsynth_export::Plan;
use netsynth_files::in_a_line;
use netsynth_graph::Graph;
use netsynth_graph::program::{DeviceModel, Largest};
use netsynth_machine::Board;
use netsynth_report::numbers::{count, millions};
use netsynth_report::{Cell, Column, Table, predicted};
use netsynth_run::{Model, RunError};
use serde::Serialize;
use serde_json::json;

use crate::Ending;
use crate::commands::bench::board::{program, timed};
use crate::commands::export::{Shipment, interface};
use crate::output::print::{Format, percent, print, print_json, print_table};

/// What a board found of a network in C, one image at a time on one core.
#[derive(Debug, Serialize)]
struct Row {
    numbers: &'static str,
    images_per_sec: f64,
    median_ms: f64,
    p95_ms: f64,
    gmacs_per_sec: f64,
    n_runs: usize,
    /// What a device's model makes of the network, if there is one.
    predicted_ms: Option<f64>,
}

/// What 8-bit integers are found on: the run's images, from `moved` if they are elsewhere now.
pub(super) struct Calibration<'a> {
    pub(super) moved: Option<&'a Path>,
}

pub(super) fn run(
    model: &Model,
    board: &Board,
    cc: &str,
    secs: f64,
    device: Option<&DeviceModel>,
    integers: Option<Calibration<'_>>,
    format: &Format,
) -> Result<Ending, RunError> {
    let plan = Plan::new(&model.network)?;
    let interface = interface(model.usage.as_ref(), plan.classes());
    let graph = model.network.graph();
    // A model is fitted to floats.
    let mut kinds = vec![("32-bit floats", device.and_then(|device| predicted_ms(device, graph)))];
    let mut programs = vec![program(&plan, None, &interface)];
    let mut cost = None;
    if let Some(Calibration { moved }) = integers {
        let mut shipment = Shipment::gathered(model, moved)?;
        cost = Some(shipment.quantise(&model.network)?.in_words);
        kinds.push(("8-bit integers", None));
        programs.push(program(&shipment.plan, shipment.integers.as_ref(), &shipment.interface));
    }
    let found = timed(board, cc, &programs, secs, 1)?;
    let macs = graph.cost().macs;
    // Each has one round.
    let rows: Vec<Row> = kinds
        .into_iter()
        .zip(found.times.iter().flatten())
        .map(|((numbers, predicted_ms), times)| Row {
            numbers,
            images_per_sec: 1.0 / times.median,
            median_ms: 1e3 * times.median,
            p95_ms: 1e3 * times.p95,
            gmacs_per_sec: 1e-9 * macs as f64 / times.median,
            n_runs: times.n_runs,
            predicted_ms,
        })
        .collect();
    match format {
        Format { csv: true, .. } => print(table(&rows).csv())?,
        Format { json: true, .. } => print_json(&json!({
            "model": model.name,
            "parameters": model.network.n_parameters(),
            "macs": macs,
            "board": found.machine,
            "compiler": found.compiler,
            "cc": cc,
            "integers": cost,
            "rows": rows,
        }))?,
        Format { csv: false, json: false } => {
            let parameters = count(graph.cost().parameters);
            let name = in_a_line(&model.name);
            print(format!("{name}: {parameters} parameters, {} MACs", millions(macs)))?;
            print_table(&table(&rows))?;
            print(format!(
                "{}, one core: the exported C from an image of the network's size to logits, by {cc}, {}",
                found.machine, found.compiler
            ))?;
            cost.into_iter().try_for_each(print)?;
            if let (Some(device), [row, ..]) = (device, rows.as_slice()) {
                print(comparison(device, graph, row.median_ms))?;
            }
        }
    }
    Ok(Ending::Done)
}

/// What a model makes of a network, unless that is larger than those that it was fitted to.
pub(super) fn predicted_ms(device: &DeviceModel, graph: &Graph) -> Option<f64> {
    let cost = graph.cost_on(Some(device));
    cost.latency.filter(|_| device.largest.holds(&cost)).map(|nanoseconds| 1e-6 * nanoseconds as f64)
}

/// What was predicted beside what was measured.
pub(super) fn comparison(device: &DeviceModel, graph: &Graph, measured_ms: f64) -> String {
    let Some(predicted_ms) = predicted_ms(device, graph) else {
        let Largest { parameters, macs } = device.largest;
        return format!(
            "measured {measured_ms:.3} ms, and no prediction: the model knows networks of up to {} parameters and {} MACs",
            count(parameters),
            millions(macs)
        );
    };
    let difference = predicted_ms / measured_ms - 1.0;
    let sign = if difference < 0.0 { "-" } else { "+" };
    format!(
        "predicted {predicted_ms:.3} ms, measured {measured_ms:.3} ms: {sign}{}\n{}",
        percent(difference.abs()),
        predicted(device)
    )
}

fn table(rows: &[Row]) -> Table {
    let columns = [
        Column::left("numbers", |row: &Row| Cell::text(row.numbers)),
        Column::right("images/s", |row: &Row| Cell::fixed(row.images_per_sec, 0)).named("images_per_sec"),
        Column::right("median ms", |row: &Row| Cell::fixed(row.median_ms, 3)).named("median_ms"),
        Column::right("p95 ms", |row: &Row| Cell::fixed(row.p95_ms, 3)).named("p95_ms"),
        Column::right("GMAC/s", |row: &Row| Cell::fixed(row.gmacs_per_sec, 2)).named("gmacs_per_sec"),
        Column::right("runs", |row: &Row| Cell::whole(row.n_runs)).named("n_runs"),
        Column::right("predicted ms", |row: &Row| Cell::known(row.predicted_ms, |ms| Cell::fixed(ms, 3)))
            .named("predicted_ms"),
    ];
    Table::new(&columns, rows)
}
