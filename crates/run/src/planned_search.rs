use std::num::NonZeroUsize;
use std::path::Path;

use netsynth_data::{Dataset, Split};
use netsynth_graph::ArchitectureSpec;
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::{Entry, RunFolder};

use crate::networks::{adapted, input_of, read, space, space_specs};
use crate::open::{recorded_space, search_plan};
use crate::provenance::refuse_other_data;
use crate::{OnEvent, Plan, Provenance, RunError};

/// A search: its plan and what the plan names, read and checked. Nothing is trained yet.
pub struct Search {
    /// What it follows.
    pub plan: Plan,
    /// The data.
    pub dataset: Dataset,
    /// Its folds and the held-out samples.
    pub split: Split,
    /// The space around the prototype that is made for the data.
    pub space: SearchSpace,
    space_spec: SearchSpaceSpec,
    prototype: ArchitectureSpec,
    /// Trainings side by side, as the sessions' records have it. No result depends on it.
    pub n_workers: NonZeroUsize,
}

impl Search {
    /// A new search: reads the space and the data that a plan names. The plan must be checked.
    pub fn new(plan: Plan, n_workers: NonZeroUsize, on_event: &OnEvent<'_>) -> Result<Self, RunError> {
        let (space_spec, prototype) = space_specs(&read(&plan.space)?)?;
        let dataset = plan.data.load(on_event)?;
        let prototype = adapted(prototype, input_of(&dataset), dataset.classes.len());
        Self::of(plan, dataset, space_spec, prototype, n_workers)
    }

    /// The search that a run's folder describes, on the data that it began with.
    pub fn reopened(
        folder: &RunFolder,
        n_workers: NonZeroUsize,
        on_event: &OnEvent<'_>,
    ) -> Result<Self, RunError> {
        let plan = search_plan(folder)?;
        let at_plan = |error: RunError| error.at(folder.locate(Entry::Plan).display().to_string());
        plan.check().map_err(at_plan)?;
        let dataset = plan.data.load(on_event).map_err(at_plan)?;
        refuse_other_data(folder, &dataset)?;
        let (space_spec, prototype) = recorded_space(folder)?;
        Self::of(plan, dataset, space_spec, prototype, n_workers)
    }

    fn of(
        plan: Plan,
        dataset: Dataset,
        space_spec: SearchSpaceSpec,
        prototype: ArchitectureSpec,
        n_workers: NonZeroUsize,
    ) -> Result<Self, RunError> {
        let split = plan.data.split(&dataset)?;
        let space = space(&plan.space, &space_spec, &prototype)?;
        Ok(Self { plan, dataset, split, space, space_spec, prototype, n_workers })
    }

    /// Makes the run's folder.
    pub fn begin(&self, path: &Path) -> Result<RunFolder, RunError> {
        let folder = RunFolder::begin(path)?;
        folder.write_document(Entry::Provenance, &Provenance::new(&self.dataset))?;
        folder.write_document(Entry::SearchSpace, &self.space_spec)?;
        folder.write_document(Entry::Prototype, &self.prototype)?;
        folder.commit(&self.plan)?;
        Ok(folder)
    }
}
