//! One fold: trained without it, judged on it.

use netsynth_data::Split;
use netsynth_graph::GraphError;
use netsynth_random::stream;
use netsynth_search::{Candidate, Reactions, Rung, Scores, Trained};

use crate::inherit::{WeightKey, WeightStoreError};
use crate::{
    Confusion, Deployed, EpochReport, TrainEvaluator, Training, TrainingFailure, fit, on_one_thread, probe,
    score,
};

/// A network trained on all folds but one and judged on that one.
#[derive(Debug, Clone)]
pub struct FoldReport {
    /// How often each class was predicted for each.
    pub confusion: Confusion,
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
    let confusion = score(&network, training.dataset, split.validation(fold), training.recipe);
    Ok(FoldReport { confusion, network })
}

/// A seed of its own for each number of a kind.
pub fn derived_seed(seed: u64, kind: &str, number: usize) -> u64 {
    stream(seed, kind, &[number as u64]).next_u64()
}

/// What the training of a candidate on one fold of a rung found out.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldMeasurement {
    /// How often each class was predicted for each.
    pub confusion: Confusion,
    /// The mean training loss of each epoch, in nats.
    pub losses: Vec<f32>,
    /// What the probes saw; of fold 0 alone.
    pub reactions: Option<Reactions>,
    /// The scores of the network before any training; of fold 0 of rung 0 alone, and only where they are finite.
    pub scores: Option<Scores>,
}

/// Why a training of a search gave no measurement.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The candidate's choices make no network.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The training gave no network.
    #[error(transparent)]
    Failure(#[from] TrainingFailure),
    /// No thread could be started.
    #[error(transparent)]
    Thread(#[from] rayon::ThreadPoolBuildError),
    /// The weights that the training starts from cannot be read, or those that it gave cannot be written: no fault of the
    /// candidate.
    #[error(transparent)]
    Weights(#[from] WeightStoreError),
}

impl TrainEvaluator<'_> {
    /// How many folds a rung trains; they are numbered from 0.
    pub fn n_folds(&self, rung: usize) -> usize {
        self.rungs[rung].folds
    }

    /// Trains and measures a candidate on one fold of a rung, on one core, and keeps the trained network where trials
    /// inherit.
    ///
    /// A function of its arguments and of the networks that trainings of the same fold have kept: the folds of a rung can
    /// be trained in any order, and side by side.
    ///
    /// # Errors
    /// See [`TrainError`]; all but [`TrainError::Weights`] are failures of the candidate.
    pub fn train_fold(
        &self,
        candidate: &Candidate,
        rung: usize,
        fold: usize,
    ) -> Result<FoldMeasurement, TrainError> {
        on_one_thread(|| self.measure_fold(candidate, rung, fold))?
    }

    fn measure_fold(
        &self,
        candidate: &Candidate,
        rung: usize,
        fold: usize,
    ) -> Result<FoldMeasurement, TrainError> {
        let trial = candidate.trial;
        let Rung { epochs, .. } = self.rungs[rung];
        let graph = self.space.decode(&candidate.genome, "candidate")?;
        let start = match &self.inherited {
            Some(inherited) => inherited.start(self.rungs, (trial, rung), candidate.parent, fold)?,
            None => None,
        };
        let training = Training {
            graph: &graph,
            dataset: self.dataset,
            recipe: self.recipe,
            n_epochs: epochs,
            seed: derived_seed(self.seed, "trial", trial),
            device: self.device,
            start: start.as_ref(),
        };
        let mut losses = Vec::with_capacity(epochs);
        let mut on_epoch = |report: EpochReport| {
            losses.push(report.loss);
            (self.on_epoch)(trial, rung, fold, report);
        };
        let FoldReport { confusion, network } = fit_fold(&training, self.split, fold, &mut on_epoch)?;
        if let Some(inherited) = &self.inherited {
            inherited.weights.save(WeightKey::Trial { trial, rung }, fold, &network)?;
        }
        let reactions = (fold == 0).then(|| probe(&network, self.stimulus));
        let scores = if (rung, fold) == (0, 0) { self.scores(&graph).scores().copied() } else { None };
        Ok(FoldMeasurement { confusion, losses, reactions, scores })
    }

    /// A rung's result from the measurements of its folds, in their order.
    pub fn combine(folds: Vec<FoldMeasurement>) -> Trained {
        let fold_accuracies = folds.iter().map(|fold| fold.confusion.accuracy()).collect();
        let reactions = folds.first().and_then(|fold| fold.reactions.clone());
        let scores = folds.first().and_then(|fold| fold.scores);
        let losses = folds.into_iter().map(|fold| fold.losses).collect();
        Trained { fold_accuracies, losses, reactions, scores }
    }

    /// Trains the prototype, before any trial, on one fold for so many epochs, on one core.
    ///
    /// # Errors
    /// See [`TrainError`].
    pub fn train_prototype(
        &self,
        epochs: usize,
        fold: usize,
        on_epoch: &mut (dyn FnMut(EpochReport) + Send),
    ) -> Result<FoldReport, TrainError> {
        let graph = self.space.decode(&self.space.decisions().prototype(), "prototype")?;
        let training = Training {
            graph: &graph,
            dataset: self.dataset,
            recipe: self.recipe,
            n_epochs: epochs,
            seed: derived_seed(self.seed, "prototype", 0),
            device: self.device,
            start: None,
        };
        Ok(on_one_thread(|| fit_fold(&training, self.split, fold, on_epoch))??)
    }
}
