//! One fold: trained without it, judged on it.

use netsynth_data::Split;
use netsynth_random::stream;

use crate::{Deployed, EpochReport, Judgement, Training, TrainingFailure, fit, score};

/// A network trained on all folds but one and judged on that one.
#[derive(Debug, Clone)]
pub struct FoldReport {
    /// What it made of the fold.
    pub judgement: Judgement,
    /// The network.
    pub network: Deployed,
}

/// Trains on all folds but `fold` and judges on it; each fold draws from a seed of its own.
///
/// # Errors
/// The training gave no network.
pub fn fit_fold(
    training: &Training<'_>,
    split: &Split,
    fold: usize,
    on_epoch: &mut dyn FnMut(EpochReport),
) -> Result<FoldReport, TrainingFailure> {
    let training = Training { seed: derived_seed(training.seed, "fold", fold), ..*training };
    let network = fit(&training, &split.train(fold), on_epoch)?;
    let judgement = score(&network, training.dataset, split.validation(fold), training.recipe);
    Ok(FoldReport { judgement, network })
}

/// A seed of its own for each number of a kind.
pub fn derived_seed(seed: u64, kind: &str, number: usize) -> u64 {
    stream(seed, kind, &[number as u64]).next_u64()
}
