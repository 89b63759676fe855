use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

use crate::Deployed;

/// The training of a search that weights are the result of; each has weights for each of its folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WeightKey {
    /// The prototype's training before the search.
    Prototype,
    /// A trial's training on a rung.
    Trial {
        /// The trial's number.
        trial: usize,
        /// The rung's number.
        rung: usize,
    },
}

/// Where the trained networks of a search are kept, so that other trainings can start from them.
pub trait WeightStore: Sync {
    /// The network that a training gave for this fold, numbered from 0; none if the fold was not trained.
    ///
    /// # Errors
    /// The network was kept and cannot be read.
    fn load(&self, key: WeightKey, fold: usize) -> Result<Option<Deployed>, WeightStoreError>;

    /// Keeps the network that a training gave for this fold, numbered from 0.
    ///
    /// # Errors
    /// The network cannot be written.
    fn save(&self, key: WeightKey, fold: usize, network: &Deployed) -> Result<(), WeightStoreError>;
}

/// A trained network cannot be read or written. The store's own error is the source: callers can print it, or downcast it
/// to what their store gives.
#[derive(Debug, thiserror::Error)]
#[error("the weights of a training cannot be read or written")]
pub struct WeightStoreError {
    /// The store's error.
    pub source: Box<dyn Error + Send + Sync>,
}

impl WeightStoreError {
    /// With the store's error.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}

/// A store in memory.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<BTreeMap<(WeightKey, usize), Deployed>>);

impl InMemory {
    /// With the trained prototype of each fold, in their order.
    pub fn new(prototypes: &[Deployed]) -> Self {
        let known = prototypes.iter().enumerate();
        Self(Mutex::new(
            known.map(|(fold, network)| ((WeightKey::Prototype, fold), network.clone())).collect(),
        ))
    }
}

impl WeightStore for InMemory {
    fn load(&self, key: WeightKey, fold: usize) -> Result<Option<Deployed>, WeightStoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(key, fold)).cloned())
    }

    fn save(&self, key: WeightKey, fold: usize, network: &Deployed) -> Result<(), WeightStoreError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((key, fold), network.clone());
        Ok(())
    }
}
