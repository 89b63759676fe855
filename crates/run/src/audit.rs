//! How far a search's ranking holds: its finalists trained from scratch on all folds.

use netsynth_files::Shown;
use netsynth_graph::Graph;
use netsynth_search::{Length, Measured, Metric, Metrics, Trained};
use netsynth_store::{Audit, Extent, Fold, FrontFile, RunFolder, StoreError, audit_trainings};
use netsynth_train::derived_seed;

use crate::planned_search::Search;
use crate::session::{Clock, Work};
use crate::work::do_all;
use crate::{
    Answer, Context, InMemory, Job, JudgedOn, Plan, RunError, RunEvent, Task, TaskId, TrainingTask, resumable,
};

/// Audits a search that has ended: see [`crate::Plan::audit`]. What is trained already is kept.
pub fn audit(search: &Search, folder: &RunFolder, context: &Context<'_>) -> Result<Audit, RunError> {
    let front = ended_front(search, folder).map_err(|error| error.at(folder.path().shown()))?;
    resumable(folder, "audit", || {
        let clock = Clock::begin(&search.plan, folder, search.n_workers, context.on_event)?;
        (context.on_event)(RunEvent::Planned { epochs: search.plan.most_audited_epochs() });
        let on_event = clock.listing(context.on_event);
        let audit = train_finalists(search, &front, folder, &Context { on_event: &on_event, ..*context })?;
        clock.end(Work::Audit)?;
        Ok(audit)
    })
}

/// The front of a search that has ended.
fn ended_front(search: &Search, folder: &RunFolder) -> Result<FrontFile, RunError> {
    if folder.end()?.is_none() {
        let remedy = format!("end it first: `netsynth resume {}`", folder.path().shown());
        return Err(RunError::new("its search has not ended, so it has no finalists yet", remedy));
    }
    let front = folder.front_of(&folder.trials(&search.space)?, &search.plan.search)?;
    if front.members.is_empty() {
        let reason = "its front is empty, so it has no finalists: no trial met the indicator";
        return Err(RunError::new(reason, "search longer (--trials), or loosen the indicator"));
    }
    Ok(front)
}

/// What a run's folder has of its audit, and what of that cannot be read.
pub fn known_audit(folder: &RunFolder, plan: &Plan, front: &FrontFile) -> (Audit, Vec<StoreError>) {
    let last = plan.search.rungs.last();
    let (length, folds) = last.map_or((Length::NONE, 0), |rung| (rung.length(), rung.folds));
    let search = Extent { length, folds, inherits: plan.inheritance.is_some() };
    let from_scratch = Extent { length: plan.final_length(), folds: plan.data.n_folds, inherits: false };
    let floor = Some(plan.search.indicator.floor(Metric::Accuracy)).filter(|floor| floor.is_finite());
    Audit::read(folder, front, search, from_scratch, floor)
}

/// Trains what is left to train for the audit.
pub(crate) fn train_finalists(
    search: &Search,
    front: &FrontFile,
    folder: &RunFolder,
    context: &Context<'_>,
) -> Result<Audit, RunError> {
    let plan = &search.plan;
    let trainings = audit_trainings(front, plan.data.n_folds);
    let (mut jobs, mut n_epochs) = (Vec::new(), 0);
    for &(trial, fold) in &trainings {
        if folder.audited(trial, fold)?.is_some() {
            continue;
        }
        let graph = Graph::new(&folder.architecture(trial)?)?;
        let finish = move |answers| Ok(folder.write_audited(trial, fold, &measured(answers))?);
        // Not the trial's: chance that favoured it in the search is not to favour it again.
        let seed = derived_seed(plan.search.seed, "audit", trial);
        let tasks = vec![audit_task(search, &graph, seed, trial, fold)];
        n_epochs += plan.final_length().epochs_of(&graph.cost()) as u64;
        jobs.push(Job::Open { tasks, finish: Box::new(finish) });
    }
    let on_event = context.on_event;
    on_event(RunEvent::Skipped { epochs: plan.most_audited_epochs() - n_epochs });
    let length = plan.final_length();
    on_event(RunEvent::Audit { n_open: jobs.len(), n_trainings: trainings.len(), length });
    // Every training begins from scratch.
    do_all(context, &InMemory::default(), jobs)?;
    let (audit, damaged) = known_audit(folder, plan, front);
    match damaged.into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(audit),
    }
}

/// The training of a finalist on all folds but one, which judges it.
pub(crate) fn audit_task(search: &Search, graph: &Graph, seed: u64, trial: usize, fold: Fold) -> Task {
    let Search { plan, dataset, .. } = search;
    let training = TrainingTask {
        judged_on: JudgedOn::Fold(fold),
        epochs: plan.final_length().epochs_of(&graph.cost()),
        seed,
        start: None,
        is_probed: false,
    };
    plan.task(TaskId::Audit { trial, fold }, graph, &dataset.digest, Some(training))
}

/// What the folds' trainings come to.
pub(crate) fn measured(answers: Vec<Answer>) -> Measured {
    let mut measured = Trained::default();
    for answer in answers {
        match answer {
            Answer::Trained(trained) => {
                measured.folds.push(Metrics::measured(&trained.confusion));
                measured.losses.push(trained.losses);
                measured.people.extend(trained.people);
            }
            Answer::Told(told) => {
                measured.folds.push(told.metrics);
                measured.losses.push(told.losses);
            }
            Answer::Failed(reason) => return Measured::Failed(reason),
            Answer::Scored(_) => unreachable!("an audit's tasks are trainings"),
        }
    }
    Measured::Trained(measured)
}
