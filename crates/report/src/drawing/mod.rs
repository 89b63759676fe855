//! An architecture as a picture, in the manner of the paper's Figure 1.
//!
//! Layers stand along a line in execution order, as bars as high as they have channels, on a band for each resolution.
//! What a sum reads from farther back arrives by a lane above the line. What is not on the longest way from image to
//! classes, such as the 1x1 projections between resolutions, has rows of its own above the lanes.
//! Each node has a column to itself, so no two labels and no two nodes can meet.

mod dot;
mod labels;
mod layout;
mod lettering;
mod position;
mod route;
mod spine;
mod svg;
#[cfg(test)]
mod tests;

use netsynth_graph::Graph;

pub use dot::dot;
use layout::Layout;
pub use svg::{DRAWING_RULES, Theme};

/// A picture as a file of its own: it follows the light or dark of whoever looks.
pub fn drawing(graph: &Graph) -> String {
    svg::file(graph, &Layout::new(graph))
}

/// A picture for a page that has [`DRAWING_RULES`] and their colours in its style.
pub fn drawing_in_page(graph: &Graph) -> String {
    svg::part(graph, &Layout::new(graph))
}
