use std::num::NonZeroUsize;

use netsynth_data::{Dataset, Split};
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureSpec, Cost, Graph};
use netsynth_search::{ParetoFront, Variant, side_by_side, variants};
use netsynth_store::RunFolder;
use netsynth_train::{Confusion, EpochReport, Training, derived_seed, fit, on_one_thread, save, score};
use serde::Serialize;

use crate::complaint::Complaint;
use crate::plan::Plan;
use crate::progress::Progress;

/// What is known of a variant.
#[derive(Debug, Serialize)]
pub(crate) struct VariantMetrics {
    schema: u32,
    pub(crate) trial: usize,
    /// What chose it: accuracy on validation folds, during the search.
    pub(crate) search_accuracy: f64,
    /// Accuracy on the held-out subjects, whom the search never saw, after training from scratch.
    pub(crate) held_out_accuracy: Option<f64>,
    pub(crate) n_held_out_images: usize,
    epochs: usize,
    pub(crate) cost: Cost,
    net_score: f64,
    classes: Vec<String>,
    held_out_confusion: Confusion,
}

/// Trains the variants from scratch on all subjects but the held-out ones, and reads those once.
pub(crate) fn train_variants(
    plan: &Plan,
    front: &ParetoFront,
    dataset: &Dataset,
    split: &Split,
    workers: NonZeroUsize,
    folder: &RunFolder,
    progress: &Progress,
) -> Result<Vec<(Variant, VariantMetrics)>, Complaint> {
    let picks = variants(front);
    let mut numbers: Vec<usize> = picks.iter().map(|(_, trial)| *trial).collect();
    numbers.dedup();
    progress.skip(((2 - numbers.len()) * plan.final_epochs) as u64);
    let specs: Vec<ArchitectureSpec> =
        numbers.iter().map(|number| folder.architecture(*number)).collect::<Result<_, _>>()?;
    let samples = split.all_folds();
    let trained = side_by_side(numbers.len(), workers, |index| {
        let graph = Graph::new(&specs[index]).map_err(|error| error.to_string())?;
        let training = Training {
            graph: &graph,
            dataset,
            recipe: &plan.recipe,
            n_epochs: plan.final_epochs,
            seed: derived_seed(plan.search.seed, "variant", numbers[index]),
            device: plan.device,
        };
        let label = format!("trial {:3} for good", numbers[index]);
        let mut tell = |report: EpochReport| progress.epoch(&label, report);
        on_one_thread(|| {
            let network = fit(&training, &samples, &mut tell).map_err(|failure| failure.to_string())?;
            let confusion = score(&network, dataset, &split.held_out, &plan.recipe);
            Ok::<_, String>((network, confusion))
        })?
    });
    let mut finals = Vec::new();
    for (variant, number) in picks {
        let Some(index) = numbers.iter().position(|known| *known == number) else { continue };
        let (network, confusion) = trained[index].as_ref().map_err(|reason| {
            Complaint::new(
                reason,
                "the front is written; train the trial's architecture.ron with `netsynth train`",
            )
            .at(format!("variant {variant}"))
        })?;
        let Some((_, metrics)) = front.members.iter().find(|(trial, _)| *trial == number) else { continue };
        let known = VariantMetrics {
            schema: SCHEMA,
            trial: number,
            search_accuracy: metrics.accuracy,
            held_out_accuracy: (confusion.n_images() > 0).then(|| confusion.accuracy()),
            n_held_out_images: confusion.n_images(),
            epochs: plan.final_epochs,
            cost: metrics.cost,
            net_score: plan.search.performance.of(metrics),
            classes: dataset.classes.clone(),
            held_out_confusion: confusion.clone(),
        };
        folder.write_network(&format!("variants/{variant}"), &specs[index], &save(network)?, &known)?;
        finals.push((variant, known));
    }
    Ok(finals)
}
