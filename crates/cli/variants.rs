use std::num::NonZeroUsize;

use netsynth_data::{Dataset, Split};
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureSpec, Cost, Graph};
use netsynth_search::{Confusion, Metric, ParetoFront, Variant, side_by_side, variants};
use netsynth_store::{FrontRow, RunFolder, StoreError};
use netsynth_train::{Deployed, EpochReport, Owner, Training, derived_seed, fit, on_one_thread, save, score};
use serde::{Deserialize, Serialize};

use crate::ancestors::InFolder;
use crate::complaint::Complaint;
use crate::interrupt;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::trouble::Trouble;
use crate::words::{count, percent};

/// What is known of a variant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariantMetrics {
    schema: u32,
    pub(crate) trial: usize,
    /// What chose it: accuracy on validation folds, during the search.
    pub(crate) search_accuracy: f64,
    /// Accuracy on the held-out subjects, whom neither the search nor any ancestor ever saw.
    pub(crate) held_out_accuracy: Option<f64>,
    pub(crate) n_held_out_images: usize,
    pub(crate) epochs: usize,
    /// Whether these epochs went on with the trial's weights; they began from scratch otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) inherits: bool,
    pub(crate) cost: Cost,
    net_score: f64,
    pub(crate) classes: Vec<String>,
    pub(crate) held_out_confusion: Confusion,
}

impl VariantMetrics {
    /// What it is and how good, in a line.
    pub(crate) fn line(&self, variant: Variant) -> String {
        format!(
            "{variant}: trial {}, {} parameters, {} on validation folds, {} on {} images of held-out subjects",
            self.trial,
            count(self.cost.parameters),
            percent(self.search_accuracy),
            self.held_out_accuracy.map_or("not judged".to_owned(), percent),
            self.n_held_out_images
        )
    }

    /// Whether these are of this member of the front.
    pub(crate) fn agrees(&self, member: &FrontRow, final_epochs: usize) -> bool {
        let Self { trial, search_accuracy, epochs, cost, net_score, .. } = self;
        (*trial, *search_accuracy, *cost, *net_score)
            == (member.trial, member.accuracy, member.cost, member.net_score)
            && *epochs == final_epochs
    }
}

/// What became of the variants.
pub(crate) enum Variants {
    /// They are in their folders.
    Trained(Vec<(Variant, VariantMetrics)>),
    /// Somebody asked to stop before all of them were.
    Stopped,
}

/// Trains the variants on all subjects but the held-out ones, from scratch or on from what their trials learned, and reads
/// the held-out ones once. Variants that are in their folders already are kept.
pub(crate) fn train_variants(
    plan: &Plan,
    front: &ParetoFront,
    dataset: &Dataset,
    split: &Split,
    workers: NonZeroUsize,
    folder: &RunFolder,
    progress: &Progress,
) -> Result<Variants, Trouble> {
    let picks = variants(front);
    let mut open = Vec::new();
    for (variant, number) in &picks {
        if known(folder, *variant)?.is_none() {
            open.push((*variant, *number));
        }
    }
    let mut numbers: Vec<usize> = open.iter().map(|(_, trial)| *trial).collect();
    numbers.dedup();
    progress.skip(((Variant::ALL.len() - numbers.len()) * plan.final_epochs) as u64);
    let outcomes = side_by_side(numbers.len(), workers, |index| {
        if interrupt::is_asked() {
            return Ok(());
        }
        let trial = numbers[index];
        let spec = folder.architecture(trial)?;
        let start = start(plan, trial, folder)?;
        let (network, confusion) = trained(plan, &spec, trial, start.as_ref(), dataset, split, progress)
            .map_err(|reason| {
                let remedy = "the front is written; train the trial's architecture.ron with `netsynth train`";
                Complaint::new(reason, remedy).at(format!("trial {trial}"))
            })?;
        let member = front.members.iter().find(|(number, _)| *number == trial);
        let known = member.and_then(|(_, metrics)| {
            Some((metrics.get(Metric::Accuracy)?, metrics.get(plan.search.quality())?))
        });
        let Some((search_accuracy, quality)) = known else { return Ok(()) };
        let cost = Graph::new(&spec).map_err(Complaint::from)?.cost();
        let found = VariantMetrics {
            schema: SCHEMA,
            trial,
            search_accuracy,
            held_out_accuracy: (confusion.n_images() > 0).then(|| confusion.accuracy()),
            n_held_out_images: confusion.n_images(),
            epochs: plan.final_epochs,
            inherits: start.is_some(),
            cost,
            net_score: plan.search.performance.of(quality, &cost),
            classes: dataset.classes.clone(),
            held_out_confusion: confusion,
        };
        let weights = save(&network).map_err(Complaint::from)?;
        for (variant, _) in open.iter().filter(|(_, number)| *number == trial) {
            folder.write_network(&place(*variant), &spec, &weights, &found)?;
        }
        Ok(())
    });
    outcomes.into_iter().collect::<Result<Vec<()>, Trouble>>()?;
    let mut finals = Vec::new();
    for (variant, _) in picks {
        match known(folder, variant)? {
            Some(metrics) => finals.push((variant, metrics)),
            None => return Ok(Variants::Stopped),
        }
    }
    Ok(Variants::Trained(finals))
}

fn place(variant: Variant) -> String {
    format!("variants/{variant}")
}

/// What is known of a variant that was trained; its metrics are the last that is written of it.
pub(crate) fn known(folder: &RunFolder, variant: Variant) -> Result<Option<VariantMetrics>, StoreError> {
    folder.document(&format!("{}/metrics.ron", place(variant)))
}

/// What a trial had learned when it was chosen, if trials take over from others: a network that came from a larger one can be
/// out of reach from scratch. Of its lines the first; none has seen the held-out subjects.
fn start(plan: &Plan, trial: usize, folder: &RunFolder) -> Result<Option<Deployed>, Trouble> {
    let Some(rung) = plan.inheritance.and_then(|_| plan.search.rungs.len().checked_sub(1)) else {
        return Ok(None);
    };
    InFolder::new(folder, plan.device).known(Owner::Trial { trial, rung }, 0)
}

/// Trains one network for good, and judges it on the held-out subjects.
fn trained(
    plan: &Plan,
    spec: &ArchitectureSpec,
    trial: usize,
    start: Option<&Deployed>,
    dataset: &Dataset,
    split: &Split,
    progress: &Progress,
) -> Result<(Deployed, Confusion), String> {
    let graph = Graph::new(spec).map_err(|error| error.to_string())?;
    let training = Training {
        graph: &graph,
        dataset,
        recipe: &plan.recipe,
        n_epochs: plan.final_epochs,
        seed: derived_seed(plan.search.seed, "variant", trial),
        device: plan.device,
        start,
    };
    let label = format!("trial {trial:3} for good");
    let mut tell = |report: EpochReport| progress.epoch(&label, report);
    on_one_thread(|| {
        let network = fit(&training, &split.all_folds(), &mut tell).map_err(|failure| failure.to_string())?;
        let confusion = score(&network, dataset, &split.held_out, &plan.recipe);
        Ok((network, confusion))
    })?
}
