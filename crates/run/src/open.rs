//! A run on disk with what is needed to ask it questions.

use std::path::Path;

use netsynth_files::Shown;
use netsynth_graph::ArchitectureSpec;
use netsynth_graph::program::DeviceModel;
use netsynth_search::{PastSearch, Problem};
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::{Entry, LearnedFile, RunFolder, RunKind};
use serde::de::DeserializeOwned;

use crate::networks::{checked, space};
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
    Err(error.at(folder.path().shown()))
}

/// A document without which a run is none.
pub fn required<T: DeserializeOwned>(folder: &RunFolder, entry: Entry) -> Result<T, RunError> {
    folder.document(entry)?.ok_or_else(|| {
        RunError::new("the file is missing", "restore it from a copy of the run")
            .at(folder.locate(entry).shown())
    })
}

/// What a search's networks are made from, as its folder has it: a space, the prototype that it varies, what predicts their
/// time if its plan names that, and what earlier searches measured.
pub(crate) struct Inputs {
    pub(crate) space: SearchSpaceSpec,
    pub(crate) prototype: ArchitectureSpec,
    pub(crate) device: Option<DeviceModel>,
    pub(crate) learned: Option<LearnedFile>,
}

impl Inputs {
    /// Those that a search's folder has.
    pub(crate) fn recorded(folder: &RunFolder, plan: &Plan) -> Result<Self, RunError> {
        let device = match &plan.device_model {
            None => None,
            Some(_) => {
                let model = required(folder, Entry::DeviceModel)?;
                Some(checked(model, &folder.locate(Entry::DeviceModel))?)
            }
        };
        let (space, prototype) = (required(folder, Entry::SearchSpace)?, required(folder, Entry::Prototype)?);
        let learned = match plan.learn_from.as_slice() {
            [] => None,
            _ => Some(required(folder, Entry::Learned)?),
        };
        Ok(Self { space, prototype, device, learned })
    }

    /// The space, which errors call by a name.
    pub(crate) fn searched(&self, name: &str) -> Result<SearchSpace, RunError> {
        Ok(space(name, &self.space, &self.prototype)?.on_device(self.device.clone()))
    }

    /// What earlier searches of this space teach.
    pub(crate) fn past(&self, space: &SearchSpace) -> Result<Vec<PastSearch>, RunError> {
        Ok(self.learned.as_ref().map_or(Ok(Vec::new()), |learned| learned.taught(space))?)
    }
}

/// A search's folder, its plan and its space.
pub struct OpenSearch {
    /// The folder.
    pub folder: RunFolder,
    /// The plan.
    pub plan: Plan,
    /// The space.
    pub space: SearchSpace,
    inputs: Inputs,
}

impl OpenSearch {
    /// What its strategy is given.
    pub fn problem(&self) -> Result<Problem<'_>, RunError> {
        Ok(Problem::new(&self.space, &self.plan.search)?.knowing(self.inputs.past(&self.space)?))
    }
}

/// Opens the folder of a search.
pub fn open_search(path: &Path) -> Result<OpenSearch, RunError> {
    let folder = RunFolder::open(path)?;
    let plan = search_plan(&folder)?;
    let inputs = Inputs::recorded(&folder, &plan)?;
    let space = inputs.searched(&inputs.space.name)?;
    Ok(OpenSearch { folder, plan, space, inputs })
}
