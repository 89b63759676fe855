//! What a training on folds must hold, and what follows from its folds.

use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_store::{Entry, FileProblem, FrontFile, NetworkFile, Outcome, RunFolder, TrainedNetwork};

use crate::cross_validation::by_outcome;
use crate::open::training_plan;
use crate::whole::Whole;
use crate::{FoldFile, Results, RunError, TrainPlan};

/// How far a training is.
pub(crate) struct Trained {
    /// Trainings that are there, failed ones too.
    pub(crate) n_done: usize,
    /// All of them.
    pub(crate) n_planned: usize,
    /// Whether nothing is left to do.
    pub(crate) has_ended: bool,
}

/// Notes what a training lacks and what does not follow from its plan and its folds.
pub(crate) fn check_training(folder: &RunFolder, whole: &mut Whole<'_>) -> Result<Trained, RunError> {
    let plan = training_plan(folder)?;
    let graph = Graph::new(&plan.architecture)?;
    let trainings = plan.trainings();
    let is_over = [Entry::Results, Entry::Front, Entry::FrontTable].iter().any(|entry| whole.has(*entry));
    let mut outcomes = Vec::new();
    for &(seed, fold, network) in &trainings {
        whole.check_network(network, is_over);
        let metrics = Entry::Network(network, NetworkFile::Metrics);
        let architecture = Entry::Network(network, NetworkFile::Architecture);
        match folder.document::<ArchitectureSpec>(architecture) {
            Ok(Some(spec)) if spec != plan.architecture => whole.note(architecture, FileProblem::Differs),
            _ => {}
        }
        match folder.outcome::<FoldFile>(network) {
            Ok(Some(Outcome::Trained(file))) if !is_of(&file, &plan, &graph) => {
                whole.note(metrics, FileProblem::Differs);
            }
            Ok(Some(Outcome::Trained(file))) if (file.seed, file.fold) != (seed, fold) => {
                whole.note(metrics, FileProblem::Differs);
            }
            Ok(outcome) => outcomes.extend(outcome),
            // It is found by whoever looks at all files.
            Err(error) if error.is_of_a_file() => {}
            Err(error) => whole.note(metrics, FileProblem::Unreadable(error.to_string())),
        }
    }
    let n_done = outcomes.len();
    let (folds, failed) = by_outcome(outcomes);
    whole.check_contents(is_over);
    if is_over {
        whole.require(&[Entry::Front, Entry::FrontTable, Entry::Results]);
    }
    if let (Ok(Some(results)), true) = (folder.document::<Results>(Entry::Results), n_done == trainings.len())
    {
        let expected = Results::new(&plan, &graph, &results.classes, &folds, failed);
        if !expected.agrees(&results) {
            whole.note(Entry::Results, FileProblem::Differs);
        }
        if let Ok(Some(front)) = folder.document::<FrontFile>(Entry::Front) {
            if !has_row_of(&front, &expected) {
                whole.note(Entry::Front, FileProblem::Differs);
            }
            let table = folder.file(Entry::FrontTable);
            if table.is_ok_and(|table| table.is_some_and(|table| table != front.csv().as_bytes())) {
                whole.note(Entry::FrontTable, FileProblem::Differs);
            }
        }
    }
    let networks: Vec<TrainedNetwork> = trainings.iter().map(|(.., network)| *network).collect();
    whole.refuse_others(|entry| match entry {
        Entry::Network(network, _) => networks.contains(&network),
        Entry::Plan
        | Entry::Provenance
        | Entry::Front
        | Entry::FrontTable
        | Entry::Contents
        | Entry::Report
        | Entry::Results
        | Entry::Session(_)
        | Entry::SessionLog(_)
        | Entry::SessionAttempts(_)
        | Entry::Lock => true,
        Entry::SearchSpace
        | Entry::Prototype
        | Entry::DeviceModel
        | Entry::Learned
        | Entry::Generator(_)
        | Entry::Screening(_)
        | Entry::Trial(..)
        | Entry::End
        | Entry::Certificates
        | Entry::Audit { .. }
        | Entry::Summary
        | Entry::Curves
        | Entry::CurvesDrawing => false,
    });
    let has_ended = n_done == trainings.len() && whole.has(Entry::Results);
    Ok(Trained { n_done, n_planned: trainings.len(), has_ended })
}

/// Whether a fold's file can be of this plan.
fn is_of(file: &FoldFile, plan: &TrainPlan, graph: &Graph) -> bool {
    let is_square = file.confusion.0.iter().all(|row| row.len() == graph.classes());
    // The first versions kept no learning curves.
    let has_losses = file.losses.is_empty() || file.losses.len() == plan.epochs;
    file.confusion.0.len() == graph.classes() && is_square && has_losses
}

/// Whether a front is that of these results.
fn has_row_of(front: &FrontFile, results: &Results) -> bool {
    let [row] = front.members.as_slice() else { return false };
    (row.id, row.cost, row.accuracy) == (results.id, results.cost, results.mean_accuracy)
}
