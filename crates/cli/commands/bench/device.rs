//! What predicts the time of networks on a device: measured, fitted, and judged on networks that were not fitted.

mod specimens;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use netsynth_export::{File, Plan};
use netsynth_files::Shown;
use netsynth_graph::Graph;
use netsynth_graph::program::{DeviceModel, Largest, ModelError, Program, Rates, Routine, Work};
use netsynth_graph::schema::{SCHEMA, to_ron};
use netsynth_machine::{Board, Times, fitted};
use netsynth_report::{Cell, Column, Table, predicted};
use netsynth_run::RunError;
use netsynth_search::Count;
use netsynth_train::{Deployed, Device, Network, instruction_sets};

use crate::Ending;
use crate::arguments::count::counted;
use crate::commands::bench::board::{BoardArguments, program, timed};
use crate::commands::bench::deployed::{images, on_core, pinnable, seconds, target};
use crate::commands::export::interface;
use crate::output::print::{Format, print, print_error_line, print_json, print_table, write_to};
use specimens::{Specimen, specimens};

/// How often every network is measured, in turns with the others, so that a busy minute is one of several.
const N_ROUNDS: usize = 5;

/// The fewest runs of a network in a round.
const LEAST_RUNS: usize = 10;

/// Networks that are measured: more than there are rates.
const NETWORKS: Count = Count::new("networks", 48, 10_000);

#[derive(Args)]
pub(crate) struct Arguments {
    /// The file to write, for a plan's `device_model`
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    board: BoardArguments,
    /// For how many seconds each network is measured, in five rounds
    #[arg(long, default_value_t = 0.5, value_parser = seconds)]
    seconds: f64,
    /// How many networks are measured
    #[arg(long, default_value_t = 144, value_parser = counted(NETWORKS))]
    networks: usize,
    #[command(flatten)]
    format: Format,
}

/// A network with what was measured of it, and what is predicted without it. In nanoseconds.
struct Row {
    kind: String,
    graph: Graph,
    measured: f64,
    predicted: f64,
}

impl Row {
    fn error(&self) -> f64 {
        (self.predicted / self.measured - 1.0).abs()
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let Arguments { out, board, seconds, networks, format } = arguments;
    // Known before minutes are spent.
    if out.is_dir() || !out.parent().is_none_or(|folder| folder.as_os_str().is_empty() || folder.is_dir()) {
        let error = RunError::new("no file can be written there", "give a file in a folder that is there");
        return Err(error.at(out.shown()));
    }
    let specimens = specimens(*networks)?;
    print_error_line(format!(
        "{networks} networks are built and measured: {:.0} seconds for the measurements",
        1.25 * seconds * *networks as f64
    ));
    let secs = seconds / N_ROUNDS as f64;
    let (device, rounds) = match &board.on {
        Some(on) => on_board(on, &board.cc, &specimens, secs)?,
        None => here(&specimens, secs)?,
    };
    let times: Vec<f64> = rounds.iter().map(|times| middle(times.clone())).collect();
    let features: Vec<Vec<f64>> = specimens.iter().map(|specimen| features(&specimen.graph)).collect();
    let rows = judged(&specimens, &features, &times);
    let apart = rounds
        .iter()
        .zip(&times)
        .flat_map(|(rounds, time)| rounds.iter().map(move |round| (round / time - 1.0).abs()));
    let errors: Vec<f64> = rows.iter().map(Row::error).collect();
    let error = ModelError {
        n_networks: rows.len(),
        median: rounded(middle(errors.clone())),
        worst: rounded(errors.into_iter().fold(0.0, f64::max)),
        repeat: rounded(middle(apart.collect())),
    };
    let model = model(device, error, &fitted(&features, &times));
    write_to(out, to_ron(&model).as_bytes())?;
    match format {
        Format { csv: true, .. } => print(network_table(&rows).csv())?,
        Format { json: true, .. } => print_json(&serde_json::json!({
            "model": model,
            "networks": network_table(&rows).json(),
        }))?,
        Format { csv: false, json: false } => {
            print_table(&kind_table(&rows))?;
            print(predicted(&model))?;
            print(out.shown())?;
        }
    }
    Ok(Ending::Done)
}

/// Measures netsynth's own networks on a core of this machine: of each the median of each round.
fn here(specimens: &[Specimen], secs: f64) -> Result<(String, Vec<Vec<f64>>), RunError> {
    let networks =
        specimens.iter().map(|specimen| untrained(&specimen.graph)).collect::<Result<Vec<_>, _>>()?;
    let rounds = on_core(&pinnable(), 0, || {
        let mut rounds = vec![Vec::new(); networks.len()];
        for _ in 0..N_ROUNDS {
            for (network, times) in networks.iter().zip(&mut rounds) {
                let image = images(network, 1);
                let found = Times::of_least(LEAST_RUNS, secs, || network.predict(image.clone(), 1));
                times.push(1e9 * found.median);
            }
        }
        rounds
    })?;
    let device = format!("{}, {}, netsynth {}", target(), instruction_sets().1, env!("CARGO_PKG_VERSION"));
    Ok((device, rounds))
}

/// Measures exported networks on a board: of each the median of each round.
fn on_board(
    board: &Board,
    cc: &str,
    specimens: &[Specimen],
    secs: f64,
) -> Result<(String, Vec<Vec<f64>>), RunError> {
    let programs: Vec<Vec<File>> = specimens
        .iter()
        .map(|specimen| {
            let plan = Plan::new(&untrained(&specimen.graph)?)?;
            Ok(program(&plan, None, &interface(None, plan.classes())))
        })
        .collect::<Result<_, RunError>>()?;
    let found = timed(board, cc, &programs, secs, N_ROUNDS)?;
    let rounds = found.times.iter().map(|rounds| rounds.iter().map(|times| 1e9 * times.median).collect());
    Ok((format!("{}, C by {cc}, {}", found.machine, found.compiler), rounds.collect()))
}

/// A network with random weights, which no time depends on.
fn untrained(graph: &Graph) -> Result<Deployed, RunError> {
    let weights = Network::new(graph, 0, Device::Flex).deployed_weights();
    Ok(Deployed::new(graph, weights, Device::Flex)?)
}

/// What a network's time is a sum of: itself, its exponentials, and of each routine steps, operations and bytes.
fn features(graph: &Graph) -> Vec<f64> {
    let program = Program::new(graph);
    let mut features = vec![0.0; 2 + 3 * Routine::ALL.len()];
    features[0] = 1.0;
    for work in program.steps.iter().map(|step| Work::of(&program, step)) {
        features[1] += work.exponentials as f64;
        let place = Routine::ALL.iter().position(|routine| *routine == work.routine).unwrap_or_default();
        let of_routine = &mut features[2 + 3 * place..][..3];
        let amounts = [1.0, work.operations as f64, work.bytes as f64];
        of_routine.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
    }
    features
}

fn model(device: String, error: ModelError, rates: &[f64]) -> DeviceModel {
    let of_routines = rates[2..].chunks_exact(3).map(|rates| Rates {
        step: rounded(rates[0]),
        operation: rounded(rates[1]),
        byte: rounded(rates[2]),
    });
    DeviceModel {
        schema: SCHEMA,
        device,
        error,
        largest: Largest::default(),
        network: rounded(rates[0]),
        exponential: rounded(rates[1]),
        routines: Routine::ALL.into_iter().zip(of_routines).collect(),
    }
}

/// Each network with its time as a model predicts it that was fitted to networks of the other kinds.
fn judged(specimens: &[Specimen], features: &[Vec<f64>], times: &[f64]) -> Vec<Row> {
    let mut predicted = vec![0.0; specimens.len()];
    let kinds: BTreeSet<&str> = specimens.iter().map(|specimen| specimen.kind.as_str()).collect();
    for kind in kinds {
        let is_apart = |at: &usize| specimens[*at].kind == kind;
        let (apart, others): (Vec<usize>, Vec<usize>) = (0..specimens.len()).partition(is_apart);
        let rows: Vec<Vec<f64>> = others.iter().map(|&at| features[at].clone()).collect();
        let known: Vec<f64> = others.iter().map(|&at| times[at]).collect();
        let rates = fitted(&rows, &known);
        for at in apart {
            predicted[at] = features[at].iter().zip(&rates).map(|(amount, rate)| amount * rate).sum();
        }
    }
    let measured = specimens.iter().zip(times).zip(predicted);
    measured
        .map(|((specimen, &measured), predicted)| Row {
            kind: specimen.kind.clone(),
            graph: specimen.graph.clone(),
            measured,
            predicted,
        })
        .collect()
}

/// The number in the middle; no number of none.
fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Four digits: more would be noise.
fn rounded(number: f64) -> f64 {
    format!("{number:.3e}").parse().unwrap_or(number)
}

fn network_table(rows: &[Row]) -> Table {
    let columns = [
        Column::left("kind", |row: &Row| Cell::text(&row.kind)),
        // On one line, so that a row is one, too.
        Column::left("architecture", |row: &Row| {
            Cell::text(row.graph.spec().to_ron().split_whitespace().collect::<Vec<_>>().join(" "))
        }),
        Column::right("measured_ns", |row: &Row| Cell::fixed(row.measured, 0)),
        Column::right("predicted_ns", |row: &Row| Cell::fixed(row.predicted, 0)),
        Column::right("error", |row: &Row| Cell::share(row.error())),
    ];
    Table::new(&columns, rows)
}

/// Networks that are alike, together.
fn kind_table(rows: &[Row]) -> Table {
    let kinds: BTreeSet<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
    let kinds: Vec<(&str, Vec<&Row>)> =
        kinds.into_iter().map(|kind| (kind, rows.iter().filter(|row| row.kind == kind).collect())).collect();
    type Kind<'a> = (&'a str, Vec<&'a Row>);
    let errors = |kind: &Kind<'_>| kind.1.iter().map(|row| row.error()).collect::<Vec<f64>>();
    let columns = [
        Column::left("networks of a kind", |kind: &Kind<'_>| Cell::text(kind.0)),
        Column::right("networks", |kind: &Kind<'_>| Cell::whole(kind.1.len())),
        Column::right("measured ms", |kind: &Kind<'_>| {
            Cell::fixed(1e-6 * middle(kind.1.iter().map(|row| row.measured).collect()), 3)
        }),
        Column::right("error", move |kind: &Kind<'_>| Cell::share(middle(errors(kind)))),
        Column::right("worst", move |kind: &Kind<'_>| {
            Cell::share(errors(kind).into_iter().fold(0.0, f64::max))
        }),
    ];
    Table::new(&columns, &kinds)
}
