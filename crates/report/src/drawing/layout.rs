//! Where everything is, in pixels; the image is vertex 0 and node n is vertex n + 1.

use netsynth_graph::{Graph, Shape};

use super::lettering::{LETTER, is_joint, notes, short, text_width};
use super::route::{Plan, wires};
use super::spine::spine;

/// Height of the bar with the most channels, and of the least visible one.
const TALLEST: f64 = 64.0;
const LOWEST: f64 = 5.0;
/// Half the width of a bar, and the radius of a sum.
const HALF_BAR: f64 = 8.0;
pub(super) const RADIUS: f64 = 5.5;
/// Room inside a band left and right, and the strip of its heading.
const MARGIN: f64 = 7.0;
const HEADING: f64 = 24.0;
/// From one line of letters to the next.
const LINE: f64 = 14.0;
/// Names wider than this stand upright.
const WIDEST_NAME: f64 = 56.0;
/// Between lanes, and between rows above them.
const LANE: f64 = 8.0;
const ROW_GAP: f64 = 12.0;

/// A node's place: its middle, and half of what it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
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

/// What a label is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Heading,
    Name,
    Channels,
    Note,
    /// Name, channels and notes of a node above the lanes, in one line.
    Whole,
}

/// A text in the picture.
pub(super) struct Label {
    pub(super) part: Part,
    /// Where its first line's baseline begins, or has its middle, or, of an upright text, ends.
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) text: String,
    /// What follows in plain letters.
    pub(super) rest: String,
    pub(super) is_upright: bool,
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
    pub(super) places: Vec<Place>,
    pub(super) bands: Vec<Band>,
    pub(super) labels: Vec<Label>,
    pub(super) wires: Vec<Wire>,
}

impl Layout {
    pub(super) fn new(graph: &Graph) -> Self {
        let mut columns = Columns::new(graph);
        let plan = Plan::new(graph, &columns.places, &columns.reach);
        for (vertex, row) in &plan.rows {
            columns.places[*vertex].row = Some(*row);
        }
        let heights = |places: &[Place], row: usize| {
            let of_row = places.iter().filter(move |place| place.row == Some(row));
            of_row.map(|place| 2.0 * place.half_height).fold(1.3 * LETTER, f64::max)
        };
        // From the top: headings, rows, lanes, bars, letters.
        let mut y = HEADING;
        let mut row_middles = vec![0.0; plan.n_rows];
        for row in (0..plan.n_rows).rev() {
            let height = heights(&columns.places, row);
            row_middles[row] = y + 0.5 * height;
            y += height + ROW_GAP;
        }
        let lanes_top = y;
        y += LANE * plan.n_lanes as f64 + 4.0;
        let tallest = columns.places.iter().filter(|place| place.row.is_none());
        let half = tallest.map(|place| place.half_height).fold(RADIUS, f64::max);
        let line = y + half;
        for place in &mut columns.places {
            place.y = place.row.map_or(line, |row| row_middles[row]);
        }
        let lane = |lane: usize| lanes_top + LANE * (plan.n_lanes - 1 - lane) as f64;
        let wires = wires(graph, &columns.places, &plan, &lane);
        let letters_top = line + half + 6.0;
        let (labels, height) = columns.labels(graph, letters_top);
        Self { width: columns.width, height, wires, labels, places: columns.places, bands: columns.bands }
    }
}

/// What is known before anything has a height: columns and bands.
struct Columns {
    places: Vec<Place>,
    bands: Vec<Band>,
    headings: Vec<String>,
    /// How far a label to the right of a node above the line reaches.
    reach: Vec<f64>,
    width: f64,
    /// Whether names stand upright.
    is_upright: bool,
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
            places: Vec::new(),
            bands: Vec::new(),
            headings: Vec::new(),
            reach: Vec::new(),
            width: 0.0,
            is_upright,
        };
        columns.open_band(graph.input());
        columns.place(text_width("image", LETTER) + 6.0, 9.0, 9.0, false);
        let mut resolution = graph.input();
        for (number, node) in graph.nodes().enumerate() {
            if on_spine[number] && !node.shape.same_resolution(&resolution) {
                columns.close_band();
                columns.open_band(node.shape);
                resolution = node.shape;
            }
            if is_joint(&node.op) {
                columns.place(2.0 * RADIUS + 7.0, RADIUS, RADIUS, true);
            } else {
                let half_height = (0.5 * TALLEST * node.shape.channels as f64 / most).max(0.5 * LOWEST);
                let letters =
                    below(graph, number).iter().map(|line| text_width(line, LETTER)).fold(0.0, f64::max);
                let name = if is_upright { LETTER } else { text_width(&short(&node.name), LETTER) };
                let room = if on_spine[number] { letters.max(name) + 6.0 } else { 0.0 };
                columns.place(room.max(28.0), HALF_BAR, half_height, false);
            }
            if !on_spine[number] {
                let place = &mut columns.places[number + 1];
                place.row = Some(0);
                let label = if is_joint(&node.op) { 0.0 } else { whole_width(graph, number) + 8.0 };
                columns.reach[number + 1] = place.x + place.half_width + label;
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

    fn place(&mut self, room: f64, half_width: f64, half_height: f64, is_joint: bool) {
        let x = self.width + 0.5 * room;
        self.places.push(Place { x, y: 0.0, half_width, half_height, row: None, is_joint });
        self.reach.push(x);
        self.width += room;
    }

    /// All texts, and where they end.
    fn labels(&self, graph: &Graph, top: f64) -> (Vec<Label>, f64) {
        let mut labels = Vec::new();
        for (band, heading) in self.bands.iter().zip(&self.headings) {
            if !heading.is_empty() {
                let (x, y) = (band.left + MARGIN, HEADING - 9.0);
                labels.push(Label::line(Part::Heading, x, y, heading));
            }
        }
        let names = |y: f64| if self.is_upright { y } else { y + LINE };
        let first = names(top + LETTER);
        let mut end = top;
        let upright_top = {
            let n_lines = (0..graph.len())
                .filter(|&number| self.places[number + 1].row.is_none())
                .map(|number| below(graph, number).len())
                .max()
                .unwrap_or_default();
            top + LINE * n_lines as f64 + 5.0
        };
        let mut name_at = |labels: &mut Vec<Label>, x: f64, name: String| {
            let width = text_width(&name, LETTER);
            if self.is_upright {
                let label = Label {
                    is_upright: true,
                    ..Label::line(Part::Name, x + 0.35 * LETTER, upright_top, &name)
                };
                end = end.max(upright_top + width + 4.0);
                labels.push(label);
            } else {
                end = end.max(top + LETTER + 4.0);
                labels.push(Label::line(Part::Name, x, top + LETTER, &name));
            }
        };
        name_at(&mut labels, self.places[0].x, "image".to_owned());
        let mut lowest = top;
        for (number, node) in graph.nodes().enumerate() {
            let place = self.places[number + 1];
            if place.is_joint {
                continue;
            }
            let lines = below(graph, number);
            if place.row.is_some() {
                labels.push(Label {
                    rest: lines.join(" "),
                    ..Label::line(
                        Part::Whole,
                        place.x + place.half_width + 4.0,
                        place.y - 4.0,
                        &short(&node.name),
                    )
                });
                continue;
            }
            name_at(&mut labels, place.x, short(&node.name));
            for (at, line) in lines.iter().enumerate() {
                let part = if at == 0 { Part::Channels } else { Part::Note };
                let y = first + LINE * at as f64;
                lowest = lowest.max(y + 4.0);
                labels.push(Label::line(part, place.x, y, line));
            }
        }
        (labels, end.max(lowest) + 4.0)
    }
}

/// The lines below a block: its channels, then what is special about it.
fn below(graph: &Graph, number: usize) -> Vec<String> {
    let node = graph.node(number);
    if is_joint(&node.op) {
        return Vec::new();
    }
    [node.shape.channels.to_string()].into_iter().chain(notes(graph, node)).collect()
}

fn whole_width(graph: &Graph, number: usize) -> f64 {
    let text = format!("{} {}", short(&graph.node(number).name), below(graph, number).join(" "));
    text_width(&text, LETTER)
}

impl Label {
    fn line(part: Part, x: f64, y: f64, text: &str) -> Self {
        Self { part, x, y, text: text.to_owned(), rest: String::new(), is_upright: false }
    }
}
