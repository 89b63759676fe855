//! What is **shown**: drawings, plots, and the published numbers that ours stand beside.
//!
//! Everything here is text or a picture made from values: the same values give the same bytes, and nothing is read or written.

mod audit;
mod axis;
mod drawing;
mod markup;
pub mod numbers;
mod page;
mod picture;
mod plot;
mod published;
mod reasons;
mod scatter;
mod terminal;

pub use audit::{AUDIT_HEADER, audit_cells, audit_words};
pub use axis::{Axis, Scale, Written};
pub use drawing::{DRAWING_RULES, Theme, dot, drawing, drawing_in_page};
pub use page::{Judged, Report, Run, TrainedFold, TrainingReport, page, training_page};
pub use picture::{PictureError, png};
pub use plot::{Band, Panel, plot};
pub use published::{Figure, Published, SOURCE, Standing, TABLE_1};
pub use reasons::reason_cells;
pub use scatter::{Kind, Point, Scatter, Series, scatter};
pub use terminal::{Glyphs, letter, terminal};
