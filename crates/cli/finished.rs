//! A run on disk with what is needed to ask it questions.

use std::path::Path;

use netsynth_graph::ArchitectureSpec;
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::RunFolder;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::complaint::Complaint;
use crate::networks::space;
use crate::plan::Plan;

/// What a run was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunKind {
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
pub(crate) fn run_kind(folder: &RunFolder) -> Result<RunKind, Complaint> {
    let telling: Telling = folder.plan()?;
    Ok(match telling {
        Telling { architecture: Some(_), .. } => RunKind::Training,
        Telling { strategies: Some(_), .. } => RunKind::Comparison,
        Telling { .. } => RunKind::Search,
    })
}

/// The plan of a search's run.
pub(crate) fn search_plan(folder: &RunFolder) -> Result<Plan, Complaint> {
    let made_by = match run_kind(folder)? {
        RunKind::Search => return Ok(folder.plan()?),
        RunKind::Training => "a training",
        RunKind::Comparison => "a comparison",
    };
    let complaint = Complaint::new(
        format!("it is the run of {made_by}, not of a search"),
        "give the folder that `netsynth search` wrote",
    );
    Err(complaint.at(folder.path().display().to_string()))
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
    let spec: SearchSpaceSpec = required(&folder, "search-space.ron")?;
    let prototype: ArchitectureSpec = required(&folder, "prototype.ron")?;
    let space = space(&spec.name, &spec, &prototype)?;
    Ok(Searched { folder, plan, space })
}
