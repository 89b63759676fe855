use std::num::NonZeroUsize;
use std::path::Path;

use netsynth_data::{Dataset, Split};
use netsynth_graph::ArchitectureSpec;
use netsynth_search::{Event, Found, ParetoFront, StopReason, Trial, Variant};
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::{Audit, EndFile, Entry, FrontFile, RunFolder};

use crate::audit::train_finalists;
use crate::networks::{adapted, input_of, read, space, space_specs};
use crate::open::{required, search_plan};
use crate::prototypes::train_prototypes;
use crate::session::Clock;
use crate::trials::Trials;
use crate::variants::train_variants;
use crate::{Context, OnEvent, Plan, Provenance, RunError, RunEvent, RunWeights, VariantMetrics, resumable};

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

/// What came of a search.
#[derive(Debug)]
pub struct SearchResults {
    /// Every trial, in order of its number.
    pub trials: Vec<Trial>,
    /// The front.
    pub front: FrontFile,
    /// Why there are no more trials.
    pub reason: StopReason,
    /// The variants, if the front has any.
    pub variants: Vec<(Variant, VariantMetrics)>,
    /// The audit, if the plan asks for it.
    pub audit: Option<Audit>,
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
        let provenance: Provenance = required(folder, Entry::Provenance)?;
        provenance.refuse_other(&dataset).map_err(|error| error.at(folder.path().display().to_string()))?;
        let space_spec = required(folder, Entry::SearchSpace)?;
        let prototype = required(folder, Entry::Prototype)?;
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

/// Does what is left to do of a search: trials, front, variants and, if the plan asks for it, the audit. What the folder
/// has is kept. [`RunError::Stopped`] if it was asked to stop before its end; called again, it goes on.
///
/// A search without a feasible trial, or with too many failures in a row, has results without variants.
pub fn search(search: &Search, folder: &RunFolder, context: &Context<'_>) -> Result<SearchResults, RunError> {
    resumable(folder, "resume", || work(search, folder, context))
}

fn work(search: &Search, folder: &RunFolder, context: &Context<'_>) -> Result<SearchResults, RunError> {
    let Search { plan, dataset, space, .. } = search;
    (context.on_event)(RunEvent::Planned { epochs: plan.planned_epochs() });
    announce(search, folder, context)?;
    let clock = Clock::begin(plan, folder, search.n_workers, context.on_event)?;

    let found = search_folder(search, folder, &clock, context)?;
    clock.tick()?;
    let reason = match found.stopped_by {
        StopReason::Asked if folder.end()?.is_some() => StopReason::WallClock,
        StopReason::Asked if clock.is_up() && !(context.stop)() => StopReason::WallClock,
        StopReason::Asked => return Err(RunError::Stopped),
        reason => reason,
    };
    // A generation that the clock cut off counts with what was measured of it.
    let trials = match reason {
        StopReason::WallClock => folder.trials(space)?,
        _ => found.trials,
    };
    folder.write_end(&EndFile::new(reason, &trials))?;
    let front =
        ParetoFront::of(&trials, &plan.search.objectives, &plan.search.indicator, plan.search.rungs.len());
    let file = FrontFile::new(&front, &trials, &plan.search);
    folder.write_front(&file)?;
    (context.on_event)(RunEvent::SearchEnded { reason, n_trials: trials.len() });

    let mut results = SearchResults { trials, front: file, reason, variants: Vec::new(), audit: None };
    if front.members.is_empty() || reason == StopReason::Failures {
        return Ok(results);
    }
    results.variants = train_variants(plan, &front, dataset, folder, context)?;
    clock.tick()?;
    if plan.audit {
        results.audit = Some(train_finalists(search, &results.front, folder, context)?);
        clock.tick()?;
    }
    Ok(results)
}

/// Reports what is searched, and how much of it is done already.
fn announce(search: &Search, folder: &RunFolder, context: &Context<'_>) -> Result<(), RunError> {
    let Search { plan, dataset, split, space, .. } = search;
    (context.on_event)(RunEvent::Search { folder, plan, space, dataset, split });
    let rungs = 0..plan.search.rungs.len();
    let done: Vec<usize> = folder
        .trial_numbers()?
        .into_iter()
        .map(|trial| rungs.clone().take_while(|&rung| folder.has_rung(trial, rung)).count())
        .collect();
    let epochs = done.iter().map(|&n_rungs| plan.search.epochs_of(n_rungs)).sum();
    (context.on_event)(RunEvent::Skipped { epochs });
    let n_trainings = done.iter().sum();
    if n_trainings > 0 {
        (context.on_event)(RunEvent::Known { n_trainings, n_trials: Some(done.len()) });
    }
    Ok(())
}

/// Makes the trials that the folder does not have yet.
fn search_folder(
    search: &Search,
    folder: &RunFolder,
    clock: &Clock<'_>,
    context: &Context<'_>,
) -> Result<Found, RunError> {
    let Search { plan, space, dataset, .. } = search;
    // Where the clock once ended the search, it stays ended.
    let is_over = folder.end()?.is_some_and(|end| end.reason == StopReason::WallClock);
    let stop = || is_over || (context.stop)() || clock.is_up();
    if let Some(inheritance) = plan.inheritance {
        train_prototypes(inheritance, plan, space, &dataset.digest, folder, context)?;
    }
    let weights = RunWeights::new(folder);
    let context = Context { stop: &stop, ..*context };
    let trials = Trials { plan, space, data_digest: &dataset.digest, weights: &weights, context };
    let mut observed: Vec<Trial> = Vec::new();
    netsynth_store::search(folder, space, &plan.search, &trials, &stop, &mut |event| {
        if let Event::Observed(trials) = &event {
            observed.extend_from_slice(trials);
            clock.tick()?;
        }
        if let Event::Pruned { rung, trials } = &event {
            let n_rungs = plan.search.rungs.len();
            let saved = plan.search.epochs_of(n_rungs) - plan.search.epochs_of(rung + 1);
            (context.on_event)(RunEvent::Skipped { epochs: saved * trials.len() as u64 });
        }
        (context.on_event)(RunEvent::Searching { event: &event, trials: &observed, plan });
        Ok(())
    })
}
