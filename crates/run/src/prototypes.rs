//! The trained prototype that trials inherit from.

use netsynth_graph::Graph;
use netsynth_graph::schema::SCHEMA;
use netsynth_space::SearchSpace;
use netsynth_store::{FailureFile, Fold, Outcome, RunFolder, TrainedNetwork};
use netsynth_train::{Inheritance, derived_seed};

use crate::{
    Answer, Context, FoldFile, InMemory, Job, JudgedOn, Plan, RunError, RunEvent, Task, TaskId, TaskResult,
    TrainingTask, do_all,
};

/// Trains the prototype for each fold that a rung trains, where the run's folder does not have it yet.
pub(crate) fn train_prototypes(
    Inheritance { epochs, .. }: Inheritance,
    plan: &Plan,
    space: &SearchSpace,
    data_digest: &str,
    folder: &RunFolder,
    context: &Context<'_>,
) -> Result<(), RunError> {
    let graph = prototype(space)?;
    let mut jobs = Vec::new();
    for fold in (0..plan.n_lines()).map(Fold::from_index) {
        match folder.outcome::<FoldFile>(TrainedNetwork::Prototype(fold))? {
            Some(Outcome::Trained(_)) => {
                (context.on_event)(RunEvent::Skipped { epochs: epochs as u64 });
                continue;
            }
            // Another try would give the same.
            Some(Outcome::Failed(FailureFile { reason, .. })) => {
                return Err(failed(plan.search.seed, fold, reason));
            }
            None => {}
        }
        let spec = graph.spec();
        let finish = move |answers: Vec<Answer>| {
            let network = TrainedNetwork::Prototype(fold);
            let TaskResult { confusion, losses, weights, .. } = match Answer::of_training(answers) {
                Ok(trained) => *trained,
                Err(reason) => {
                    let training = TaskId::Prototype { seed: plan.search.seed, fold }.to_string();
                    folder.write_failure(network, &training, &reason)?;
                    return Err(failed(plan.search.seed, fold, reason));
                }
            };
            let metrics = FoldFile { schema: SCHEMA, seed: plan.search.seed, fold, confusion, losses };
            folder.write_network(network, &spec, &weights, &metrics)?;
            Ok(())
        };
        let tasks = vec![prototype_task(plan, plan.search.seed, epochs, &graph, data_digest, fold)];
        jobs.push(Job::Open { tasks, finish: Box::new(finish) });
    }
    // Nothing comes before the prototype.
    do_all(context, &InMemory::default(), jobs).map(|_| ())
}

/// The prototype's network.
pub(crate) fn prototype(space: &SearchSpace) -> Result<Graph, RunError> {
    Ok(space.decode(&space.decisions().prototype(), "prototype")?)
}

/// The training of the prototype that is judged on one fold.
pub(crate) fn prototype_task(
    plan: &Plan,
    seed: u64,
    epochs: usize,
    graph: &Graph,
    data_digest: &str,
    fold: Fold,
) -> Task {
    let training = TrainingTask {
        judged_on: JudgedOn::Fold(fold),
        epochs,
        seed: derived_seed(seed, "prototype", 0),
        start: None,
        is_probed: false,
    };
    Task { run_seed: seed, ..plan.task(TaskId::Prototype { seed, fold }, graph, data_digest, Some(training)) }
}

/// The trained prototype of a task's one answer.
pub(crate) fn trained(seed: u64, fold: Fold, answers: Vec<Answer>) -> Result<Box<TaskResult>, RunError> {
    Answer::of_training(answers).map_err(|reason| failed(seed, fold, reason))
}

/// No trial can inherit from a prototype that could not be trained.
fn failed(seed: u64, fold: Fold, reason: String) -> RunError {
    let remedy = "begin another search, with a lower learning_rate in the recipe or without inheritance";
    RunError::new(reason, remedy).at(TaskId::Prototype { seed, fold }.to_string())
}
