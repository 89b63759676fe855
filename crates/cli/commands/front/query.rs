use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use netsynth_files::Shown;
use netsynth_graph::schema::SCHEMA;
use netsynth_report::{Cell, Column, Table, above_family, predicted};
use netsynth_search::{Condition, Metric};
use netsynth_store::{RunFolder, RunKind};
use serde_json::json;

use super::listing::{self, Field, Row};
use super::runs::{Runs, Summary, gather};
use crate::Ending;
use crate::output::print::{Format, print, print_json, print_table};
use netsynth_run::{RunError, training_plan};

/// Print the Pareto front of a run, or the front of several runs together.
///
/// The picks are nano-a (the best in the first measured objective, or the most accurate), nano-b (the smallest; where the run has
/// certificates, the smallest that is shown to meet the indicator) and the knee: the member farthest below the line
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
/// peak_activations, weight_bytes, arena, flash, arena_int8, flash_int8, latency), net_score and trial with numbers
/// by >= <= > < = and !=, joined by `and`, `or`, `not` and brackets. A number may be followed by %, k, M or, for bytes
/// and for peak_activations (of four bytes each), KiB or MiB; a latency, which the plan's device_model predicts, by ns,
/// us, ms or s.
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
    sort: Option<Field>,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    /// Columns to print, in this order; what fits the terminal if not given
    #[arg(long, value_delimiter = ',')]
    columns: Vec<Field>,
    #[command(flatten)]
    format: Format,
}

pub(crate) fn show(arguments: &Show) -> Result<Ending, RunError> {
    let listing = &arguments.listing;
    if let [path] = listing.runs.as_slice() {
        let folder = RunFolder::open(path)?;
        if folder.kind()? == RunKind::Training {
            return show_training(&folder, listing);
        }
    }
    let runs = gather(&listing.runs)?;
    let rows = listing.sorted(runs.front_rows());
    if listing.format.json {
        return listing.print_json(&rows, &runs);
    }
    if rows.is_empty() && !listing.format.csv {
        print("The front is empty: no trial met the indicator.")?;
        return Ok(Ending::Missed);
    }
    listing.print(&rows, &Field::of_front(&rows, &runs.shown()))?;
    if !listing.format.csv {
        summarise(&runs)?;
        say_what_predicts(&runs)?;
        let caveats = runs.runs.iter().filter_map(|run| run.plan.data.split.caveat());
        caveats.take(1).try_for_each(print)?;
    }
    Ok(ending(&rows))
}

/// Prints the one network of a training as a search's front is printed.
fn show_training(folder: &RunFolder, listing: &Listing) -> Result<Ending, RunError> {
    let front = folder.front()?;
    let run = folder.path().shown();
    let rows: Vec<Row> =
        front.members.iter().map(|member| Row { run: run.clone(), ..Row::member(member) }).collect();
    if listing.format.json {
        match listing.columns.as_slice() {
            [] => print_json(&front)?,
            columns => {
                print_json(&json!({ "schema": SCHEMA, "members": listing::table(&rows, columns).json() }))?
            }
        }
        return Ok(Ending::Done);
    }
    listing.print(&rows, &Field::of_front(&rows, &[Metric::Accuracy, Metric::Parameters, Metric::Macs]))?;
    if !listing.format.csv {
        training_plan(folder)?.data.split.caveat().into_iter().try_for_each(print)?;
    }
    Ok(Ending::Done)
}

pub(crate) fn query(arguments: &Query) -> Result<Ending, RunError> {
    let condition = arguments.condition.as_deref().map(Condition::read).transpose();
    let condition = condition.map_err(|error| RunError::of(error).at("--where"))?;
    let listing = &arguments.listing;
    let runs = gather(&listing.runs)?;
    let mut rows = if arguments.trials { runs.trial_rows() } else { runs.front_rows() };
    rows.retain(|row| condition.as_ref().is_none_or(|condition| condition.holds(&|what| row.get(what))));
    let rows = listing.sorted(rows);
    if listing.format.json {
        return listing.print_json(&rows, &runs);
    }
    let metrics = runs.shown();
    let columns =
        if arguments.trials { Field::of_trials(&metrics) } else { Field::of_front(&rows, &metrics) };
    if rows.is_empty() && !listing.format.csv {
        print(match arguments.trials {
            true => "No trial meets the condition.",
            false => "No member of the front meets the condition; --trials asks all trials.",
        })?;
        return Ok(Ending::Missed);
    }
    listing.print(&rows, &columns)?;
    if !listing.format.csv {
        say_what_predicts(&runs)?;
    }
    Ok(ending(&rows))
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

    /// Prints rows as a table or as CSV, in the columns that were asked for; in all of them or in the `usual` ones if none were.
    fn print(&self, rows: &[Row], usual: &[Field]) -> Result<(), RunError> {
        let several = (self.runs.len() > 1).then_some(Field::Run);
        let usual: Vec<Field> = several.into_iter().chain(usual.iter().copied()).collect();
        match (self.format.csv, self.columns.as_slice()) {
            (true, []) => print(listing::table(rows, Field::value_variants()).csv()),
            (true, columns) => print(listing::table(rows, columns).csv()),
            (false, []) => print_table(&listing::fitting_table(rows, &usual)),
            (false, columns) => print_table(&listing::table(rows, columns)),
        }
    }

    /// Prints rows as JSON: all that is known of each, or the columns that were asked for.
    fn print_json(&self, rows: &[Row], runs: &Runs) -> Result<Ending, RunError> {
        let members = match self.columns.as_slice() {
            [] => json!(rows),
            columns => listing::table(rows, columns).json(),
        };
        print_json(&json!({
            "schema": SCHEMA,
            "members": members,
            "hypervolume": runs.hypervolume,
            "runs": runs.summaries(),
        }))?;
        Ok(ending(rows))
    }
}

/// Nothing found is an ending of its own.
fn ending(rows: &[Row]) -> Ending {
    if rows.is_empty() { Ending::Missed } else { Ending::Done }
}

/// Says where predicted latencies come from and what they are worth.
fn say_what_predicts(runs: &Runs) -> Result<(), RunError> {
    let devices = runs.runs.iter().filter_map(|run| run.device.as_ref().map(predicted));
    devices.collect::<BTreeSet<_>>().into_iter().try_for_each(print)
}

/// Says how good the front is; of several runs, each one's too.
fn summarise(runs: &Runs) -> Result<(), RunError> {
    let summaries = runs.summaries();
    if let [Summary { n_trials, n_members, hypervolume, .. }] = summaries.as_slice() {
        let dominated = match hypervolume {
            Some(share) => format!("hypervolume {share:.4}"),
            None => "no hypervolume: an objective has no bound".to_owned(),
        };
        print(format!("{n_members} of {n_trials} trials; {dominated}"))?;
        let lines = runs.runs.iter().filter_map(|run| above_family(&run.leads, run.plan.search.quality()));
        return lines.take(1).try_for_each(print);
    }
    let columns = [
        Column::left("run", |run: &Summary| Cell::text(&run.run)),
        Column::right("trials", |run: &Summary| Cell::whole(run.n_trials)),
        Column::right("front", |run: &Summary| Cell::whole(run.n_members)),
        Column::right("in the common front", |run: &Summary| Cell::whole(run.n_in_common)),
        Column::right("hypervolume", |run: &Summary| {
            Cell::known(run.hypervolume, |share| Cell::fixed(share, 4))
        }),
        Column::right("knee", |run: &Summary| {
            Cell::known(run.knee, |trial| Cell::new(trial, format!("trial {trial}")))
        }),
    ];
    print_table(&Table::new(&columns, &summaries))?;
    let together = runs.hypervolume.map_or("-".to_owned(), |share| format!("{share:.4}"));
    print(format!("together: hypervolume {together}"))
}
