//! What a run found, as tables, comparisons and plots.

mod diff;
mod listing;
pub(crate) mod plot;
mod query;
mod runs;

use clap::{Args, Subcommand};
use netsynth_search::Metric;
use netsynth_store::FrontFile;

use crate::Ending;
use crate::output::print::{print, print_table};
use listing::{Field, Row};
use netsynth_run::RunError;
pub(crate) use plot::{glyphs, plot_of};

/// Show what runs found: their Pareto fronts, any of their trials, what differs between two networks.
///
/// Everything is derived from the trials, so a run that is still at work can be asked too.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Show(query::Show),
    Query(query::Query),
    Diff(diff::Arguments),
    Plot(plot::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    match &arguments.command {
        Command::Show(arguments) => query::show(arguments),
        Command::Query(arguments) => query::query(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Plot(arguments) => plot::run(arguments),
    }
}

/// Prints the front that a search has just found, with these metrics.
pub(crate) fn show(front: &FrontFile, metrics: &[Metric]) -> Result<(), RunError> {
    if front.members.is_empty() {
        return print("The front is empty: no trial met the indicator.");
    }
    let rows: Vec<Row> = front.members.iter().map(Row::member).collect();
    print_table(&listing::fitting_table(&rows, &Field::of_front(&rows, metrics)))
}

/// The same as comma-separated values.
pub(crate) fn csv(front: &FrontFile, metrics: &[Metric]) -> String {
    let rows: Vec<Row> = front.members.iter().map(Row::member).collect();
    listing::table(&rows, &Field::of_front(&rows, metrics)).csv()
}
