//! A run on disk with what is needed to ask it questions.

use std::path::Path;

use netsynth_graph::ArchitectureSpec;
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::{Entry, RunFolder, RunKind};
use serde::de::DeserializeOwned;

use crate::complaint::Complaint;
use crate::networks::space;
use crate::plan::Plan;

/// The plan of a search's run.
pub(crate) fn search_plan(folder: &RunFolder) -> Result<Plan, Complaint> {
    let kind = folder.kind()?;
    if kind == RunKind::Search {
        return Ok(folder.plan()?);
    }
    let complaint = Complaint::new(
        format!("it is the run of a {kind}, not of a search"),
        "give the folder that `netsynth search` wrote",
    );
    Err(complaint.at(folder.path().display().to_string()))
}

/// A document without which a run is none.
pub(crate) fn required<T: DeserializeOwned>(folder: &RunFolder, entry: Entry) -> Result<T, Complaint> {
    folder.document(entry)?.ok_or_else(|| {
        Complaint::new("the file is missing", "restore it from a copy of the run")
            .at(folder.locate(entry).display().to_string())
    })
}

/// A search's folder, its plan and its space.
pub(crate) struct Searched {
    pub(crate) folder: RunFolder,
    pub(crate) plan: Plan,
    pub(crate) space: SearchSpace,
}

/// Opens the folder of a search.
pub(crate) fn open(path: &Path) -> Result<Searched, Complaint> {
    let folder = RunFolder::open(path)?;
    let plan = search_plan(&folder)?;
    let spec: SearchSpaceSpec = required(&folder, Entry::SearchSpace)?;
    let prototype: ArchitectureSpec = required(&folder, Entry::Prototype)?;
    let space = space(&spec.name, &spec, &prototype)?;
    Ok(Searched { folder, plan, space })
}
