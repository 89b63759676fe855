use std::path::PathBuf;

use clap::Args;
use netsynth_graph::schema::SCHEMA;
use netsynth_search::{Condition, Metric};
use netsynth_store::RunFolder;
use serde_json::json;

use super::gathered::{Gathered, Summary, gather};
use super::listing::{self, Column, Row};
use crate::Ending;
use crate::complaint::Complaint;
use crate::finished::{RunKind, run_kind};
use crate::training::TrainPlan;
use crate::words::{say, say_json, table};

/// Print the Pareto front of a run, or the front of several runs together.
///
/// The picks are nano-a (the best in the first measured objective, or the most accurate), nano-b (the smallest) and the knee: the member farthest below the line
/// between the ends of the front, each objective scaled to the front's range. The hypervolume is the share that the
/// front dominates of the area between the indicator's bounds and an ideal network.
///
/// Example: netsynth front show runs/search-001 runs/search-002 --sort parameters
#[derive(Args)]
pub(crate) struct Show {
    #[command(flatten)]
    listing: Listing,
}

/// Print the trials of runs that meet a condition.
///
/// A condition compares metrics (accuracy, balanced_accuracy, macro_f1, worst_recall, parameters, macs,
/// peak_activations, weight_bytes), net_score and trial with numbers by >= <= > < = and !=, joined by `and`, `or`, `not`
/// and brackets. A number may be followed by %, k, M or, for peak_activations (of four bytes each) and weight_bytes,
/// KiB or MiB.
///
/// Example: netsynth front query runs/search-001 --where 'accuracy >= 92 % and parameters <= 150k'
#[derive(Args)]
pub(crate) struct Query {
    #[command(flatten)]
    listing: Listing,
    /// Keep what meets this condition
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
    /// Ask every trial that was measured, not only the front; measured metrics are those of the highest rung it climbed
    #[arg(long)]
    trials: bool,
}

/// Which runs, and how their trials are listed.
#[derive(Args)]
struct Listing {
    /// Folders of searches
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Sort by this column, the best first; the best in the first measured objective first if not given
    #[arg(long, value_name = "COLUMN")]
    sort: Option<Column>,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    /// Columns to print, in this order; what fits the terminal if not given
    #[arg(long, value_delimiter = ',')]
    columns: Vec<Column>,
    /// Print comma-separated values, numbers in full
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

pub(crate) fn show(arguments: &Show) -> Result<Ending, Complaint> {
    let listing = &arguments.listing;
    if let [path] = listing.runs.as_slice() {
        let folder = RunFolder::open(path)?;
        if run_kind(&folder)? == RunKind::Training {
            return show_training(&folder, listing.json);
        }
    }
    let gathered = gather(&listing.runs)?;
    let measured = gathered.measured();
    let rows = listing.sorted(gathered.front_rows());
    if listing.json {
        return as_json(&rows, &gathered);
    }
    if listing.csv {
        return listing.print(&rows, &gathered, &Column::of_front(&measured));
    }
    if rows.is_empty() {
        say("The front is empty: no trial met the indicator.")?;
        return Ok(Ending::Missed);
    }
    let ending = listing.print(&rows, &gathered, &Column::of_front(&measured))?;
    summarise(&gathered)?;
    let caveats = gathered.runs.iter().filter_map(|run| run.plan.data.split.caveat());
    caveats.take(1).try_for_each(say)?;
    Ok(ending)
}

/// Prints the one network of a training as a search's front is printed.
fn show_training(folder: &RunFolder, is_json: bool) -> Result<Ending, Complaint> {
    let front = folder.front()?;
    if is_json {
        say_json(&front)?;
        return Ok(Ending::Done);
    }
    super::show(&front, &[Metric::Accuracy])?;
    folder.plan::<TrainPlan>()?.data.split.caveat().into_iter().try_for_each(say)?;
    Ok(Ending::Done)
}

pub(crate) fn query(arguments: &Query) -> Result<Ending, Complaint> {
    let condition = arguments.condition.as_deref().map(Condition::read).transpose();
    let condition = condition.map_err(|error| Complaint::from(error).at("--where"))?;
    let listing = &arguments.listing;
    let gathered = gather(&listing.runs)?;
    let mut rows = if arguments.trials { gathered.trial_rows() } else { gathered.front_rows() };
    rows.retain(|row| condition.as_ref().is_none_or(|condition| condition.holds(&|what| row.get(what))));
    let rows = listing.sorted(rows);
    if listing.json {
        return as_json(&rows, &gathered);
    }
    let measured = gathered.measured();
    let columns = if arguments.trials { Column::of_trials(&measured) } else { Column::of_front(&measured) };
    if rows.is_empty() && !listing.csv {
        say(match arguments.trials {
            true => "No trial meets the condition.",
            false => "No member of the front meets the condition; --trials asks all trials.",
        })?;
        return Ok(Ending::Missed);
    }
    listing.print(&rows, &gathered, &columns)
}

impl Listing {
    fn sorted(&self, mut rows: Vec<Row>) -> Vec<Row> {
        match self.sort {
            Some(column) => listing::sort(&mut rows, column, self.reverse),
            None if self.reverse => rows.reverse(),
            None => {}
        }
        rows
    }

    fn print(&self, rows: &[Row], gathered: &Gathered, usual: &[Column]) -> Result<Ending, Complaint> {
        let several = (gathered.runs.len() > 1).then_some(Column::Run);
        let usual: Vec<Column> = several.into_iter().chain(usual.iter().copied()).collect();
        match (self.csv, self.columns.as_slice()) {
            (true, []) => say(listing::csv(rows, &every_column()))?,
            (true, columns) => say(listing::csv(rows, columns))?,
            (false, []) => say(listing::fitting_table(rows, &usual))?,
            (false, columns) => say(listing::table_of(rows, columns))?,
        }
        Ok(if rows.is_empty() { Ending::Missed } else { Ending::Done })
    }
}

fn every_column() -> Vec<Column> {
    clap::ValueEnum::value_variants().to_vec()
}

fn as_json(rows: &[Row], gathered: &Gathered) -> Result<Ending, Complaint> {
    say_json(&json!({
        "schema": SCHEMA,
        "members": rows,
        "hypervolume": gathered.hypervolume,
        "runs": gathered.summaries(),
    }))?;
    Ok(if rows.is_empty() { Ending::Missed } else { Ending::Done })
}

/// Says how good the front is; of several runs, each one's too.
fn summarise(gathered: &Gathered) -> Result<(), Complaint> {
    let share = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{share:.4}"));
    let summaries = gathered.summaries();
    if let [Summary { n_trials, n_members, hypervolume, .. }] = summaries.as_slice() {
        let dominated = match hypervolume {
            Some(share) => format!("hypervolume {share:.4}"),
            None => "no hypervolume: an objective has no bound".to_owned(),
        };
        return say(format!("{n_members} of {n_trials} trials; {dominated}"));
    }
    let mut rows = table(&["run", "trials", "front", "in the common front", "hypervolume", "knee"], 1);
    for of in &summaries {
        rows.add_row([
            of.run.clone(),
            of.n_trials.to_string(),
            of.n_members.to_string(),
            of.n_in_common.to_string(),
            share(of.hypervolume),
            of.knee.map_or("-".to_owned(), |trial| format!("trial {trial}")),
        ]);
    }
    say(rows)?;
    say(format!("together: hypervolume {}", share(gathered.hypervolume)))
}
