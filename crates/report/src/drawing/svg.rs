//! The layout as SVG.

use std::fmt::Write;

use netsynth_graph::{Graph, INPUT, Op};

use super::labels::{Label, Part};
use super::layout::{Layout, Position};
use super::lettering::{LETTER, text_width};
use super::route::pixel;
use crate::markup::escaped;
use crate::numbers::{count, millions};

/// The colours of a picture, as the custom properties that [`DRAWING_RULES`] use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Declarations for a style rule.
    pub fn declarations(self) -> &'static str {
        match self {
            Theme::Light => {
                "--paper:#ffffff;--ink:#1b1f24;--soft:#5c6670;--line:#8a949e;--band:#f3f5f7;--bar:#2f6fb0;--bar-soft:#dbe8f5"
            }
            Theme::Dark => {
                "--paper:#12161b;--ink:#e6eaee;--soft:#9aa5b1;--line:#77828e;--band:#1a2027;--bar:#6aa9e9;--bar-soft:#22364b"
            }
        }
    }
}

/// The style of what is inside a picture.
pub const DRAWING_RULES: &str = "\
.net text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;fill:var(--soft)}\
.net .name{fill:var(--ink);font-weight:600}\
.net .mid{text-anchor:middle}.net .end{text-anchor:end}\
.net .halo{paint-order:stroke;stroke:var(--band);stroke-width:3px}\
.net .band{fill:var(--band)}\
.net .wire{fill:none;stroke:var(--line);stroke-width:1.3}\
.net .bar{fill:var(--bar)}\
.net .hollow{fill:var(--bar-soft);stroke:var(--bar);stroke-width:1.2}\
.net .joint circle{fill:var(--paper);stroke:var(--ink);stroke-width:1.1}\
.net .joint path{fill:none;stroke:var(--ink);stroke-width:1.1}\
.net .stride{fill:none;stroke:var(--ink);stroke-width:1.6}";

/// Room around the picture of a file, and the strips of its title and legend.
const FRAME: f64 = 14.0;
const TITLE: f64 = 46.0;
const LEGEND: f64 = 24.0;
/// Size of the title's letters; those below it have the size of all others.
const TITLE_LETTER: f64 = 16.0;

/// A file of its own.
pub(super) fn file(graph: &Graph, layout: &Layout) -> String {
    let legend = legend(graph);
    let width = [text_width(&legend, LETTER), text_width(graph.name(), TITLE_LETTER), 360.0]
        .into_iter()
        .fold(layout.width, f64::max)
        + 2.0 * FRAME;
    let height = layout.height + TITLE + LEGEND + FRAME;
    let cost = graph.cost();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"net\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         role=\"img\">\n<title>{}</title>\n<style>svg{{{}}}@media(prefers-color-scheme:dark){{svg{{{}}}}}{DRAWING_RULES}\
         .net .title{{font-size:{TITLE_LETTER}px}}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"var(--paper)\"/>\n",
        escaped(&described(graph)),
        Theme::Light.declarations(),
        Theme::Dark.declarations(),
        w = pixel(width),
        h = pixel(height),
    );
    let _ = writeln!(
        svg,
        "<text class=\"name title\" x=\"{x}\" y=\"24\">{}</text>\n\
         <text x=\"{x}\" y=\"40\">{} parameters, {} multiply-accumulates, image {}</text>",
        escaped(graph.name()),
        count(cost.parameters),
        millions(cost.macs),
        graph.input(),
        x = pixel(FRAME),
    );
    let _ = writeln!(svg, "<g transform=\"translate({} {})\">", pixel(FRAME), pixel(TITLE));
    body(&mut svg, graph, layout);
    let _ = writeln!(
        svg,
        "</g>\n<text x=\"{}\" y=\"{}\">{}</text>\n</svg>",
        pixel(FRAME),
        pixel(TITLE + layout.height + 18.0),
        escaped(&legend)
    );
    svg
}

/// A part of a page.
pub(super) fn part(graph: &Graph, layout: &Layout) -> String {
    let mut svg = format!(
        "<svg class=\"net\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\">\n",
        escaped(&described(graph)),
        w = pixel(layout.width),
        h = pixel(layout.height),
    );
    body(&mut svg, graph, layout);
    svg + "</svg>\n"
}

fn body(svg: &mut String, graph: &Graph, layout: &Layout) {
    for band in &layout.bands {
        let _ = writeln!(
            svg,
            "<rect class=\"band\" x=\"{}\" y=\"0\" width=\"{}\" height=\"{}\" rx=\"4\"/>",
            pixel(band.left + 1.5),
            pixel(band.right - band.left - 3.0),
            pixel(layout.height)
        );
    }
    let name = |input: Option<usize>| escaped(input.map_or(INPUT, |source| &graph.node(source).name));
    for wire in &layout.wires {
        let _ = writeln!(
            svg,
            "<path class=\"wire\" data-from=\"{}\" data-to=\"{}\" d=\"{}\"/>",
            name(wire.from),
            name(Some(wire.to)),
            wire.path
        );
    }
    let image = &layout.positions[0];
    let _ = writeln!(
        svg,
        "<g data-node=\"{INPUT}\"><title>image {}</title>{}</g>",
        graph.input(),
        rectangle(image, "hollow")
    );
    for (number, position) in layout.positions[1..].iter().enumerate() {
        let node = graph.node(number);
        let glyph = match &node.op {
            Op::Add(_) => joint(position, "M{l} {y}H{r}M{x} {t}V{b}"),
            Op::Concat(_) => joint(position, "M{l} {t}V{b}M{r} {t}V{b}"),
            Op::Conv(conv) => {
                let kind = if conv.groups > 1 { "hollow" } else { "bar" };
                rectangle(position, kind)
                    + &if conv.stride > 1 { stride_mark(position) } else { String::new() }
            }
            Op::Dense(_) => rectangle(position, "bar"),
            Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::GlobalAvgPool(_)
            | Op::SqueezeExcite(_)
            | Op::Dropout(_) => rectangle(position, "hollow"),
        };
        let class = if position.is_joint { " class=\"joint\"" } else { "" };
        let _ = writeln!(
            svg,
            "<g{class} data-node=\"{}\"><title>{}</title>{glyph}</g>",
            escaped(&node.name),
            escaped(&tooltip(graph, number)),
        );
    }
    for label in &layout.labels {
        write_label(svg, label);
    }
}

fn rectangle(position: &Position, class: &str) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\"/>",
        pixel(position.x - position.half_width),
        pixel(position.y - position.half_height),
        pixel(2.0 * position.half_width),
        pixel(2.0 * position.half_height)
    )
}

/// A line under a block where the resolution falls.
fn stride_mark(position: &Position) -> String {
    let (x, y) = (position.x - position.half_width, position.y + position.half_height + 2.5);
    format!("<path class=\"stride\" d=\"M{} {}h{}\"/>", pixel(x), pixel(y), pixel(2.0 * position.half_width))
}

fn joint(position: &Position, sign: &str) -> String {
    let reach = 3.0;
    let path =
        [("{x}", position.x), ("{y}", position.y), ("{l}", position.x - reach), ("{r}", position.x + reach)]
            .into_iter()
            .chain([("{t}", position.y - reach), ("{b}", position.y + reach)])
            .fold(sign.to_owned(), |path, (key, value)| path.replace(key, &pixel(value)));
    format!(
        "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"/><path d=\"{path}\"/>",
        pixel(position.x),
        pixel(position.y),
        pixel(position.half_width)
    )
}

fn write_label(svg: &mut String, label: &Label) {
    let (x, y) = (pixel(label.x), pixel(label.y));
    let text = escaped(&label.text);
    let rest = escaped(&label.rest);
    let _ = match label.part {
        Part::Heading => writeln!(svg, "<text x=\"{x}\" y=\"{y}\">{text}</text>"),
        Part::Name if label.is_upright => writeln!(
            svg,
            "<text class=\"name end\" transform=\"translate({x} {y}) rotate(-90)\">{text}</text>"
        ),
        Part::Name => writeln!(svg, "<text class=\"name mid\" x=\"{x}\" y=\"{y}\">{text}</text>"),
        Part::Channels | Part::Note => writeln!(svg, "<text class=\"mid\" x=\"{x}\" y=\"{y}\">{text}</text>"),
        Part::Whole => writeln!(
            svg,
            "<text class=\"halo\" x=\"{x}\" y=\"{y}\"><tspan class=\"name\">{text}</tspan> {rest}</text>"
        ),
    };
}

fn described(graph: &Graph) -> String {
    let cost = graph.cost();
    format!(
        "{}: {} nodes, {} parameters, {} multiply-accumulates",
        graph.name(),
        graph.len(),
        count(cost.parameters),
        millions(cost.macs)
    )
}

fn tooltip(graph: &Graph, number: usize) -> String {
    let node = graph.node(number);
    let reads: Vec<&str> = node
        .inputs
        .iter()
        .map(|input| input.map_or(INPUT, |source| graph.node(source).name.as_str()))
        .collect();
    let what = match &node.op {
        Op::Conv(conv) => format!("Conv {k}x{k}", k = conv.kernel),
        Op::Add(_)
        | Op::Concat(_)
        | Op::MaxPool(_)
        | Op::AvgPool(_)
        | Op::GlobalAvgPool(_)
        | Op::SqueezeExcite(_)
        | Op::Dropout(_)
        | Op::Dense(_) => node.op.name().to_owned(),
    };
    format!(
        "{}: {what}, {} to {}, {} parameters, reads {}",
        node.name,
        graph.shape(node.inputs[0]),
        node.shape,
        count(node.cost.parameters),
        reads.join(", ")
    )
}

/// What the signs in this picture mean.
fn legend(graph: &Graph) -> String {
    let mut signs = vec!["Height and number: channels".to_owned()];
    let has = |test: &dyn Fn(&Op) -> bool| graph.nodes().any(|node| test(&node.op));
    if has(&|op| matches!(op, Op::Conv(_))) {
        signs.push("3×3 unless noted".to_owned());
    }
    if has(&|op| matches!(op, Op::Conv(conv) if conv.stride > 1)) {
        signs.push("underlined: stride, lowers the resolution".to_owned());
    }
    if has(&|op| matches!(op, Op::Conv(conv) if conv.groups > 1)) {
        signs.push("dw: each channel by itself".to_owned());
    }
    if has(&|op| matches!(op, Op::Add(_))) {
        signs.push("⊕ sum".to_owned());
    }
    signs.join("  ·  ")
}
