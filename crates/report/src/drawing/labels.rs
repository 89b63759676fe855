//! The texts of a picture.

use netsynth_graph::Graph;

use super::layout::{Columns, HEADING, MARGIN, Position};
use super::lettering::{LETTER, is_joint, notes, short, text_width};

/// From one line of letters to the next.
const LINE: f64 = 14.0;

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

/// All texts: what is below the line begins at `top`.
pub(super) fn labels(graph: &Graph, columns: &Columns, top: f64) -> Vec<Label> {
    let mut labels = Vec::new();
    for (band, heading) in columns.bands.iter().zip(&columns.headings) {
        if !heading.is_empty() {
            labels.push(Label::line(Part::Heading, band.left + MARGIN, HEADING - 9.0, heading));
        }
    }
    let blocks: Vec<(Position, String, Vec<String>)> = graph
        .nodes()
        .enumerate()
        .filter(|(_, node)| !is_joint(&node.op))
        .map(|(number, node)| (columns.positions[number + 1], short(&node.name), below(graph, number)))
        .collect();
    let on_line = || blocks.iter().filter(|(position, ..)| position.row.is_none());
    let n_lines = on_line().map(|(.., lines)| lines.len()).max().unwrap_or_default();
    // Level names stand above the lines, upright ones below them.
    let (name_y, lines_y) = if columns.is_upright {
        (top + LINE * n_lines as f64 + 5.0, top + LETTER)
    } else {
        (top + LETTER, top + LETTER + LINE)
    };
    let name = |x: f64, name: &str| {
        let baseline = if columns.is_upright { x + 0.35 * LETTER } else { x };
        Label { is_upright: columns.is_upright, ..Label::line(Part::Name, baseline, name_y, name) }
    };
    labels.push(name(columns.positions[0].x, "image"));
    for (position, text, lines) in &blocks {
        if position.row.is_some() {
            let (x, y) = (position.x + position.half_width + 4.0, position.y - 4.0);
            labels.push(Label { rest: lines.join(" "), ..Label::line(Part::Whole, x, y, text) });
            continue;
        }
        labels.push(name(position.x, text));
        for (at, line) in lines.iter().enumerate() {
            let part = if at == 0 { Part::Channels } else { Part::Note };
            labels.push(Label::line(part, position.x, lines_y + LINE * at as f64, line));
        }
    }
    labels
}

/// The lines below a block: its channels, then what is special about it.
pub(super) fn below(graph: &Graph, number: usize) -> Vec<String> {
    let node = graph.node(number);
    if is_joint(&node.op) {
        return Vec::new();
    }
    [node.shape.channels.to_string()].into_iter().chain(notes(graph, node)).collect()
}

/// The room of a block's name and the lines below it, written in one.
pub(super) fn whole_width(graph: &Graph, number: usize) -> f64 {
    let text = format!("{} {}", short(&graph.node(number).name), below(graph, number).join(" "));
    text_width(&text, LETTER)
}

impl Label {
    fn line(part: Part, x: f64, y: f64, text: &str) -> Self {
        Self { part, x, y, text: text.to_owned(), rest: String::new(), is_upright: false }
    }

    /// Where its last letter ends, with a little room.
    pub(super) fn bottom(&self) -> f64 {
        let length = if self.is_upright { text_width(&self.text, LETTER) } else { 0.0 };
        self.y + length + 4.0
    }
}
