use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use netsynth_graph::ArchitectureSpec;
use netsynth_space::SearchSpaceSpec;
use netsynth_store::RunFolder;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::Ending;
use crate::complaint::Complaint;
use crate::plan::Plan;
use crate::provenance::Provenance;
use crate::session::Session;
use crate::workers::worker_count;

/// Go on with a search that was stopped, killed or cut off.
///
/// What was trained is kept; the end is the same, byte for byte on the CPU, as if nothing had happened. Run it in the
/// folder where the search was begun, if its plan names a data folder by a relative path.
///
/// Example: netsynth resume runs/search-001
#[derive(Args)]
pub(crate) struct Arguments {
    /// The run's folder
    run: PathBuf,
    /// Trainings side by side, each on one core; all cores if not given. Changes no result
    #[arg(long)]
    workers: Option<usize>,
    /// Print the front as JSON instead of a table
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let workers = worker_count(arguments.workers)?;
    let folder = RunFolder::resume(&arguments.run)?;
    reopened(&folder, workers, arguments.json)?.work(&folder)
}

/// A search's session as its folder describes it, on the faces that it began with.
pub(crate) fn reopened(
    folder: &RunFolder,
    workers: NonZeroUsize,
    as_json: bool,
) -> Result<Session, Complaint> {
    let plan = search_plan(folder)?;
    let place = || folder.path().join("plan.ron").display().to_string();
    plan.check().map_err(|complaint| complaint.at(place()))?;
    let dataset = plan.data.load().map_err(|complaint| complaint.at(place()))?;
    let provenance: Provenance = required(folder, "provenance.ron")?;
    provenance
        .refuse_other(&dataset)
        .map_err(|complaint| complaint.at(folder.path().display().to_string()))?;
    let space_spec: SearchSpaceSpec = required(folder, "search-space.ron")?;
    let prototype: ArchitectureSpec = required(folder, "prototype.ron")?;
    Session::new(plan, dataset, &space_spec, &prototype, workers, as_json)
}

/// The part of a plan that tells a search's from a training's.
#[derive(Deserialize)]
struct Kind {
    search: Option<IgnoredAny>,
}

/// The plan of a search's run.
pub(crate) fn search_plan(folder: &RunFolder) -> Result<Plan, Complaint> {
    if folder.plan::<Kind>()?.search.is_none() {
        let remedy = "only searches go on; begin the training again with `netsynth train`";
        let complaint = Complaint::new("it is the run of a training, not of a search", remedy);
        return Err(complaint.at(folder.path().display().to_string()));
    }
    Ok(folder.plan()?)
}

/// A document without which a run is none.
pub(crate) fn required<T: DeserializeOwned>(folder: &RunFolder, name: &str) -> Result<T, Complaint> {
    folder.document(name)?.ok_or_else(|| {
        Complaint::new("the file is missing", "restore it from a copy of the run").at(folder
            .path()
            .join(name)
            .display()
            .to_string())
    })
}
