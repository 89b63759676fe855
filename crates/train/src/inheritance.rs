//! What the trials of a search start from, if not from random weights.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use netsynth_search::Candidate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Deployed, EpochReport, FoldReport, TrainEvaluator, Training, derived_seed, fit_fold, on_one_thread,
};

/// Trials start with what others have learned, and are tuned instead of trained from scratch.
///
/// A trial takes over the channels that matter most, kernels and links that both have; a higher rung goes on where the
/// trial's lower rung ended. Each fold has its own line of ancestors, so nobody is judged on people that an ancestor has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inheritance {
    /// Whose weights a trial starts with.
    pub from: Ancestor,
    /// Epochs for which the prototype is trained before the search, on each fold that a rung trains.
    pub epochs: usize,
}

/// Whose weights a trial starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Ancestor {
    /// The trained prototype's: all trials have been trained equally long.
    Prototype,
    /// Those of the trial that it was made from, or the prototype's if it was made from none: what is learned adds up from
    /// generation to generation, so later trials have been trained longer.
    Parent,
}

/// Who a trained network of a search belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// The prototype.
    Prototype,
    /// A trial, as a rung trained it.
    Trial {
        /// Its number.
        trial: usize,
        /// The rung.
        rung: usize,
    },
}

/// Where a search's trained networks are kept, so that others can start from them.
pub trait Nursery: Send + Sync {
    /// The network of this owner that was trained for this fold; none if it was not trained for it.
    fn recall(&self, owner: Owner, fold: usize) -> Result<Option<Deployed>, OutOfOrder>;

    /// Keeps a network.
    fn keep(&self, owner: Owner, fold: usize, network: &Deployed) -> Result<(), OutOfOrder>;
}

/// Networks cannot be read or kept, and the search is to stop: whoever keeps them knows why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfOrder;

/// Networks in memory.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<BTreeMap<(Owner, usize), Deployed>>);

impl InMemory {
    /// With the prototype as it was trained for each fold, in order.
    pub fn new(prototypes: &[Deployed]) -> Self {
        let known = prototypes.iter().enumerate();
        Self(Mutex::new(known.map(|(fold, network)| ((Owner::Prototype, fold), network.clone())).collect()))
    }
}

impl Nursery for InMemory {
    fn recall(&self, owner: Owner, fold: usize) -> Result<Option<Deployed>, OutOfOrder> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(owner, fold)).cloned())
    }

    fn keep(&self, owner: Owner, fold: usize, network: &Deployed) -> Result<(), OutOfOrder> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((owner, fold), network.clone());
        Ok(())
    }
}

/// Whose weights the trials of an evaluator start with, and where these are kept.
#[derive(Clone)]
pub struct Lineage<'a> {
    /// Whose.
    pub from: Ancestor,
    /// Where.
    pub nursery: Arc<dyn Nursery + 'a>,
}

impl TrainEvaluator<'_> {
    /// Trains the prototype on all folds but one, or says why it could not be.
    pub fn train_prototype(
        &self,
        epochs: usize,
        fold: usize,
        tell: &mut (dyn FnMut(EpochReport) + Send),
    ) -> Result<FoldReport, String> {
        let genome = self.space.decisions().prototype();
        let graph = self.space.decode(&genome, "prototype").map_err(|error| error.to_string())?;
        let training = Training {
            graph: &graph,
            dataset: self.dataset,
            recipe: self.recipe,
            n_epochs: epochs,
            seed: derived_seed(self.seed, "prototype", 0),
            device: self.device,
            start: None,
        };
        let trained = on_one_thread(|| fit_fold(&training, self.split, fold, &mut |report| tell(report)))?;
        trained.map_err(|failure| failure.to_string())
    }

    /// The network that a training starts with.
    pub(crate) fn start(
        &self,
        candidate: &Candidate,
        rung: usize,
        fold: usize,
    ) -> Result<Option<Deployed>, OutOfOrder> {
        let Some(Lineage { from, nursery }) = &self.lineage else { return Ok(None) };
        let rungs_of = |trial: usize, end: usize| {
            let trained = (0..end).rev().filter(|&rung| self.rungs[rung].folds > fold);
            trained.map(move |rung| Owner::Trial { trial, rung })
        };
        let parent = candidate.parent.filter(|_| *from == Ancestor::Parent);
        let owners = rungs_of(candidate.trial, rung)
            .chain(parent.into_iter().flat_map(|parent| rungs_of(parent, self.rungs.len())))
            .chain([Owner::Prototype]);
        for owner in owners {
            if let Some(network) = nursery.recall(owner, fold)? {
                return Ok(Some(network));
            }
        }
        Ok(None)
    }

    /// Keeps what a training made of a trial, if there are lines of ancestors.
    pub(crate) fn keep(
        &self,
        candidate: &Candidate,
        rung: usize,
        fold: usize,
        network: &Deployed,
    ) -> Result<(), OutOfOrder> {
        match &self.lineage {
            Some(Lineage { nursery, .. }) => {
                nursery.keep(Owner::Trial { trial: candidate.trial, rung }, fold, network)
            }
            None => Ok(()),
        }
    }
}
