//! What is **learned from**: datasets, subject-wise folds, augmentation, the synthetic faces.
//!
//! [`Dataset::load`] reads faces in any [`Layout`], [`synth::dataset`] draws them in memory; [`split`] cuts either into
//! folds that never share a subject.
//!
//! ```
//! use netsynth_data::synth::{self, SynthOptions};
//! use netsynth_data::{DataOptions, split};
//!
//! let faces = SynthOptions { subjects: 6, side: 16, frames: 2, ..SynthOptions::default() };
//! let dataset = synth::dataset(&faces, &DataOptions { height: 16, width: 16, frames: 1, ..DataOptions::default() })?;
//! // Each of the six subjects shows each of the seven expressions.
//! assert_eq!(dataset.samples.len(), 6 * 7);
//!
//! let split = split(&dataset, 3, 0.0)?;
//! let subjects = |samples: &[usize]| -> Vec<Option<usize>> {
//!     samples.iter().map(|&sample| dataset.samples[sample].subject).collect()
//! };
//! let judged = subjects(split.validation(0));
//! assert!(subjects(&split.train(0)).iter().all(|trained| !judged.contains(trained)));
//! # Ok::<(), netsynth_data::DataError>(())
//! ```

mod augmentation;
mod beginning;
mod cells;
mod contact_sheet;
mod crop;
mod dataset;
mod digest;
mod error;
mod expression;
mod folds;
mod frames;
mod image;
mod jpeg;
mod label_set;
mod layouts;
mod lines;
mod names;
mod normalisation;
mod options;
mod pack;
mod preparation;
mod read;
mod rectangle;
mod skipped;
pub mod synth;
mod threads;

pub use augmentation::Augmentation;
pub use beginning::Beginning;
pub use contact_sheet::write_contact_sheet;
pub use crop::Crop;
pub use dataset::{Dataset, Sample, Usage};
pub use error::DataError;
pub use expression::Expression;
pub use folds::{HeldOut, OuterFold, Split, SplitBy, split};
pub use image::{Image, NoImage};
pub use label_set::LabelSet;
pub use layouts::{Layout, pictures_in};
pub use normalisation::Normalisation;
pub use options::{Colour, DataOptions};
pub use pack::{PackError, pack, unpack};
pub use preparation::{Preparation, Prepared, Scratch};
pub use rectangle::Rectangle;
pub use skipped::{SkipReason, Skipped};
