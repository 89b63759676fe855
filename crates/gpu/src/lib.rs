//! Trains many copies of one small network at once on a GPU.
//!
//! # The plan
//! [`Trainings::new`] compiles a [`Graph`](netsynth_graph::Graph) once into a fixed list of kernel launches: forward,
//! loss, backward, optimiser. A step walks the list; nothing is decided, allocated or waited for on the way. The list
//! is recorded at the second step of a size and replayed from then on. What changes from step to step (which images,
//! the learning rate, the number of the step) lies in buffers: [`Trainings::begin_epoch`] uploads an epoch's images,
//! targets and rates, and a cursor on the device moves through them. The host reads losses once an epoch.
//!
//! # Packing
//! The training is an axis of every kernel. `trainings` copies of the network, say folds times seeds, each with its own
//! weights and images, take one launch where one alone would take one. A training comes to the same packed and alone,
//! up to the rounding of sums that are cut into other parts; twice the same gives the same bits, as no kernel adds
//! atomically.
//!
//! # Shapes
//! - activations and their gradients: `[trainings, channels, images, height, width]`, f32. A step's values share
//!   memory where they are never alive together.
//! - parameters, gradients, Adam's moments, averages: `[trainings, layout().len()]`; [`Parameters`] says where each
//!   layer's numbers lie. Weights come first, as decay acts on them alone, so the optimiser is one launch.
//! - partial gradients: `[parts, trainings, layout().len()]`, added by the optimiser in the order of the parts.
//! - running statistics: `[trainings, channels of all norms, 4]`.
//!
//! # What it covers
//! Convolutions of any kernel and stride without groups, batch norm, ReLU, sums of any number of inputs, global average
//! pools, dense layers, softmax cross-entropy with soft targets, Adam with l2 or decoupled decay and averages. Other
//! operators are a [`GpuError::Unsupported`] that names them.
//!
//! # What it does not do yet
//! Evaluation (read the parameters and score on the CPU), 16-bit arithmetic, networks of several widths padded into
//! one bucket, and a cache of compiled kernels: their compilation takes longer than a training. The executor that
//! packs tasks, and the arm of the training crate that chooses a device, are outside this crate.
//!
//! ```no_run
//! use netsynth_gpu::{Device, StepOptions, StepRates, Trainings};
//! # fn epoch(
//! #     graph: &netsynth_graph::Graph, weights: Vec<f32>, images: Vec<f32>, targets: Vec<f32>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let options = StepOptions { trainings: 10, batch: 32, epoch_images: 896, epoch_steps: 28, ..Default::default() };
//! let mut trainings = Trainings::new(&Device::open(0)?, graph, options)?;
//! trainings.set_parameters(&weights)?;
//! let rates = |step| StepRates { learning_rate: 1e-3, steps_before: step, weight_decay: 0.05, average: 0.998 };
//! trainings.begin_epoch(&images, &targets, &(0..28).map(rates).collect::<Vec<_>>())?;
//! for _ in 0..28 {
//!     trainings.step(32)?;
//! }
//! let losses = trainings.losses()?;
//! # Ok(())
//! # }
//! ```

mod device;
mod error;
mod execute;
mod kernels;
mod launch;
mod memory;
mod options;
mod parameters;
mod plan;
mod profile;
mod trainings;

pub use device::{Description, Device, Listed, devices};
pub use error::GpuError;
pub use options::{StepOptions, StepRates};
pub use parameters::{Parameter, Parameters, Role};
pub use profile::LaunchTime;
pub use trainings::Trainings;

/// Refuses a network with an operator that has no kernel here.
///
/// # Errors
/// [`GpuError::Unsupported`] names the first of them.
pub fn supports(graph: &netsynth_graph::Graph) -> Result<(), GpuError> {
    plan::Plan::new(graph, 1, 1).map(|_| ())
}
