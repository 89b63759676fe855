//! What is **shown**: drawings, plots, and the published numbers that ours stand beside.
//!
//! Everything here is text or a picture made from values: the same values give the same bytes, and nothing is read or written.

mod audit;
mod charts;
mod drawing;
mod markup;
pub mod numbers;
mod page;
mod published;
mod reasons;
mod tables;

pub use audit::{audit_sentences, audit_table};
pub use charts::{
    Axis, Band, Glyphs, Kind, Notation, Panel, PictureError, Point, Scale, Scatter, Series, curves, letter,
    png, scatter, terminal,
};
pub use drawing::{DRAWING_RULES, Theme, dot, drawing, drawing_in_page};
pub use page::{Judged, Report, Run, TrainedFold, TrainingReport, page, training_page};
pub use published::{Figure, Published, SOURCE, Standing, TABLE_1};
pub use reasons::{ranking_table, reason_table};
pub use tables::{Cell, Column, Table};
