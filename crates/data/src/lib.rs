//! What is learned from: datasets, subject-wise folds, augmentation, the synthetic faces.
//!
//! [`Dataset::load`] reads faces in any of the layouts that people hold, [`synth::dataset`] draws them in memory;
//! [`split`] cuts either into folds that never share a subject.

mod augmentation;
mod contact_sheet;
mod crop;
mod dataset;
mod digest;
mod error;
mod expression;
mod folds;
mod image;
mod label_set;
mod layouts;
mod lines;
mod normalisation;
mod options;
mod read;
mod rectangle;
mod skipped;
pub mod synth;

pub use augmentation::Augmentation;
pub use contact_sheet::write_contact_sheet;
pub use crop::Crop;
pub use dataset::{Dataset, Sample, Usage};
pub use error::DataError;
pub use expression::Expression;
pub use folds::{Split, SplitBy, split};
pub use label_set::LabelSet;
pub use layouts::Layout;
pub use normalisation::Normalisation;
pub use options::{Colour, DataOptions};
pub use skipped::{SkipReason, Skipped};
