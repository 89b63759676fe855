use clap::Args;
use netsynth_graph::Expectation;
use netsynth_search::Estimate;
use netsynth_train::Recipe;
use serde::Serialize;

use crate::Ending;
use crate::complaint::Complaint;
use crate::networks::{architecture, read};
use crate::train::show_confusion;
use crate::training::{Options, Results, trained};
use crate::words::{count, millions, percent, say, say_json, table};

/// Rerun the paper's measurement of a network: its recipe and protocol, measured beside published.
///
/// Ten subject-wise folds, 200 epochs, the recipe as published, unless asked otherwise. The interval is Student's t at
/// 95 % over folds and seeds; folds share training images, so it is narrower than independent measurements would give.
///
/// Example: netsynth reproduce nano-b --data CK+ --seeds 3
#[derive(Args)]
pub(crate) struct Arguments {
    /// nano-a (the interpolated stand-in: its widths are not published), nano-b, resnet20, or another built-in name or
    /// file
    network: String,
    /// Epochs of each training; the schedule keeps its shape
    #[arg(long, default_value_t = 200)]
    epochs: usize,
    /// How many times the folds are trained, each with another seed from `--seed` on
    #[arg(long, default_value_t = 1)]
    seeds: usize,
    #[command(flatten)]
    options: Options,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

/// What was measured beside what was published.
#[derive(Serialize)]
struct Reproduction {
    measured: Results,
    /// Half the width of the accuracy's 95 % interval.
    half_width: Option<f64>,
    published: Vec<Expectation>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let network = match arguments.network.as_str() {
        "nano-a" => "nano-a-class",
        name => name,
    };
    let (spec, _) = architecture(&read(network)?)?;
    let measured = trained(network, &arguments.options, Recipe::paper(), arguments.epochs, arguments.seeds)?;
    let accuracies: Vec<f64> = measured.folds.iter().map(|fold| fold.accuracy).collect();
    let half_width = Estimate::of(&accuracies).and_then(|estimate| estimate.half_width);
    let reproduction = Reproduction { measured, half_width, published: spec.expect };
    if arguments.json {
        say_json(&reproduction)?;
    } else {
        show(&reproduction)?;
    }
    Ok(Ending::Done)
}

fn show(reproduction: &Reproduction) -> Result<(), Complaint> {
    let Reproduction { measured, half_width, published } = reproduction;
    show_confusion(&measured.classes, &measured.confusion)?;
    let mut rows = table(&["", "measured", "published", "difference"], 1);
    let accuracy = match half_width {
        Some(half_width) => format!("{} ± {:.2}", percent(measured.mean_accuracy), 100.0 * half_width),
        None => percent(measured.mean_accuracy),
    };
    let mut sources = Vec::new();
    for expectation in published {
        sources.push(expectation.source.as_str());
        let mark = format!("[{}]", sources.len());
        if let Some(known) = expectation.accuracy {
            let points = 100.0 * (measured.mean_accuracy - known);
            let cells =
                [accuracy.clone(), format!("{} {mark}", percent(known)), format!("{points:+.2} points")];
            rows.add_row(["accuracy".to_owned()].into_iter().chain(cells));
        }
        let counts = [
            ("parameters", measured.parameters, expectation.parameters, count as fn(u64) -> String),
            ("MACs", measured.macs, expectation.macs, millions),
        ];
        for (name, found, known, words) in counts {
            if let Some(known) = known {
                // Rounded first, or a hair below would print as -0.00.
                let difference = (1e4 * (found as f64 / known as f64 - 1.0)).round() / 100.0 + 0.0;
                let cells = [words(found), format!("{} {mark}", words(known)), format!("{difference:+.2} %")];
                rows.add_row([name.to_owned()].into_iter().chain(cells));
            }
        }
    }
    if published.iter().all(|expectation| expectation.accuracy.is_none()) {
        rows.add_row(["accuracy", &accuracy, "not published", ""]);
    }
    say(rows)?;
    for (number, source) in sources.iter().enumerate() {
        say(format!("[{}] {source}", number + 1))?;
    }
    match measured.split.caveat() {
        Some(caveat) => say(caveat),
        None => Ok(()),
    }
}
