//! Trains many copies of one small network at once on a GPU.

mod device;
mod error;
mod execute;
mod kernels;
mod launch;
mod memory;
mod parameters;
mod plan;
mod profile;
mod trainings;

pub use device::{Description, Device};
pub use error::GpuError;
pub use parameters::{Parameter, Parameters, Role};
pub use profile::LaunchTime;
pub use trainings::{StepOptions, StepRates, Trainings};
