//! What is **shown**: drawings, plots, and the published numbers that ours stand beside.
//!
//! Everything here is text made from values: the same values give the same bytes, and nothing is read or written.

mod drawing;
mod markup;
pub mod numbers;
mod page;
mod plot;
mod published;

pub use drawing::{DRAWING_RULES, Theme, dot, drawing, drawing_in_page};
pub use page::{Judged, Report, Run, TrainedFold, TrainingReport, page, training_page};
pub use plot::{Band, Panel, plot};
pub use published::{Figure, Published, SOURCE, Standing, TABLE_1};
