//! A run on disk with what is needed to ask it questions.

use std::path::Path;

use netsynth_graph::ArchitectureSpec;
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::{Entry, RunFolder, RunKind};
use serde::de::DeserializeOwned;

use crate::networks::space;
use crate::{Plan, RunError, TrainPlan};

/// The plan of a search's run, checked as one that is given is.
pub fn search_plan(folder: &RunFolder) -> Result<Plan, RunError> {
    let plan: Plan = plan_of(folder, RunKind::Search, "search")?;
    plan.check().map_err(RunError::about(&folder.locate(Entry::Plan)))?;
    Ok(plan)
}

/// The plan of a training's run, checked as one that is given is.
pub fn training_plan(folder: &RunFolder) -> Result<TrainPlan, RunError> {
    let plan: TrainPlan = plan_of(folder, RunKind::Training, "train")?;
    plan.check().map_err(RunError::about(&folder.locate(Entry::Plan)))?;
    Ok(plan)
}

/// The plan of a run that must be of a kind, which a command makes.
fn plan_of<P: DeserializeOwned>(folder: &RunFolder, kind: RunKind, command: &str) -> Result<P, RunError> {
    let found = folder.kind()?;
    if found == kind {
        return Ok(folder.plan()?);
    }
    let error = RunError::new(
        format!("it is the run of a {found}, not of a {kind}"),
        format!("give the folder that `netsynth {command}` wrote"),
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
