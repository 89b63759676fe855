use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use netsynth_graph::ArchitectureSpec;
use netsynth_space::SearchSpaceSpec;
use netsynth_store::{Entry, RunFolder, RunKind};

use crate::complaint::Complaint;
use crate::finished::{required, search_plan};
use crate::provenance::Provenance;
use crate::session::{Output, Session};
use crate::train::told;
use crate::training::OnFolds;
use crate::workers::worker_count;
use crate::{Ending, interrupt};

/// Go on with a search or a training that was stopped, killed or cut off.
///
/// What was trained is kept; the end is the same, byte for byte on the CPU, as if nothing had happened. Run it in the
/// folder where the run was begun, if its plan names a data folder by a relative path.
///
/// Example: netsynth resume runs/search-001
#[derive(Args)]
pub(crate) struct Arguments {
    /// The run's folder
    run: PathBuf,
    /// Trainings side by side, each on one core; all cores if not given. Changes no result
    #[arg(long)]
    workers: Option<usize>,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let workers = worker_count(arguments.workers)?;
    let folder = RunFolder::resume(&arguments.run)?;
    interrupt::listen()?;
    match folder.kind()? {
        RunKind::Training => {
            let results = OnFolds::reopened(&folder)?.work(&folder, workers)?;
            told(results.as_ref(), arguments.json)
        }
        // Anything else but a search is refused there.
        RunKind::Search | RunKind::Comparison => {
            reopened(&folder, workers, Output::asked(arguments.json))?.work(&folder)
        }
    }
}

/// A search's session as its folder describes it, on the faces that it began with.
pub(crate) fn reopened(
    folder: &RunFolder,
    workers: NonZeroUsize,
    output: Output,
) -> Result<Session, Complaint> {
    let plan = search_plan(folder)?;
    let place = || folder.locate(Entry::Plan).display().to_string();
    plan.check().map_err(|complaint| complaint.at(place()))?;
    let dataset = plan.data.load().map_err(|complaint| complaint.at(place()))?;
    let provenance: Provenance = required(folder, Entry::Provenance)?;
    provenance
        .refuse_other(&dataset)
        .map_err(|complaint| complaint.at(folder.path().display().to_string()))?;
    let space_spec: SearchSpaceSpec = required(folder, Entry::SearchSpace)?;
    let prototype: ArchitectureSpec = required(folder, Entry::Prototype)?;
    Session::new(plan, dataset, &space_spec, &prototype, workers, output)
}
