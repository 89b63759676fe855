//! What is learned from: datasets, subject-wise folds, augmentation, the synthetic faces.
//!
//! [`Dataset::load`] reads a folder of faces, [`synth::dataset`] draws one in memory; [`split`] cuts either into
//! folds that never share a subject. Everything random is a function of a seed through [`stream()`].

mod augmentation;
mod ck_plus;
mod class_folders;
mod dataset;
mod error;
mod expression;
mod folder;
mod folds;
mod gray;
mod normalisation;
mod options;
mod stream;
pub mod synth;

pub use augmentation::Augmentation;
pub use dataset::{Dataset, Sample, SkipReason, Skipped};
pub use error::DataError;
pub use expression::Expression;
pub use folds::{Split, split};
pub use normalisation::Normalisation;
pub use options::{Crop, DataOptions, Layout};
pub use rand_chacha::rand_core;
pub use stream::{stream, unit};
