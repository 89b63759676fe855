//! The trained prototype that trials inherit from.

use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_space::SearchSpace;
use netsynth_store::{Entry, Fold, NetworkFile, RunFolder, StoreError, TrainedNetwork};
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
        if is_trained(folder, fold)? {
            (context.on_event)(RunEvent::Skipped { epochs: epochs as u64 });
            continue;
        }
        let spec = graph.spec();
        let finish = move |answers: Vec<Answer>| {
            let trained = trained(plan.search.seed, fold, answers)?;
            let TaskResult { confusion, losses, weights, .. } = *trained;
            let metrics = FoldFile { schema: SCHEMA, seed: plan.search.seed, fold, confusion, losses };
            folder.write_network(TrainedNetwork::Prototype(fold), &spec, &weights, &metrics)?;
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
    Answer::of_training(answers).map_err(|reason| {
        let remedy = "lower the recipe's learning_rate, or search without inheritance";
        RunError::new(reason, remedy).at(TaskId::Prototype { seed, fold }.to_string())
    })
}

/// Whether all files of the prototype as it was trained for a fold are there; metrics are the last that is written.
fn is_trained(folder: &RunFolder, fold: Fold) -> Result<bool, StoreError> {
    let entry = |file| Entry::Network(TrainedNetwork::Prototype(fold), file);
    let metrics: Option<FoldFile> = folder.document(entry(NetworkFile::Metrics))?;
    let spec: Option<ArchitectureSpec> = folder.document(entry(NetworkFile::Architecture))?;
    let weights = folder.file(entry(NetworkFile::Weights))?;
    Ok(metrics.is_some() && spec.is_some() && weights.is_some())
}
