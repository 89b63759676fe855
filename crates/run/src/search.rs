use netsynth_files::Shown;
use netsynth_search::{Event, Found, StopReason, Trial, Variant};
use netsynth_store::{Audit, Certificates, EndFile, Entry, FrontFile, Outcome, RunFolder, trial_weights};

use crate::audit::{known_audit, train_finalists};
use crate::planned_search::Search;
use crate::prototypes::train_prototypes;
use crate::session::{Clock, Work, resumable};
use crate::trials::Trials;
use crate::variants::train_variants;
use crate::{Context, Plan, RunError, RunEvent, RunWeights, VariantMetrics};

/// What came of a search.
#[derive(Debug)]
pub struct SearchResults {
    /// Every trial, in order of its number.
    pub trials: Vec<Trial>,
    /// The front.
    pub front: FrontFile,
    /// Why there are no more trials.
    pub reason: StopReason,
    /// What came of the variants, if the front has any.
    pub variants: Vec<(Variant, Outcome<VariantMetrics>)>,
    /// The audit, if the plan asks for it.
    pub audit: Option<Audit>,
}

/// Does what is left to do of a search: trials, front, variants and, where the plan asks for them, certificates and audit. What the folder
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
    let on_event = clock.listing(context.on_event);
    let context = &Context { on_event: &on_event, ..*context };

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
    (context.on_event)(RunEvent::SearchEnded { reason, n_trials: trials.len() });
    let front = FrontFile::of(&trials, &plan.search);
    let has_variants = !front.members.is_empty() && reason != StopReason::Failures;
    let mut results = SearchResults { trials, front, reason, variants: Vec::new(), audit: None };
    // Before the front is written: they say which of its members nano-b is.
    if plan.certify && has_variants {
        let certificates = Certificates::of(&train_finalists(search, &results.front, folder, context)?);
        folder.keep_document(Entry::Certificates, &certificates)?;
        results.front = results.front.certified(&certificates);
        clock.tick()?;
    }
    folder.write_front(&results.front)?;
    if !has_variants {
        clock.end(Work::Search)?;
        return Ok(results);
    }
    results.variants = train_variants(plan, &results.front, dataset, folder, context)?;
    clock.tick()?;
    if plan.certify {
        results.audit = Some(known_audit(folder, plan, &results.front).0);
    } else if plan.audit {
        results.audit = Some(train_finalists(search, &results.front, folder, context)?);
    }
    // Of any other search those that were missing have been trained again.
    if reason == StopReason::WallClock {
        refuse_missing_weights(plan, &results.trials, folder)?;
    }
    clock.end(Work::Search)?;
    Ok(results)
}

/// Refuses to call a search ended that lacks weights and may not train any more, because its time is spent.
fn refuse_missing_weights(plan: &Plan, trials: &[Trial], folder: &RunFolder) -> Result<(), RunError> {
    if plan.inheritance.is_none() {
        return Ok(());
    }
    for trial in trials {
        for rung in (0..trial.readings.len()).filter(|&rung| trial.trained(rung).is_some()) {
            for entry in trial_weights(&plan.search, trial.number, rung) {
                if !folder.has_whole(entry)? {
                    let error =
                        RunError::new("the weights are missing", "restore them from a copy of the run");
                    return Err(error.at(folder.locate(entry).shown()));
                }
            }
        }
    }
    Ok(())
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
    let epochs = done.iter().map(|&n_rungs| plan.search.most_epochs_of(n_rungs)).sum();
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
    netsynth_store::search(
        folder,
        space,
        &search.problem(&plan.search)?,
        &trials,
        plan.inheritance.is_some(),
        &stop,
        &mut |event| {
            if let Event::Observed(trials) = &event {
                observed.extend_from_slice(trials);
                clock.tick()?;
            }
            if let Event::Pruned { rung, trials } = &event {
                let n_rungs = plan.search.rungs.len();
                let saved = plan.search.most_epochs_of(n_rungs) - plan.search.most_epochs_of(rung + 1);
                (context.on_event)(RunEvent::Skipped { epochs: saved * trials.len() as u64 });
            }
            (context.on_event)(RunEvent::Searching { event: &event, trials: &observed, plan });
            Ok(())
        },
    )
}
