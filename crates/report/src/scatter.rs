//! Networks as points: what they cost and how good they are.

use std::fmt::Write;

use crate::axis::Axis;
use crate::markup::escaped;
use crate::plot::COLOURS;

/// Points of several origins over two axes; up is better, and left is.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// What is shown.
    pub title: String,
    /// The axis from left to right.
    pub x: Axis,
    /// The axis from bottom to top.
    pub y: Axis,
    /// The points by where they come from.
    pub series: Vec<Series>,
}

/// Points of one origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// Its points in any order.
    pub points: Vec<Point>,
}

/// One network.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// From left to right.
    pub x: f64,
    /// From bottom to top.
    pub y: f64,
    /// How much it counts.
    pub kind: Kind,
    /// What stands beside it; nothing, if empty.
    pub label: String,
}

/// How much a point counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is on the front.
    Member,
    /// It was measured in full.
    Complete,
    /// It was measured in part.
    Partial,
}

impl Series {
    /// The corners of the line between what the members dominate and what they do not, from the left.
    pub(crate) fn staircase(&self) -> Vec<(f64, f64)> {
        let mut members: Vec<(f64, f64)> = self
            .points
            .iter()
            .filter(|point| point.kind == Kind::Member)
            .map(|point| (point.x, point.y))
            .collect();
        members.sort_by(|one, other| one.0.total_cmp(&other.0).then(other.1.total_cmp(&one.1)));
        let mut corners: Vec<(f64, f64)> = Vec::new();
        for (x, y) in members {
            match corners.last() {
                Some(&(_, height)) if y <= height => {}
                Some(&(_, height)) => corners.extend([(x, height), (x, y)]),
                None => corners.push((x, y)),
            }
        }
        corners
    }
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 40.0;
const BELOW: f64 = 58.0;
const LEGEND: f64 = 20.0;

/// The points as an SVG.
pub fn scatter(plot: &Scatter) -> String {
    let (total_width, total_height) =
        (LEFT + WIDTH + RIGHT, TOP + HEIGHT + BELOW + LEGEND * (plot.series.len() as f64 + 1.0));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total_width}\" height=\"{total_height}\" \
         viewBox=\"0 0 {total_width} {total_height}\" font-family=\"DejaVu Sans, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{}</text>\n",
        escaped(&plot.title)
    );
    grid(&mut svg, plot);
    let mut taken: Vec<[f64; 4]> = Vec::new();
    for (series, colour) in plot.series.iter().zip(COLOURS.iter().cycle()) {
        points(&mut svg, plot, series, colour);
    }
    for series in &plot.series {
        labels(&mut svg, plot, series, &mut taken);
    }
    legend(&mut svg, plot);
    svg + "</svg>\n"
}

fn across(plot: &Scatter, x: f64) -> f64 {
    LEFT + WIDTH * plot.x.place(x)
}

fn down(plot: &Scatter, y: f64) -> f64 {
    TOP + HEIGHT * (1.0 - plot.y.place(y))
}

fn grid(svg: &mut String, plot: &Scatter) {
    let (bottom, right) = (TOP + HEIGHT, LEFT + WIDTH);
    for (value, text) in plot.y.ticks(7) {
        let y = down(plot, value);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" stroke=\"#e4e4e4\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    for (value, text) in plot.x.ticks(9) {
        let x = across(plot, value);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"#e4e4e4\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
            bottom + 18.0
        );
    }
    let _ = writeln!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"none\" stroke=\"#888888\"/>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n\
         <text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        LEFT + 0.5 * WIDTH,
        bottom + 40.0,
        escaped(&plot.x.title),
        TOP + 0.5 * HEIGHT,
        escaped(&plot.y.title)
    );
}

fn points(svg: &mut String, plot: &Scatter, series: &Series, colour: &str) {
    let corners = series.staircase();
    if corners.len() > 1 {
        let path = corners.iter().map(|(x, y)| format!("{:.1},{:.1}", across(plot, *x), down(plot, *y)));
        let path = path.collect::<Vec<_>>().join(" ");
        let _ = writeln!(
            svg,
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" \
             stroke-opacity=\"0.6\"/>"
        );
    }
    // What counts most is drawn last, over the rest.
    for kind in [Kind::Partial, Kind::Complete, Kind::Member] {
        for point in series.points.iter().filter(|point| point.kind == kind) {
            let (x, y) = (across(plot, point.x), down(plot, point.y));
            let style = match kind {
                Kind::Partial => "r=\"2\" fill=\"#bbbbbb\"".to_owned(),
                Kind::Complete => format!("r=\"3\" fill=\"none\" stroke=\"{colour}\" stroke-opacity=\"0.6\""),
                Kind::Member => format!("r=\"4.5\" fill=\"{colour}\""),
            };
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" {style}/>");
        }
    }
}

/// Writes labels where they cover no other: above or below, right or left of the point.
fn labels(svg: &mut String, plot: &Scatter, series: &Series, taken: &mut Vec<[f64; 4]>) {
    for point in series.points.iter().filter(|point| !point.label.is_empty()) {
        let (x, y) = (across(plot, point.x), down(plot, point.y));
        let width = 7.0 * point.label.chars().count() as f64;
        let places = [(8.0, -8.0), (8.0, 17.0), (-8.0 - width, -8.0), (-8.0 - width, 17.0), (8.0, 31.0)];
        let boxes =
            places.map(|(right, below)| [x + right, y + below - 11.0, x + right + width, y + below + 3.0]);
        let is_free = |space: &&[f64; 4]| {
            let inside =
                space[0] >= LEFT && space[2] <= LEFT + WIDTH && space[1] >= TOP && space[3] <= TOP + HEIGHT;
            inside && taken.iter().all(|other| !overlap(space, other))
        };
        let place = *boxes.iter().find(is_free).unwrap_or(&boxes[0]);
        taken.push(place);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            place[0],
            place[3] - 3.0,
            escaped(&point.label)
        );
    }
}

fn overlap(one: &[f64; 4], other: &[f64; 4]) -> bool {
    one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3]
}

fn legend(svg: &mut String, plot: &Scatter) {
    let first = TOP + HEIGHT + BELOW + 6.0;
    for (number, (series, colour)) in plot.series.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let y = first + LEGEND * number as f64;
        let _ = writeln!(
            svg,
            "<circle cx=\"{}\" cy=\"{y}\" r=\"4.5\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\">{}</text>",
            LEFT + 6.0,
            LEFT + 18.0,
            y + 4.0,
            escaped(&series.name)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\" fill=\"#555555\">full: on the front; ring: measured in full; gray: stopped on a \
         low rung</text>",
        first + LEGEND * plot.series.len() as f64 + 4.0
    );
}
