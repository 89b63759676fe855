//! A run on disk with what is needed to ask it questions.

use std::path::Path;

use netsynth_graph::ArchitectureSpec;
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::{Entry, RunFolder, RunKind};
use serde::de::DeserializeOwned;

use crate::networks::space;
use crate::{Plan, RunError};

/// The plan of a search's run.
pub fn search_plan(folder: &RunFolder) -> Result<Plan, RunError> {
    let kind = folder.kind()?;
    if kind == RunKind::Search {
        return Ok(folder.plan()?);
    }
    let error = RunError::new(
        format!("it is the run of a {kind}, not of a search"),
        "give the folder that `netsynth search` wrote",
    );
    Err(error.at(folder.path().display().to_string()))
}

/// A document without which a run is none.
pub fn required<T: DeserializeOwned>(folder: &RunFolder, entry: Entry) -> Result<T, RunError> {
    folder.document(entry)?.ok_or_else(|| {
        RunError::new("the file is missing", "restore it from a copy of the run")
            .at(folder.locate(entry).display().to_string())
    })
}

/// The search space and the prototype that a search's folder has.
pub(crate) fn recorded_space(folder: &RunFolder) -> Result<(SearchSpaceSpec, ArchitectureSpec), RunError> {
    Ok((required(folder, Entry::SearchSpace)?, required(folder, Entry::Prototype)?))
}

/// A search's folder, its plan and its space.
pub struct OpenSearch {
    /// The folder.
    pub folder: RunFolder,
    /// The plan.
    pub plan: Plan,
    /// The space.
    pub space: SearchSpace,
}

/// Opens the folder of a search.
pub fn open_search(path: &Path) -> Result<OpenSearch, RunError> {
    let folder = RunFolder::open(path)?;
    let plan = search_plan(&folder)?;
    let (spec, prototype) = recorded_space(&folder)?;
    let space = space(&spec.name, &spec, &prototype)?;
    Ok(OpenSearch { folder, plan, space })
}
