//! What is **shown**: drawings, charts, tables, one HTML page, and the published numbers that ours stand beside.
//!
//! Everything here is text or a picture made from values: the same values give the same bytes, and no file is written.
//! A table's columns are defined once, and every form is made of them:
//!
//! ```
//! use netsynth_report::{Cell, Column, Table};
//!
//! struct Network { name: &'static str, parameters: u64, accuracy: f64 }
//! let networks = [
//!     Network { name: "nano-a", parameters: 232_000, accuracy: 0.976 },
//!     Network { name: "nano-b", parameters: 136_000, accuracy: 0.927 },
//! ];
//! let columns = [
//!     Column::left("network", |network: &Network| Cell::text(network.name)),
//!     Column::parameters(|network: &Network| network.parameters),
//!     Column::accuracy(|network: &Network| Some(network.accuracy)),
//! ];
//! let table = Table::new(&columns, &networks);
//! assert!(table.text(None).contains("nano-a       232,000    97.60 %"));
//! assert_eq!(table.csv(), "network,parameters,accuracy\nnano-a,232000,0.976\nnano-b,136000,0.927");
//! assert_eq!(table.json()[1]["accuracy"], 0.927);
//! ```
//!
//! A chart is the same: points on two axes, as SVG ([`scatter`]), as pixels ([`png`]) or as lines of a terminal ([`terminal`]).

mod annotation;
mod audit;
mod charts;
mod drawing;
mod family;
mod heat_map;
mod markup;
pub mod numbers;
mod page;
mod predicted;
mod published;
mod reasons;
mod tables;

pub use annotation::{Frame, Picture, annotated};
pub use audit::{audit_sentences, audit_table};
pub use charts::{
    Axis, Band, Glyphs, Kind, Notation, Panel, PictureError, Point, Scale, Scatter, Series, curves, letter,
    png, scatter, terminal,
};
pub use drawing::{DRAWING_RULES, Theme, dot, drawing, drawing_in_page};
pub use family::above_family;
pub use heat_map::{HeatMap, face_and_map, heat_maps};
pub use page::{
    Explained, ExplainedFace, Judged, Removed, Report, Run, TrainedFold, TrainingReport, page, training_page,
};
pub use predicted::predicted;
pub use published::{Figure, Published, PublishedSpeed, SOURCE, SPEED_SOURCE, Standing, TABLE_1, TABLE_2};
pub use reasons::{ranking_table, reason_table};
pub use tables::{Cell, Column, Table};
