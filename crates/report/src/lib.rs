//! What is **shown**: drawings, plots, and the published numbers that ours stand beside.
//!
//! Everything here is text made from values: the same values give the same bytes, and nothing is read or written.

mod markup;
mod plot;
mod published;

pub use plot::{Band, Panel, plot};
pub use published::{Figure, Published, SOURCE, Standing, TABLE_1};
