use std::path::PathBuf;

use clap::{Args, Subcommand};
use netsynth_store::{FrontFile, RunFolder};

use crate::Ending;
use crate::complaint::Complaint;
use crate::finished::{RunKind, run_kind, search_plan};
use crate::training::TrainPlan;
use crate::words::{count, millions, percent, say, say_json, table};

/// Show the Pareto front of a run.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the members of the front
    ///
    /// Example: netsynth front show runs/search-001
    Show {
        /// The run's folder
        run: PathBuf,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let Command::Show { run, json } = &arguments.command;
    let front = RunFolder::open(run)?.front()?;
    if *json {
        say_json(&front)?;
    } else {
        show(&front)?;
        let folder = RunFolder::open(run)?;
        let split = match run_kind(&folder)? {
            RunKind::Training => folder.plan::<TrainPlan>()?.data.split,
            RunKind::Search | RunKind::Comparison => search_plan(&folder)?.data.split,
        };
        if let Some(caveat) = split.caveat() {
            say(caveat)?;
        }
    }
    Ok(if front.members.is_empty() { Ending::Missed } else { Ending::Done })
}

/// Prints a front as a table.
pub(crate) fn show(front: &FrontFile) -> Result<(), Complaint> {
    if front.members.is_empty() {
        return say("The front is empty: no trial met the indicator.");
    }
    let mut rows = table(&["trial", "network", "accuracy", "parameters", "MACs", "NetScore", "variant"], 2);
    for member in &front.members {
        let variants: Vec<String> = member.variants.iter().map(ToString::to_string).collect();
        rows.add_row([
            member.trial.to_string(),
            member.id.to_string(),
            percent(member.accuracy),
            count(member.cost.parameters),
            millions(member.cost.macs),
            format!("{:.2}", member.net_score),
            variants.join(", "),
        ]);
    }
    say(rows)
}
