//! Table 1 of the paper with what was measured here.

use std::path::{Path, PathBuf};

use clap::Args;
use netsynth_report::{Figure, Published, SOURCE, Standing, TABLE_1};
use netsynth_search::Variant;
use netsynth_store::RunFolder;
use serde::Serialize;

use crate::Ending;
use crate::complaint::Complaint;
use crate::finished::{RunKind, run_kind, search_plan};
use crate::results::Results;
use crate::variants::known;
use crate::words::{count, estimate, percent, say, say_json, table};

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
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// A network that was measured here.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    network: String,
    run: PathBuf,
    parameters: u64,
    accuracy: Option<f64>,
    /// Half the width of the accuracy's 95 % interval.
    half_width: Option<f64>,
    /// On whom it was judged, and after what training.
    how: String,
}

/// A published row, as JSON has it.
#[derive(Serialize)]
struct Row {
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
struct Table<'a> {
    source: &'static str,
    published: Vec<Row>,
    measured: &'a [Measured],
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let mut measured = Vec::new();
    for run in &arguments.runs {
        let folder = RunFolder::open(run)?;
        match run_kind(&folder)? {
            RunKind::Training => {
                let results = folder.document::<Results>("results.ron")?.ok_or_else(|| {
                    let remedy = format!("finish it with `netsynth resume {}`", run.display());
                    Complaint::new("the training is not finished", remedy).at(run.display().to_string())
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
    show(&measured, arguments.json)?;
    Ok(Ending::Done)
}

impl Measured {
    /// What came of a training on folds.
    pub(crate) fn on_folds(results: &Results, run: &Path) -> Self {
        let mut how = format!("{} trainings of {} epochs on folds", results.folds.len(), results.epochs);
        if let Some(caveat) = results.split.caveat() {
            how += &format!("; {caveat}");
        }
        Self {
            network: results.network.clone(),
            run: run.to_owned(),
            parameters: results.cost.parameters,
            accuracy: Some(results.mean_accuracy),
            half_width: results.half_width,
            how,
        }
    }

    /// The variants of a search.
    fn of_search(folder: &RunFolder) -> Result<Vec<Self>, Complaint> {
        let mut measured = Vec::new();
        for variant in Variant::ALL {
            let Some(metrics) = known(folder, variant)? else { continue };
            measured.push(Self {
                network: format!("{variant}, trial {}", metrics.trial),
                run: folder.path().to_owned(),
                parameters: metrics.cost.parameters,
                accuracy: metrics.held_out_accuracy,
                half_width: None,
                how: format!("{} images of held-out subjects", metrics.n_held_out_images),
            });
        }
        if measured.is_empty() {
            let remedy = format!("finish it with `netsynth resume {}`", folder.path().display());
            let complaint = Complaint::new("the search has no variants", remedy);
            return Err(complaint.at(folder.path().display().to_string()));
        }
        Ok(measured)
    }

    fn accuracy(&self) -> String {
        self.accuracy.map_or("not judged".to_owned(), |accuracy| estimate(accuracy, self.half_width))
    }
}

/// Prints the published rows, and below them the measured ones.
pub(crate) fn show(measured: &[Measured], as_json: bool) -> Result<(), Complaint> {
    if as_json {
        let number = |figure: Figure| Number {
            least: figure.least,
            most: figure.most,
            standing: figure.standing.to_string(),
        };
        let row = |row: &Published| Row {
            network: row.network,
            parameters: row.parameters.map(number),
            accuracy: row.accuracy.map(number),
        };
        return say_json(&Table { source: SOURCE, published: TABLE_1.iter().map(row).collect(), measured });
    }
    let mut rows = table(&["network", "parameters", "accuracy", "measured"], 1);
    for published in &TABLE_1 {
        rows.add_row([
            published.network.to_owned(),
            figure(published.parameters, "unknown", |value| count(value as u64)),
            figure(published.accuracy, "far below Nano", percent),
            "by the paper".to_owned(),
        ]);
    }
    for row in measured {
        rows.add_row([
            row.network.clone(),
            count(row.parameters),
            row.accuracy(),
            format!("{}, {}", row.run.display(), row.how),
        ]);
    }
    say(rows)?;
    say(SOURCE)?;
    for standing in Standing::ALL.into_iter().filter(|standing| *standing != Standing::Stated) {
        say(format!("{} {standing}: {}", mark(standing), standing.meaning()))?;
    }
    Ok(())
}

/// A published number, marked where the paper's text does not state it.
fn figure(figure: Option<Figure>, otherwise: &str, words: impl Fn(f64) -> String) -> String {
    match figure {
        None => otherwise.to_owned(),
        Some(Figure { least, most, standing }) if least == most => {
            format!("{}{}", words(least), mark(standing))
        }
        Some(Figure { least, most, standing }) => {
            format!("{} to {}{}", words(least), words(most), mark(standing))
        }
    }
}

fn mark(standing: Standing) -> &'static str {
    match standing {
        Standing::Stated => "",
        Standing::Remembered => "*",
        Standing::Inferred => "**",
    }
}
