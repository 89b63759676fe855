//! Table 1 of the paper with what was measured here.

use std::path::{Path, PathBuf};

use clap::Args;
use netsynth_files::Shown;
use netsynth_report::{Cell, Column, Figure, Published, SOURCE, Standing, TABLE_1, Table};
use netsynth_search::Variant;
use netsynth_store::{Entry, RunFolder, RunKind};
use serde::Serialize;

use crate::Ending;
use crate::output::print::{Format, print, print_json, print_table};
use netsynth_run::{Results, RunError, known_variant, search_plan};

/// Print Table 1 of the paper with the networks of runs measured beside it.
///
/// Of a training on folds (`train`, `reproduce`): the average over its folds and seeds with its 95 % interval. Of a search:
/// its variants on held-out subjects.
///
/// Example: netsynth compare-table runs/nano-b-001 runs/search-001
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folders of finished runs
    runs: Vec<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// A network that was measured here.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    network: String,
    run: String,
    parameters: u64,
    accuracy: Option<f64>,
    /// Half the width of the accuracy's 95 % interval.
    half_width: Option<f64>,
    /// The images that judged it, and the training before.
    how: String,
}

/// A published row, as JSON has it.
#[derive(Serialize)]
struct PublishedRow {
    network: &'static str,
    parameters: Option<Number>,
    accuracy: Option<Number>,
}

#[derive(Serialize)]
struct Number {
    least: f64,
    most: f64,
    standing: String,
}

#[derive(Serialize)]
struct Document<'a> {
    source: &'static str,
    published: Vec<PublishedRow>,
    measured: &'a [Measured],
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let mut measured = Vec::new();
    for run in &arguments.runs {
        let folder = RunFolder::open(run)?;
        match folder.kind()? {
            RunKind::Training => {
                let results = folder.document::<Results>(Entry::Results)?.ok_or_else(|| {
                    let remedy = format!("finish it with `netsynth resume {}`", run.shown());
                    RunError::new("the training is not finished", remedy).at(run.shown())
                })?;
                measured.push(Measured::on_folds(&results, run));
            }
            // A comparison is refused there.
            RunKind::Search | RunKind::Comparison => {
                search_plan(&folder)?;
                measured.extend(Measured::of_search(&folder)?);
            }
        }
    }
    show(&measured, arguments.format)?;
    Ok(Ending::Done)
}

impl Measured {
    /// What came of a training on folds.
    pub(crate) fn on_folds(results: &Results, run: &Path) -> Self {
        let mut how = match results.folds.len() {
            1 => format!("a training of {} epochs on one fold", results.epochs),
            n_folds => format!("{n_folds} trainings of {} epochs on folds", results.epochs),
        };
        if let Some(caveat) = results.split.caveat() {
            how += &format!("; {caveat}");
        }
        Self {
            network: results.network.clone(),
            run: run.shown(),
            parameters: results.cost.parameters,
            accuracy: Some(results.mean_accuracy),
            half_width: results.interval(),
            how,
        }
    }

    /// The variants of a search.
    fn of_search(folder: &RunFolder) -> Result<Vec<Self>, RunError> {
        let mut measured = Vec::new();
        for variant in Variant::ALL {
            let Some(metrics) = known_variant(folder, variant)? else { continue };
            measured.push(Self {
                network: format!("{variant}, trial {}", metrics.trial),
                run: folder.path().shown(),
                parameters: metrics.cost.parameters,
                accuracy: metrics.held_out_accuracy,
                half_width: None,
                how: format!("{} images of held-out subjects", metrics.n_held_out_images),
            });
        }
        if measured.is_empty() {
            let remedy = format!("finish it with `netsynth resume {}`", folder.path().shown());
            let complaint = RunError::new("the search has no variants", remedy);
            return Err(complaint.at(folder.path().shown()));
        }
        Ok(measured)
    }
}

/// Prints the published rows, and below them the measured ones.
pub(crate) fn show(measured: &[Measured], format: Format) -> Result<(), RunError> {
    match format {
        Format { json: true, .. } => print_json(&document(measured)),
        Format { csv: true, .. } => print(table(measured).csv()),
        Format { csv: false, json: false } => {
            print_table(&table(measured))?;
            print(SOURCE)?;
            for standing in Standing::ALL.into_iter().filter(|standing| *standing != Standing::Stated) {
                print(format!("{} {standing}: {}", mark(standing), standing.meaning()))?;
            }
            Ok(())
        }
    }
}

fn document(measured: &[Measured]) -> Document<'_> {
    let number = |figure: Figure| Number {
        least: figure.least,
        most: figure.most,
        standing: figure.standing.to_string(),
    };
    let row = |row: &Published| PublishedRow {
        network: row.network,
        parameters: row.parameters.map(number),
        accuracy: row.accuracy.map(number),
    };
    Document { source: SOURCE, published: TABLE_1.iter().map(row).collect(), measured }
}

/// A row of the paper, or of ours.
enum Row<'a> {
    Published(&'static Published),
    Measured(&'a Measured),
}

fn table(measured: &[Measured]) -> Table {
    let columns = [
        Column::left("network", |row: &Row<'_>| match row {
            Row::Published(published) => Cell::text(published.network),
            Row::Measured(measured) => Cell::text(&measured.network),
        }),
        Column::right("parameters", |row: &Row<'_>| match row {
            Row::Published(published) => {
                figure(published.parameters, "unknown", |value| Cell::count(value as u64))
            }
            Row::Measured(measured) => Cell::count(measured.parameters),
        }),
        Column::right("accuracy", |row: &Row<'_>| match row {
            Row::Published(published) => figure(published.accuracy, "far below Nano", Cell::share),
            Row::Measured(Measured { accuracy: Some(accuracy), half_width, .. }) => {
                Cell::estimate(*accuracy, *half_width)
            }
            Row::Measured(Measured { accuracy: None, .. }) => Cell::missing("not judged"),
        }),
        Column::hidden("half_width", |row: &Row<'_>| match row {
            Row::Published(published) => {
                Cell::or_empty(published.accuracy, |Figure { least, most, .. }| {
                    if least == most { Cell::missing("") } else { Cell::share(0.5 * (most - least)) }
                })
            }
            Row::Measured(measured) => Cell::or_empty(measured.half_width, Cell::share),
        }),
        Column::left("measured", |row: &Row<'_>| match row {
            Row::Published(_) => Cell::text("by the paper"),
            Row::Measured(Measured { run, how, .. }) => Cell::text(format!("{run}, {how}")),
        }),
    ];
    let rows: Vec<Row<'_>> =
        TABLE_1.iter().map(Row::Published).chain(measured.iter().map(Row::Measured)).collect();
    Table::new(&columns, &rows)
}

/// A published number, marked where the paper's text does not state it. Its value is the middle of its bounds.
fn figure(figure: Option<Figure>, otherwise: &str, cell: impl Fn(f64) -> Cell) -> Cell {
    let Some(figure) = figure else { return Cell::missing(otherwise) };
    let Figure { least, most, standing } = figure;
    let text = if least == most {
        cell(least).shown().to_owned()
    } else {
        format!("{} to {}", cell(least).shown(), cell(most).shown())
    };
    cell(figure.middle()).showing(text + mark(standing))
}

fn mark(standing: Standing) -> &'static str {
    match standing {
        Standing::Stated => "",
        Standing::Remembered => "*",
        Standing::Inferred => "**",
    }
}
