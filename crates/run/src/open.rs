//! A run on disk with what is needed to ask it questions.

use std::path::Path;

use netsynth_graph::ArchitectureSpec;
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::RunFolder;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::networks::space;
use crate::{Plan, RunError};

/// What a run was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// `netsynth search`.
    Search,
    /// `netsynth train` or `reproduce`.
    Training,
    /// `netsynth compare`.
    Comparison,
}

/// The fields of a plan that tell one kind from another.
#[derive(Deserialize)]
struct Telling {
    architecture: Option<IgnoredAny>,
    strategies: Option<IgnoredAny>,
}

/// What a run was made by.
pub fn run_kind(folder: &RunFolder) -> Result<RunKind, RunError> {
    let telling: Telling = folder.plan()?;
    Ok(match telling {
        Telling { architecture: Some(_), .. } => RunKind::Training,
        Telling { strategies: Some(_), .. } => RunKind::Comparison,
        Telling { .. } => RunKind::Search,
    })
}

/// The plan of a search's run.
pub fn search_plan(folder: &RunFolder) -> Result<Plan, RunError> {
    let made_by = match run_kind(folder)? {
        RunKind::Search => return Ok(folder.plan()?),
        RunKind::Training => "a training",
        RunKind::Comparison => "a comparison",
    };
    let error = RunError::new(
        format!("it is the run of {made_by}, not of a search"),
        "give the folder that `netsynth search` wrote",
    );
    Err(error.at(folder.path().display().to_string()))
}

/// A document without which a run is none.
pub fn required<T: DeserializeOwned>(folder: &RunFolder, name: &str) -> Result<T, RunError> {
    folder.document(name)?.ok_or_else(|| {
        RunError::new("the file is missing", "restore it from a copy of the run").at(folder
            .path()
            .join(name)
            .display()
            .to_string())
    })
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
    let spec: SearchSpaceSpec = required(&folder, "search-space.ron")?;
    let prototype: ArchitectureSpec = required(&folder, "prototype.ron")?;
    let space = space(&spec.name, &spec, &prototype)?;
    Ok(OpenSearch { folder, plan, space })
}
