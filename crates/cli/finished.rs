//! A run on disk with what is needed to ask it questions.

use std::path::Path;

use netsynth_graph::ArchitectureSpec;
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::RunFolder;

use crate::complaint::Complaint;
use crate::networks::space;
use crate::plan::Plan;
use crate::resume::{required, search_plan};

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
