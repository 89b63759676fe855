//! Charts: one axis and one area for all, as SVG or as the cells of a terminal.
//!
//! Grids and their numbers carry classes (`grid`, `end`, `mid`): a page styles them for light and dark, and a chart that is a file of its
//! own has its style in front.

mod area;
mod axis;
mod curves;
mod picture;
mod scatter;
mod steps;
mod terminal;
mod timeline;

pub use axis::{Axis, Notation, Scale};
pub use curves::{Band, Panel, curves};
pub use picture::{PictureError, png};
pub(crate) use picture::{png_of, png_over};
pub use scatter::{Kind, Point, Scatter, Series, scatter};
pub(crate) use steps::{climbs, losses, slopes, steps};
pub use terminal::{Glyphs, letter, terminal};
pub(crate) use timeline::{N_COLOURS, Timeline, timeline};

/// Colours that people with any colour vision can distinguish (Okabe and Ito 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#666666", "#56b4e9"];

/// What stands in front of a chart that is a file of its own.
const FILE_STYLE: &str = "<style>.grid{stroke:#dddddd;fill:none}.end{text-anchor:end}.mid{text-anchor:middle}\
                          </style>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
