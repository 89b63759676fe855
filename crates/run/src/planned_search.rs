use std::num::NonZeroUsize;
use std::path::Path;

use netsynth_data::{Dataset, Split};
use netsynth_files::Shown;
use netsynth_search::{PastSearch, Problem, SearchPlan};
use netsynth_space::SearchSpace;
use netsynth_store::{Entry, NewRun, RunFolder};

use crate::learned::all_learned;
use crate::networks::{adapted, device_model, input_of, read, space_specs};
use crate::open::{Inputs, search_plan};
use crate::provenance::compare_with_begin;
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
    past: Vec<PastSearch>,
    inputs: Inputs,
    /// Trainings side by side, as the sessions' records have it. No result depends on it.
    pub n_workers: NonZeroUsize,
}

impl Search {
    /// A new search: reads the space and the data that a plan names. The plan must be checked.
    pub fn new(mut plan: Plan, n_workers: NonZeroUsize, on_event: &OnEvent<'_>) -> Result<Self, RunError> {
        let (space, prototype) = space_specs(&read(&plan.space)?)?;
        let device = plan.device_model.as_deref().map(device_model).transpose()?;
        if let Some(device) = &device {
            plan.keep_within(device.largest);
        }
        let dataset = plan.data.load(on_event)?;
        let prototype = adapted(prototype, input_of(&dataset), dataset.classes.len());
        let mut inputs = Inputs { space, prototype, device, learned: None };
        let space = inputs.searched(&plan.space)?;
        let (learned, past) = all_learned(&plan.learn_from, &space)?;
        inputs.learned = (!plan.learn_from.is_empty()).then_some(learned);
        Self::of(plan, dataset, space, past, inputs, n_workers)
    }

    /// The search that a run's folder describes, on the data that it began with, wherever they are now.
    pub fn reopened(
        folder: &RunFolder,
        n_workers: NonZeroUsize,
        moved_data: Option<&Path>,
        on_event: &OnEvent<'_>,
    ) -> Result<Self, RunError> {
        let plan = search_plan(folder)?;
        let at_plan = |error: RunError| error.within(&folder.locate(Entry::Plan).shown());
        let dataset = plan.data.load_again(moved_data, on_event).map_err(at_plan)?;
        compare_with_begin(folder, &dataset, Some(plan.device), on_event)?;
        let inputs = Inputs::recorded(folder, &plan)?;
        let space = inputs.searched(&plan.space).map_err(at_plan)?;
        let past = inputs.past(&space).map_err(at_plan)?;
        Self::of(plan, dataset, space, past, inputs, n_workers).map_err(at_plan)
    }

    fn of(
        plan: Plan,
        dataset: Dataset,
        space: SearchSpace,
        past: Vec<PastSearch>,
        inputs: Inputs,
        n_workers: NonZeroUsize,
    ) -> Result<Self, RunError> {
        let split = plan.data.split(&dataset)?;
        // A search that no network of the space could satisfy is none.
        Problem::new(&space, &plan.search)?;
        Ok(Self { plan, dataset, split, space, past, inputs, n_workers })
    }

    /// What a strategy is given that follows this plan: the search's own, or one of a comparison.
    pub(crate) fn problem<'s>(&'s self, plan: &'s SearchPlan) -> Result<Problem<'s>, RunError> {
        Ok(Problem::new(&self.space, plan)?.knowing(self.past.clone()))
    }

    /// Makes the run's folder.
    pub fn begin(&self, run: &NewRun) -> Result<RunFolder, RunError> {
        let provenance = Provenance::new(&self.dataset, self.plan.device)?;
        let folder = run.begin()?;
        let Inputs { space, prototype, device, learned } = &self.inputs;
        folder.write_document(Entry::SearchSpace, space)?;
        folder.write_document(Entry::Prototype, prototype)?;
        if let Some(device) = device {
            folder.write_document(Entry::DeviceModel, device)?;
        }
        if let Some(learned) = learned {
            folder.write_document(Entry::Learned, learned)?;
        }
        folder.describe(&self.plan, &provenance)?;
        Ok(folder)
    }
}
