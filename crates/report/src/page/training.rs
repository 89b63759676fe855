//! The page of a training on folds.

use netsynth_graph::{Expectation, Graph};
use netsynth_search::Estimate;

use super::sections::{made_with, top};
use super::shell;
use super::variants::confusion;
use crate::charts::losses;
use crate::drawing::drawing_in_page;
use crate::markup::escaped;
use crate::numbers::{count, estimate, kibibytes, millions};
use crate::tables::{Cell, Column, Table};

/// One training of the network, and how it was judged.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainedFold {
    /// The seed of its random draws.
    pub seed: u64,
    /// The fold that it was judged on, from 1.
    pub fold: usize,
    /// How often each class (row) was taken for each (column).
    pub confusion: Vec<Vec<usize>>,
    /// The mean training loss of each epoch, in nats.
    pub losses: Vec<f32>,
}

/// Everything that the page of a training shows.
#[derive(Debug)]
pub struct TrainingReport {
    /// What people call the run.
    pub name: String,
    /// What was trained.
    pub network: Graph,
    /// Epochs of each training.
    pub epochs: usize,
    /// How many trainings the plan asks for.
    pub n_planned: usize,
    /// Those that there are.
    pub folds: Vec<TrainedFold>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// What was published of the network.
    pub published: Vec<Expectation>,
    /// The plan's file.
    pub plan_text: String,
    /// With what and on what it was made: a name and a value each.
    pub environment: Vec<(String, String)>,
    /// What must be known to read the numbers rightly.
    pub notes: Vec<String>,
    /// What could not be read, a sentence each.
    pub damage: Vec<String>,
}

impl TrainedFold {
    fn n_images(&self) -> usize {
        self.confusion.iter().flatten().sum()
    }

    fn accuracy(&self) -> f64 {
        let right: usize = self.confusion.iter().enumerate().filter_map(|(class, row)| row.get(class)).sum();
        right as f64 / self.n_images().max(1) as f64
    }
}

/// The page of a training. The same report gives the same bytes.
pub fn training_page(report: &TrainingReport) -> String {
    let body = [head(report), network(report), curves(report), folds(report), published(report)].concat();
    let end = made_with(&report.notes, &report.environment, &report.plan_text);
    shell(&report.name, &(body + &end))
}

/// The mean accuracy with its interval.
fn accuracy(report: &TrainingReport) -> String {
    let accuracies: Vec<f64> = report.folds.iter().map(TrainedFold::accuracy).collect();
    let known = Estimate::of(&accuracies);
    known.map_or("none yet".to_owned(), |Estimate { mean, half_width }| estimate(mean, half_width))
}

fn head(report: &TrainingReport) -> String {
    let TrainingReport { folds, n_planned, epochs, network, .. } = report;
    let status = if folds.len() >= *n_planned && folds.len() == 1 {
        format!("Finished. A training of {epochs} epochs, judged on one fold.")
    } else if folds.len() >= *n_planned {
        format!("Finished. {} trainings of {epochs} epochs, each judged on its own fold.", folds.len())
    } else {
        format!("Unfinished, {} of {n_planned} trainings of {epochs} epochs so far.", folds.len())
    };
    let cost = network.cost();
    let figures = [
        ("accuracy", accuracy(report)),
        ("parameters", count(cost.parameters)),
        ("multiply-accumulates", millions(cost.macs)),
        ("peak activations", kibibytes(4 * cost.peak_activations)),
    ];
    top(&report.name, &status, &report.damage, &figures)
}

fn network(report: &TrainingReport) -> String {
    format!(
        "<section id=\"network\">\n<h2>{}</h2>\n<p class=\"hint\">Height and number: channels. 3×3 unless noted, a line below \
         marks a stride, ⊕ a sum. Point at a node for its shape and what it reads.</p>\n<div class=\"wide\">{}</div>\n</section>\n",
        escaped(report.network.name()),
        drawing_in_page(&report.network)
    )
}

fn curves(report: &TrainingReport) -> String {
    let series: Vec<&[f32]> =
        report.folds.iter().map(|fold| fold.losses.as_slice()).filter(|losses| !losses.is_empty()).collect();
    if series.is_empty() {
        return String::new();
    }
    format!(
        "<section id=\"curves\">\n<h2>Learning curves</h2>\n<figure><figcaption>Training loss in nats, a line for each \
         training</figcaption>{}</figure>\n</section>\n",
        losses(&series)
    )
}

fn folds(report: &TrainingReport) -> String {
    let TrainingReport { folds, classes, .. } = report;
    if folds.is_empty() {
        return String::new();
    }
    let columns = [
        Column::left("seed", |fold: &TrainedFold| Cell::whole(fold.seed)),
        Column::right("fold", |fold: &TrainedFold| Cell::whole(fold.fold)),
        Column::right("images", |fold: &TrainedFold| Cell::whole(fold.n_images())),
        Column::accuracy(|fold: &TrainedFold| Some(fold.accuracy())),
        Column::right("last loss", |fold: &TrainedFold| {
            Cell::or_empty(fold.losses.last(), |loss| Cell::fixed(f64::from(*loss), 3))
        }),
    ];
    let mut total = vec![vec![0; classes.len()]; classes.len()];
    for fold in folds {
        for (row, more) in total.iter_mut().zip(&fold.confusion) {
            row.iter_mut().zip(more).for_each(|(images, more)| *images += more);
        }
    }
    format!(
        "<section id=\"folds\">\n<h2>Folds and classes</h2>\n<div class=\"pair\">\n<div>{}</div>\n<div>{}</div>\n</div>\n</section>\n",
        Table::new(&columns, folds).html(),
        confusion(classes, &total)
    )
}

fn published(report: &TrainingReport) -> String {
    if report.published.is_empty() {
        return String::new();
    }
    let cost = report.network.cost();
    let mut rows: Vec<[Cell; 4]> = Vec::new();
    for Expectation { source, parameters, macs, accuracy: known } in &report.published {
        let mut row = |what: &str, here: Cell, known: Cell| {
            rows.push([Cell::text(what), Cell::text(source), here, known])
        };
        if let Some(known) = known {
            row("accuracy", Cell::text(accuracy(report)), Cell::share(*known));
        }
        if let Some(known) = parameters {
            row("parameters", Cell::count(cost.parameters), Cell::count(*known));
        }
        if let Some(known) = macs {
            row("multiply-accumulates", Cell::millions(cost.macs), Cell::millions(*known));
        }
    }
    let columns = [
        Column::left("", |row: &[Cell; 4]| row[0].clone()),
        Column::left("expected by", |row: &[Cell; 4]| row[1].clone()),
        Column::right("here", |row: &[Cell; 4]| row[2].clone()),
        Column::right("expected", |row: &[Cell; 4]| row[3].clone()),
    ];
    format!(
        "<section id=\"published\">\n<h2>Measured beside published</h2>\n{}</section>\n",
        Table::new(&columns, &rows).html()
    )
}
