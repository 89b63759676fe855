use clap::Args;
use netsynth_train::{Confusion, Recipe};

use crate::Ending;
use crate::complaint::Complaint;
use crate::training::{Options, Results, trained};
use crate::words::{count, millions, percent, say, say_json, table};

/// Train one network on subject-wise folds and judge it on each.
///
/// Example: netsynth train nano-b --data faces --folds 10 --epochs 60
#[derive(Args)]
pub(crate) struct Arguments {
    /// An architecture file, or a built-in name: resnet20, nano-b, nano-a-class, resnet50, mobilenet-v1,
    /// efficientnet-b0, micro-exp-net
    architecture: String,
    /// Epochs of each training
    #[arg(long, default_value_t = 60)]
    epochs: usize,
    #[command(flatten)]
    options: Options,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let results =
        trained(&arguments.architecture, &arguments.options, Recipe::strong(), arguments.epochs, 1)?;
    if arguments.json {
        say_json(&results)?;
    } else {
        show(&results)?;
    }
    Ok(Ending::Done)
}

fn show(results: &Results) -> Result<(), Complaint> {
    let mut rows = table(&["fold", "images", "accuracy"], 1);
    for fold in &results.folds {
        rows.add_row([fold.fold.to_string(), fold.n_images.to_string(), percent(fold.accuracy)]);
    }
    say(rows)?;
    say(format!(
        "accuracy {} mean, {} standard deviation over {} folds; {} parameters, {} MACs",
        percent(results.mean_accuracy),
        percent(results.standard_deviation),
        results.folds.len(),
        count(results.parameters),
        millions(results.macs)
    ))?;
    if let Some(caveat) = results.split.caveat() {
        say(caveat)?;
    }
    show_confusion(&results.classes, &results.confusion)
}

/// Prints what was taken for what, and each class's recall.
pub(crate) fn show_confusion(classes: &[String], confusion: &Confusion) -> Result<(), Complaint> {
    let header: Vec<&str> =
        ["is \\ taken for"].into_iter().chain(classes.iter().map(String::as_str)).chain(["recall"]).collect();
    let mut rows = table(&header, 1);
    for ((class, counts), recall) in classes.iter().zip(&confusion.0).zip(confusion.recalls()) {
        let cells = counts.iter().map(|count| if *count == 0 { ".".to_owned() } else { count.to_string() });
        let recall = recall.map_or("none".to_owned(), percent);
        rows.add_row([class.clone()].into_iter().chain(cells).chain([recall]));
    }
    say(rows)
}
