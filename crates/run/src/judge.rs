//! What the runs of a comparison are worth: the networks of their fronts, trained from scratch on all folds.

use std::collections::BTreeMap;

use netsynth_graph::ArchitectureId;
use netsynth_search::{SearchPlan, Trial};
use netsynth_store::{Fold, FrontFile, finalists};
use netsynth_train::derived_seed;

use crate::audit::{audit_task, measured};
use crate::{Context, InMemory, Job, RunError, RunEvent, Search, do_all};

/// The finalists of each run, which are the members of its front or twelve of them from end to end, with what they reach
/// from scratch on all folds with the full recipe in the place of what the run measured.
///
/// Runs may have judged their networks by one fold, by short trainings or by inherited weights, and each chose what chance
/// favoured; here all networks are judged alike and by nothing that chose them. A network that several runs found is trained
/// once. [`RunError::Stopped`] if it was asked to stop before the end.
pub fn judge_from_scratch(
    search: &Search,
    runs: &[Vec<Trial>],
    context: &Context<'_>,
) -> Result<Vec<Vec<Trial>>, RunError> {
    let Search { plan, space, .. } = search;
    let found: Vec<Vec<&Trial>> = runs.iter().map(|trials| finalists_of(trials, &plan.search)).collect();
    let networks: BTreeMap<ArchitectureId, &Trial> =
        found.iter().flatten().map(|&trial| (trial.id, trial)).collect();
    let n_folds = plan.data.n_folds;
    // One for all, so that what a network reaches does not depend on which others are judged.
    let seed = derived_seed(plan.search.seed, "judge", 0);
    let mut jobs = Vec::new();
    let mut epochs = 0;
    for (number, (&id, trial)) in networks.iter().enumerate() {
        let graph = space.decode(&trial.genome, "finalist")?;
        let folds = (0..n_folds).map(Fold::from_index);
        epochs += (n_folds * plan.final_length().epochs_of(&graph.cost())) as u64;
        jobs.push(Job::Open {
            tasks: folds.map(|fold| audit_task(search, &graph, seed, number, fold)).collect(),
            finish: Box::new(move |answers| Ok((id, measured(answers)))),
        });
    }
    let (n_trainings, length) = (n_folds * jobs.len(), plan.final_length());
    (context.on_event)(RunEvent::Planned { epochs });
    (context.on_event)(RunEvent::Audit { n_open: n_trainings, n_trainings, length });
    let judged: BTreeMap<_, _> = do_all(context, &InMemory::default(), jobs)?.into_iter().collect();
    let n_rungs = plan.search.rungs.len();
    let as_judged =
        |trial: &&Trial| Trial { readings: vec![judged[&trial.id].clone(); n_rungs], ..(*trial).clone() };
    Ok(found.iter().map(|trials| trials.iter().map(as_judged).collect()).collect())
}

fn finalists_of<'a>(trials: &'a [Trial], plan: &SearchPlan) -> Vec<&'a Trial> {
    let front = FrontFile::of(trials, plan);
    let rows = finalists(&front).into_iter();
    rows.filter_map(|row| trials.iter().find(|trial| trial.number == row.trial)).collect()
}
