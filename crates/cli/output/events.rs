//! What a run reports while it works, for a person on standard error and for the session's log.

use netsynth_data::{Dataset, Split};
use netsynth_files::{Shown, in_a_line};
use netsynth_graph::Graph;
use netsynth_run::{Answer, DataSource, Plan, RunEvent, TaskId, TrainPlan};
use netsynth_search::{Candidate, Event, Measured, Metric, ScreenedCandidate, SearchPlan, StopReason, Trial};
use netsynth_space::SearchSpace;
use netsynth_store::RunFolder;
use tracing::{debug, info, warn};

use crate::output::cautions::cautions;
use crate::output::log;
use crate::output::print::{count, percent};
use crate::output::progress::Progress;
use crate::output::status::{out_of_reach, picture, standing};

/// Shows an event, and writes it to the log.
pub(crate) fn show(progress: &Progress, event: RunEvent<'_>) {
    match event {
        RunEvent::Reading { done, all } => progress.reading(done, all),
        RunEvent::Elsewhere { difference } => {
            let line = format!(
                "the run began elsewhere ({difference}): floats, and then decisions, may differ from those of a run that was \
                 not moved"
            );
            warn!("{line}");
            progress.note(format!("warning: {line}"));
        }
        RunEvent::Planned { epochs } => progress.plan(epochs),
        RunEvent::Skipped { epochs } => progress.skip(epochs),
        RunEvent::Session { folder, number, n_workers, plan } => {
            log::keep_in(folder.log(number).ok());
            info!(
                "session {number} of {} begins: netsynth {}, plan {}, {n_workers} workers, {} trials in generations of {}",
                folder.path().shown(),
                env!("CARGO_PKG_VERSION"),
                netsynth_store::digest(plan),
                plan.search.n_trials,
                plan.search.generation_size
            );
        }
        RunEvent::Search { folder, plan, space, dataset, split } => {
            begin_search(progress, folder, plan, space, dataset, split);
        }
        RunEvent::CrossValidation { plan, graph, dataset, split } => {
            begin_cross_validation(progress, plan, graph, dataset, split);
        }
        RunEvent::Known { n_trainings, n_trials: Some(n_trials) } => {
            progress.note(format!("{n_trainings} trainings of {n_trials} trials are there already"));
        }
        RunEvent::Known { n_trainings, n_trials: None } => {
            progress.note(format!("{n_trainings} trainings are there already"));
        }
        RunEvent::Audit { n_open, n_trainings, length } => {
            let line = format!(
                "audit: {n_open} of {n_trainings} trainings from scratch are to be done, {length} each"
            );
            info!("{line}");
            progress.note(line);
        }
        RunEvent::Searching { event, trials, plan } => searching(progress, event, trials, &plan.search),
        RunEvent::SearchEnded { reason, n_trials } => {
            if let Some(limit) = limit(reason) {
                info!("{limit}");
                progress.note(format!("{limit}: the search ends with {n_trials} trials"));
            }
        }
        RunEvent::Compared { job, n_done, n_jobs } => {
            progress.note(format!("{}, seed {}: done ({n_done} of {n_jobs})", job.strategy, job.seed));
        }
        RunEvent::Measured { trial, rung, measured } => {
            progress.measured();
            match measured {
                Measured::Trained(trained) => {
                    let accuracy = trained.mean(Metric::Accuracy).unwrap_or_default();
                    info!("trial {trial}, rung {rung}: accuracy {accuracy:.4}");
                }
                Measured::Failed(reason) => {
                    let line = format!("trial {trial} failed on rung {rung}: {reason}");
                    warn!("{line}");
                    progress.note(line);
                }
            }
        }
        RunEvent::Epoch { task, report } => {
            debug!("{task}: epoch {} of {}, loss {:.4}", report.epoch + 1, report.n_epochs, report.loss);
            progress.epoch(&task.to_string(), report);
        }
        RunEvent::Lost { task, attempt, reason } => {
            warn!("attempt {attempt} was lost: {reason}");
            progress.note(format!("{task}: the worker was lost: {reason}"));
        }
        RunEvent::Waits { what } => {
            warn!("{what}");
            progress.note(format!("{what}; waiting"));
        }
        RunEvent::Attempted(_) => {}
        RunEvent::Answered { task, answer } => answered(progress, task, answer),
    }
}

/// What is searched.
fn begin_search(
    progress: &Progress,
    folder: &RunFolder,
    plan: &Plan,
    space: &SearchSpace,
    dataset: &Dataset,
    split: &Split,
) {
    let path = folder.path().shown();
    match plan.data.source {
        DataSource::Own { classes } => {
            progress.note(format!(
                "{path}: {classes} classes of its evaluator's own data; {} folds",
                split.folds.len()
            ));
        }
        DataSource::Synthetic(_) | DataSource::Folder(_) => {
            progress.note(format!(
                "{path}: {} images of {} subjects, {} classes; {} images held out; {} folds",
                dataset.samples.len(),
                dataset.subjects.len(),
                dataset.classes.len(),
                split.held_out.len(),
                split.folds.len()
            ));
            caution(progress, &cautions(dataset, split));
        }
    }
    progress.note(format!(
        "{}: {} decisions, 10^{:.0} networks; {} trials in generations of {}",
        in_a_line(space.name()),
        space.decisions().len(),
        space.decisions().log10_size(),
        plan.search.n_trials,
        plan.search.generation_size
    ));
}

/// What is trained on folds.
fn begin_cross_validation(
    progress: &Progress,
    plan: &TrainPlan,
    graph: &Graph,
    dataset: &Dataset,
    split: &Split,
) {
    progress.note(format!(
        "{}: {} parameters, {} images of {} subjects, {} of {} folds, {} epochs{}",
        in_a_line(graph.name()),
        count(graph.cost().parameters),
        dataset.samples.len(),
        dataset.subjects.len(),
        plan.n_trained_folds,
        plan.data.n_folds,
        plan.epochs,
        if plan.n_seeds > 1 { format!(", {} seeds", plan.n_seeds) } else { String::new() }
    ));
    caution(progress, &cautions(dataset, split));
}

/// A step of a search.
fn searching(progress: &Progress, event: &Event<'_>, trials: &[Trial], search: &SearchPlan) {
    match event {
        Event::Generator(generator) => debug!("generator {}", generator.number),
        Event::Screened { candidates, .. } => log_screening(candidates),
        Event::Proposed(candidates) => log_proposed(candidates),
        Event::Rung { rung, n_candidates } => {
            info!("rung {rung}: {n_candidates} candidates");
            progress.stage(*rung, search.rungs.len(), *n_candidates);
        }
        Event::Pruned { rung, trials } => {
            let line = out_of_reach(*rung, trials, search);
            info!("{line}");
            progress.note(line);
        }
        Event::Observed(new) => {
            let standing = standing(trials, search);
            progress.standing(standing.clone());
            progress.picture(|columns, rows| picture(trials, search, columns, rows));
            info!("{} trials, {standing}", trials.len());
            let generation = new.first().map_or(0, |trial| trial.generation);
            progress.note(format!("generation {generation}: {} trials, {standing}", trials.len()));
        }
    }
}

fn answered(progress: &Progress, task: &TaskId, answer: &Answer) {
    match answer {
        Answer::Trained(trained) => {
            let accuracy = trained.confusion.accuracy();
            let line = format!("{task}: accuracy {accuracy:.4}");
            // Of a trial the log has one line, over all its folds.
            if matches!(task, TaskId::Trial { .. }) {
                debug!("{line}")
            } else {
                info!("{line}")
            }
            if let TaskId::Prototype { .. } = task {
                progress.note(format!("{task}: {} after {} epochs", percent(accuracy), trained.losses.len()));
            }
        }
        Answer::Told(told) => {
            let accuracy = told.metrics.get(Metric::Accuracy).unwrap_or_default();
            debug!("{task}: accuracy {accuracy:.4}, as its trainer says");
        }
        Answer::Failed(reason) => {
            warn!("{task} failed: {reason}");
            // Of a trial it is said once, whichever of its folds failed.
            if !matches!(task, TaskId::Trial { .. }) {
                progress.note(format!("{task} failed: {reason}"));
            }
        }
        Answer::Scored(scored) => debug!("{task}: {scored:?}"),
    }
}

fn caution(progress: &Progress, cautions: &[String]) {
    for caution in cautions {
        progress.note(format!("warning: {caution}"));
    }
}

/// Which limit ended a search, if it was one that is worth a line.
fn limit(reason: StopReason) -> Option<&'static str> {
    match reason {
        StopReason::Space => Some("the space has no network left that is new and within the bounds"),
        StopReason::Epochs => Some("the plan's epochs are spent"),
        StopReason::Macs => Some("the plan's multiply-accumulates are spent"),
        StopReason::WallClock => Some("the plan's wall-clock time is spent"),
        StopReason::Trials | StopReason::Failures | StopReason::Asked => None,
    }
}

/// Logs what a generation will try.
fn log_proposed(candidates: &[Candidate]) {
    if let (Some(first), Some(last)) = (candidates.first(), candidates.last()) {
        info!("generation {} proposes trials {} to {}", first.generation, first.trial, last.trial);
    }
    for Candidate { trial, id, cost, parent, predicted, .. } in candidates {
        info!(
            "trial {trial} is proposed: {id}, {} parameters, {} MACs{}{}",
            cost.parameters,
            cost.macs,
            parent.map_or(String::new(), |parent| format!(", from trial {parent}")),
            predicted.map_or(String::new(), |predicted| format!(", predicted U {predicted:.2}"))
        );
    }
}

/// Logs which of the screened candidates will be trained.
fn log_screening(candidates: &[ScreenedCandidate]) {
    let n_trained = candidates.iter().filter(|candidate| candidate.trial.is_some()).count();
    info!("{} candidates are scored, the best {n_trained} will be trained", candidates.len());
    for ScreenedCandidate { id, scored, trial } in candidates {
        let fate = trial.map_or("not trained".to_owned(), |trial| format!("trial {trial}"));
        debug!("candidate {id}, {fate}: {scored:?}");
    }
}
