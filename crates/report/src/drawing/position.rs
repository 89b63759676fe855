//! Where the parts of a drawing are, in pixels.

/// The radius of a sum.
pub(super) const RADIUS: f64 = 5.5;
/// Room inside a band left and right, and the strip of its heading.
pub(super) const MARGIN: f64 = 7.0;
pub(super) const HEADING: f64 = 24.0;

/// Where a node is drawn: its middle, and half of its width and height.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) half_width: f64,
    pub(super) half_height: f64,
    /// `None` on the line, or its row above the lanes.
    pub(super) row: Option<usize>,
    pub(super) is_joint: bool,
}

/// A stretch of the line at one resolution.
pub(super) struct Band {
    pub(super) left: f64,
    pub(super) right: f64,
}

/// A wire as a path.
pub(super) struct Wire {
    pub(super) from: Option<usize>,
    pub(super) to: usize,
    pub(super) path: String,
}

/// What is known before anything has a height: columns and bands.
pub(super) struct Columns {
    pub(super) positions: Vec<Position>,
    pub(super) bands: Vec<Band>,
    pub(super) headings: Vec<String>,
    /// How far a label to the right of a node above the line reaches.
    pub(super) reach: Vec<f64>,
    pub(super) width: f64,
    /// Whether names stand upright.
    pub(super) is_upright: bool,
}
