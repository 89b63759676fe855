//! Where everything is, in pixels; the image is vertex 0 and node n is vertex n + 1.

use netsynth_graph::{Graph, Shape};

use super::labels::{Label, below, labels, whole_width};
use super::lettering::{LETTER, is_joint, short, text_width};
use super::route::{Plan, wires};
use super::spine::spine;

/// Height of the bar with the most channels, and of the least visible one.
const TALLEST: f64 = 64.0;
const LOWEST: f64 = 5.0;
/// Half the width of a bar, and the radius of a sum.
const HALF_BAR: f64 = 8.0;
pub(super) const RADIUS: f64 = 5.5;
/// Room inside a band left and right, and the strip of its heading.
pub(super) const MARGIN: f64 = 7.0;
pub(super) const HEADING: f64 = 24.0;
/// Names wider than this stand upright.
const WIDEST_NAME: f64 = 56.0;
/// Between lanes, and between rows above them.
const LANE: f64 = 8.0;
const ROW_GAP: f64 = 12.0;

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

pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Of the image, then of the nodes.
    pub(super) positions: Vec<Position>,
    pub(super) bands: Vec<Band>,
    pub(super) labels: Vec<Label>,
    pub(super) wires: Vec<Wire>,
}

impl Layout {
    pub(super) fn new(graph: &Graph) -> Self {
        let mut columns = Columns::new(graph);
        let plan = Plan::new(graph, &columns.positions, &columns.reach);
        for (vertex, row) in &plan.rows {
            columns.positions[*vertex].row = Some(*row);
        }
        let heights = |positions: &[Position], row: usize| {
            let of_row = positions.iter().filter(move |position| position.row == Some(row));
            of_row.map(|position| 2.0 * position.half_height).fold(1.3 * LETTER, f64::max)
        };
        // From the top: headings, rows, lanes, bars, letters.
        let mut y = HEADING;
        let mut row_middles = vec![0.0; plan.n_rows];
        for row in (0..plan.n_rows).rev() {
            let height = heights(&columns.positions, row);
            row_middles[row] = y + 0.5 * height;
            y += height + ROW_GAP;
        }
        let lanes_top = y;
        y += LANE * plan.n_lanes as f64 + 4.0;
        let tallest = columns.positions.iter().filter(|position| position.row.is_none());
        let half = tallest.map(|position| position.half_height).fold(RADIUS, f64::max);
        let line = y + half;
        for position in &mut columns.positions {
            position.y = position.row.map_or(line, |row| row_middles[row]);
        }
        let lane = |lane: usize| lanes_top + LANE * (plan.n_lanes - 1 - lane) as f64;
        let wires = wires(graph, &columns.positions, &plan, &lane);
        let letters_top = line + half + 6.0;
        let labels = labels(graph, &columns, letters_top);
        let height = labels.iter().map(Label::bottom).fold(letters_top, f64::max) + 4.0;
        Self {
            width: columns.width,
            height,
            wires,
            labels,
            positions: columns.positions,
            bands: columns.bands,
        }
    }
}

/// What is known before anything has a height: columns and bands.
pub(super) struct Columns {
    pub(super) positions: Vec<Position>,
    pub(super) bands: Vec<Band>,
    pub(super) headings: Vec<String>,
    /// How far a label to the right of a node above the line reaches.
    reach: Vec<f64>,
    width: f64,
    /// Whether names stand upright.
    pub(super) is_upright: bool,
}

impl Columns {
    fn new(graph: &Graph) -> Self {
        let on_spine = spine(graph);
        let most = graph.nodes().map(|node| node.shape.channels).max().unwrap_or(1) as f64;
        let is_block = |number: &usize| on_spine[*number] && !is_joint(&graph.node(*number).op);
        let widest = (0..graph.len())
            .filter(is_block)
            .map(|number| text_width(&short(&graph.node(number).name), LETTER))
            .fold(0.0, f64::max);
        let is_upright = widest > WIDEST_NAME;
        let mut columns = Self {
            positions: Vec::new(),
            bands: Vec::new(),
            headings: Vec::new(),
            reach: Vec::new(),
            width: 0.0,
            is_upright,
        };
        columns.open_band(graph.input());
        columns.put(text_width("image", LETTER) + 6.0, 9.0, 9.0, false);
        let mut resolution = graph.input();
        for (number, node) in graph.nodes().enumerate() {
            if on_spine[number] && !node.shape.same_resolution(&resolution) {
                columns.close_band();
                columns.open_band(node.shape);
                resolution = node.shape;
            }
            if is_joint(&node.op) {
                columns.put(2.0 * RADIUS + 7.0, RADIUS, RADIUS, true);
            } else {
                let half_height = (0.5 * TALLEST * node.shape.channels as f64 / most).max(0.5 * LOWEST);
                let letters =
                    below(graph, number).iter().map(|line| text_width(line, LETTER)).fold(0.0, f64::max);
                let name = if is_upright { LETTER } else { text_width(&short(&node.name), LETTER) };
                let room = if on_spine[number] { letters.max(name) + 6.0 } else { 0.0 };
                columns.put(room.max(28.0), HALF_BAR, half_height, false);
            }
            if !on_spine[number] {
                let position = &mut columns.positions[number + 1];
                position.row = Some(0);
                let label = if is_joint(&node.op) { 0.0 } else { whole_width(graph, number) + 8.0 };
                columns.reach[number + 1] = position.x + position.half_width + label;
            }
        }
        columns.close_band();
        let farthest = columns.reach.iter().copied().fold(columns.width, f64::max);
        if let Some(last) = columns.bands.last_mut() {
            last.right = farthest;
        }
        columns.width = farthest;
        columns
    }

    fn open_band(&mut self, shape: Shape) {
        let heading = match (shape.height, shape.width) {
            (1, 1) => String::new(),
            (height, width) => format!("{height} × {width}"),
        };
        self.headings.push(heading);
        self.bands.push(Band { left: self.width, right: self.width });
        self.width += MARGIN;
    }

    fn close_band(&mut self) {
        let (Some(band), Some(heading)) = (self.bands.last_mut(), self.headings.last()) else { return };
        let least = band.left + text_width(heading, LETTER) + 2.0 * MARGIN;
        self.width = (self.width + MARGIN).max(least);
        band.right = self.width;
    }

    fn put(&mut self, room: f64, half_width: f64, half_height: f64, is_joint: bool) {
        let x = self.width + 0.5 * room;
        self.positions.push(Position { x, y: 0.0, half_width, half_height, row: None, is_joint });
        self.reach.push(x);
        self.width += room;
    }
}
