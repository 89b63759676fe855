use netsynth_data::Dataset;
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{Cost, Graph};
use netsynth_search::{Confusion, Length, PersonScore, Variant};
use netsynth_store::{
    Entry, FailureFile, Fold, FrontFile, FrontRow, NetworkFile, Outcome, RunFolder, StoreError,
    TrainedNetwork,
};
use netsynth_train::derived_seed;
use serde::{Deserialize, Serialize};

use crate::work::do_all;
use crate::{
    Answer, Context, Job, JudgedOn, Plan, RunError, RunEvent, RunWeights, TaskId, TaskResult, TrainingTask,
    WeightKey, Weights,
};

/// What is known of a variant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantMetrics {
    /// The file format's version.
    pub schema: u32,
    /// The trial that it is.
    pub trial: usize,
    /// What chose it: accuracy on validation folds, during the search.
    pub search_accuracy: f64,
    /// Accuracy on the held-out subjects, whom neither the search nor any network it inherited from ever saw.
    pub held_out_accuracy: Option<f64>,
    /// Images of held-out subjects.
    pub n_held_out_images: usize,
    /// Epochs of its training.
    pub epochs: usize,
    /// Whether these epochs went on with the trial's weights; they began from scratch otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inherits: bool,
    /// What counting its network gives.
    pub cost: Cost,
    /// Its universal performance U.
    pub net_score: f64,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// What it took for what on the held-out images.
    pub held_out_confusion: Confusion,
    /// What it made of each held-out person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_out_people: Vec<PersonScore>,
}

impl VariantMetrics {
    /// Whether these are of this member of the front.
    pub fn agrees(&self, member: &FrontRow, length: Length) -> bool {
        let Self { trial, search_accuracy, epochs, cost, net_score, .. } = self;
        (*trial, *search_accuracy, *cost, *net_score)
            == (member.trial, member.accuracy, member.cost, member.net_score)
            && *epochs == length.epochs_of(cost)
    }
}

/// Trains the variants of a front on all subjects but the held-out ones, from scratch or on from what their trials
/// learned, and reads the held-out ones once. Variants that are in their folders already are kept.
pub(crate) fn train_variants(
    plan: &Plan,
    front: &FrontFile,
    dataset: &Dataset,
    folder: &RunFolder,
    context: &Context<'_>,
) -> Result<Vec<(Variant, Outcome<VariantMetrics>)>, RunError> {
    let picks = plan.variants(front);
    let mut open: Vec<(Variant, usize)> = Vec::new();
    for (variant, trial) in &picks {
        if outcome(folder, *variant)?.is_none() {
            open.push((*variant, *trial));
        }
    }
    let mut jobs = Vec::new();
    let mut n_skipped = Variant::ALL.len() * plan.final_epochs;
    for row in &front.members {
        let names: Vec<Variant> =
            open.iter().filter(|(_, picked)| *picked == row.trial).map(|(variant, _)| *variant).collect();
        if names.is_empty() {
            continue;
        }
        let (trial, search_accuracy, net_score) = (row.trial, row.accuracy, row.net_score);
        let spec = folder.architecture(trial)?;
        let graph = Graph::new(&spec)?;
        let start = start(plan, trial, folder)?;
        let inherits = start.is_some();
        let cost = graph.cost();
        let epochs = plan.final_length().epochs_of(&cost);
        n_skipped -= epochs;
        let training = TrainingTask {
            judged_on: JudgedOn::HeldOut,
            epochs,
            seed: derived_seed(plan.search.seed, "variant", trial),
            start,
            is_probed: false,
        };
        let task = plan.task(TaskId::Variant { trial }, &graph, &dataset.digest, Some(training));
        let finish = move |answers: Vec<Answer>| {
            let TaskResult { confusion, people, weights, .. } = match Answer::of_training(answers) {
                Ok(trained) => *trained,
                // Another try would give the same: the run ends without this variant.
                Err(reason) => {
                    let training = TaskId::Variant { trial }.to_string();
                    for variant in names {
                        folder.write_failure(TrainedNetwork::Variant(variant), &training, &reason)?;
                    }
                    return Ok(());
                }
            };
            let found = VariantMetrics {
                schema: SCHEMA,
                trial,
                search_accuracy,
                held_out_accuracy: (confusion.n_images() > 0).then(|| confusion.accuracy()),
                n_held_out_images: confusion.n_images(),
                epochs,
                inherits,
                cost,
                net_score,
                classes: dataset.classes.clone(),
                held_out_confusion: confusion,
                held_out_people: people,
            };
            for variant in names {
                folder.write_network(TrainedNetwork::Variant(variant), &spec, &weights, &found)?;
            }
            Ok(())
        };
        jobs.push(Job::Open { tasks: vec![task], finish: Box::new(finish) });
    }
    (context.on_event)(RunEvent::Skipped { epochs: n_skipped as u64 });
    do_all(context, &RunWeights::new(folder), jobs)?;
    let found = picks.into_iter().filter_map(|(variant, _)| {
        outcome(folder, variant).map(|outcome| Some((variant, outcome?))).transpose()
    });
    Ok(found.collect::<Result<_, StoreError>>()?)
}

impl Plan {
    /// The picks of a front that are trained for good, with their trials: what a trainer of the user's own leaves is its own
    /// affair, so its searches end with the front.
    pub(crate) fn variants(&self, front: &FrontFile) -> Vec<(Variant, usize)> {
        if self.evaluator.is_netsynth() { front.variants() } else { Vec::new() }
    }
}

/// What came of a variant's training, if all of its files are there.
pub(crate) fn outcome(
    folder: &RunFolder,
    variant: Variant,
) -> Result<Option<Outcome<VariantMetrics>>, StoreError> {
    folder.outcome(TrainedNetwork::Variant(variant))
}

/// Why a variant could not be trained, if that was tried.
pub fn failed(folder: &RunFolder, variant: Variant) -> Result<Option<FailureFile>, StoreError> {
    folder.document(Entry::Network(TrainedNetwork::Variant(variant), NetworkFile::Failure))
}

/// What is known of a variant that was trained; its metrics are the last that is written of it.
pub fn known(folder: &RunFolder, variant: Variant) -> Result<Option<VariantMetrics>, StoreError> {
    folder.document(Entry::Network(TrainedNetwork::Variant(variant), NetworkFile::Metrics))
}

/// What a trial had learned when it was chosen, if trials inherit: a network that came from a larger one can be out of
/// reach from scratch. Of its folds the first; none has seen the held-out subjects.
fn start(plan: &Plan, trial: usize, folder: &RunFolder) -> Result<Option<WeightKey>, RunError> {
    let Some(rung) = plan.inheritance.and_then(|_| plan.search.rungs.len().checked_sub(1)) else {
        return Ok(None);
    };
    let key = WeightKey::Trial { trial, rung, fold: Fold::from_index(0) };
    Ok(RunWeights::new(folder).contains(&key)?.then_some(key))
}
