//! How a candidate is **measured**: graph -> Burn network, recipe, folds, probes, the evaluator.
//!
//! [`Network`] is a graph as a Burn module; [`fit`] trains it by a [`Recipe`]; what comes out is a [`Deployed`]
//! network, batch norm folded, which predicts, is probed and is saved. Training is a function of data, recipe,
//! seed and device: on the CPU it repeats to the bit.
//!
//! ```
//! use netsynth_data::synth::{self, SynthOptions};
//! use netsynth_data::{DataOptions, split};
//! use netsynth_graph::{ArchitectureSpec, Graph};
//! use netsynth_train::{Device, Recipe, Training, fit_fold, read, save};
//!
//! let faces = SynthOptions { subjects: 4, side: 16, frames: 2, ..SynthOptions::default() };
//! let dataset = synth::dataset(&faces, &DataOptions { height: 16, width: 16, frames: 1, ..DataOptions::default() })?;
//! let network = r#"(schema: 1, name: "tiny", input: (channels: 1, height: 16, width: 16), nodes: [
//!     (name: "stem", from: ["input"], op: Conv(channels: 4, stride: 2, norm: Batch, activation: Relu)),
//!     (name: "pool", from: ["stem"], op: GlobalAvgPool()),
//!     (name: "classes", from: ["pool"], op: Dense(units: 7)),
//! ])"#;
//! let graph = Graph::new(&ArchitectureSpec::from_ron(network)?)?;
//! let training = Training {
//!     graph: &graph,
//!     dataset: &dataset,
//!     recipe: &Recipe::strong(),
//!     n_epochs: 1,
//!     seed: 1,
//!     device: Device::Flex,
//!     start: None,
//!     checkpoints: None,
//! };
//! // Trained on three folds of four, and judged on the first.
//! let report = fit_fold(&training, &split(&dataset, 4, 0.0)?, 0, &mut |epoch| assert!(epoch.loss > 0.0))?;
//! assert_eq!(report.judgement.confusion.n_images(), 7);
//!
//! let again = read(&save(&report.network)?, &graph, Device::Flex)?;
//! let image = vec![0.5; 16 * 16];
//! assert_eq!(again.predict(image.clone(), 1), report.network.predict(image, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batches;
mod checkpoint;
#[cfg(test)]
mod conformance;
mod deployed;
mod device;
mod fit;
mod fold;
mod forward;
#[cfg(feature = "gpu")]
mod gpu;
mod ingredient;
mod inherit;
mod initial;
mod layer;
mod memory;
mod network;
mod one_thread;
mod probe;
mod recipe;
mod score;
mod tensors;
mod weights;
mod zero_cost;

pub use batches::plain_image;
pub use checkpoint::Checkpoints;
pub use deployed::Deployed;
pub use device::{Device, DeviceDescription, DeviceError};
pub use fit::{EpochReport, Training, TrainingFailure, fit};
pub use fold::{FoldReport, derived_seed, fit_fold};
pub use ingredient::Ingredient;
pub use inherit::{InheritFrom, Inheritance};
pub use memory::training_memory;
pub use netsynth_kernels::{instruction_sets, peak_gflops};
pub use network::Network;
pub use one_thread::on_one_thread;
pub use probe::{Stimulus, probe};
pub use recipe::{Optimiser, Recipe, RecipeError, Schedule};
pub use score::{Judgement, likeliest, score};
pub use weights::{Weights, WeightsError, load, pack, read, save, unpack};
pub use zero_cost::zero_cost_scores;
