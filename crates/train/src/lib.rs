//! How a candidate is **measured**: graph -> Burn network, recipe, folds, probes, the evaluator.
//!
//! [`Network`] is a graph as a Burn module; [`fit`] trains it by a [`Recipe`]; what comes out is a [`Deployed`]
//! network, batch norm folded, which predicts, is probed and is saved. Training is a function of data, recipe,
//! seed and device: on the CPU it repeats to the bit.

mod batches;
#[cfg(test)]
mod conformance;
mod deployed;
mod device;
mod evaluator;
mod fit;
mod folds;
mod heritage;
mod ingredient;
mod inheritance;
mod initial;
mod layer;
mod memory;
mod network;
mod probe;
mod recipe;
mod score;
mod start;
mod tensors;
mod untrained;
mod weights;

pub use deployed::Deployed;
pub use device::Device;
pub use evaluator::{TrainEvaluator, on_one_thread};
pub use fit::{EpochReport, Training, TrainingFailure, fit};
pub use folds::{FoldReport, derived_seed, fit_fold};
pub use ingredient::Ingredient;
pub use inheritance::{Ancestor, InMemory, Inheritance, Lineage, Nursery, OutOfOrder, Owner};
pub use memory::training_memory;
pub use network::Network;
pub use probe::{Stimulus, probe};
pub use recipe::{Optimiser, Recipe, RecipeError, Schedule};
pub use score::score;
pub use untrained::scores;
pub use weights::{WeightsError, load, read, save};
