use netsynth_search::Rung;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::weight_store::{WeightKey, WeightStore, WeightStoreError};
use crate::Deployed;

/// Trials start from weights that were trained before, and are tuned instead of trained from scratch.
///
/// A trial takes over the channels that matter most, and the kernels and links that both networks have; a higher rung goes
/// on where the trial's lower rung ended. Each fold inherits from trainings of the same fold only, so no network is judged on
/// images that its weights were trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inheritance {
    /// The network that a trial starts from.
    pub from: InheritFrom,
    /// Epochs for which the prototype is trained before the search, on each fold that a rung trains.
    pub epochs: usize,
}

/// The network that a trial starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InheritFrom {
    /// The trained prototype: all trials have been trained equally long.
    Prototype,
    /// The trial that it was made from, or the prototype if it was made from none: what is learned adds up from generation
    /// to generation, so later trials have been trained longer.
    Parent,
}

/// Which weights the trials of an evaluator start from, and where these are kept.
#[derive(Clone, Copy)]
pub struct Inherited<'a> {
    /// The network that a trial starts from.
    pub from: InheritFrom,
    /// The trained networks.
    pub weights: &'a dyn WeightStore,
}

impl Inherited<'_> {
    /// The network that a trial's training of a fold on a rung starts from: that of its highest lower rung, then that of
    /// its parent's highest rung, then the prototype's; the first that was trained on this fold.
    pub(crate) fn start(
        &self,
        rungs: &[Rung],
        (trial, rung): (usize, usize),
        parent: Option<usize>,
        fold: usize,
    ) -> Result<Option<Deployed>, WeightStoreError> {
        let trainings = |trial: usize, end: usize| {
            let trained = (0..end).rev().filter(|&rung| rungs[rung].folds > fold);
            trained.map(move |rung| WeightKey::Trial { trial, rung })
        };
        let parent = match self.from {
            InheritFrom::Prototype => None,
            InheritFrom::Parent => parent,
        };
        let keys = trainings(trial, rung)
            .chain(parent.into_iter().flat_map(|parent| trainings(parent, rungs.len())))
            .chain([WeightKey::Prototype]);
        for key in keys {
            if let Some(network) = self.weights.load(key, fold)? {
                return Ok(Some(network));
            }
        }
        Ok(None)
    }
}
