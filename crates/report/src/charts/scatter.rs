//! Networks as points: what they cost and how good they are.

use std::fmt::Write;

use super::area::Area;
use super::axis::Axis;
use super::{COLOURS, FILE_STYLE};
use crate::markup::escaped;

/// Points of several origins over two axes; higher and farther left is better.
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
    /// How it was measured.
    pub kind: Kind,
    /// What stands beside it; nothing, if empty.
    pub label: String,
}

/// How a network was measured.
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

const AREA: Area = Area { left: 70.0, top: 40.0, width: 640.0, height: 400.0 };
const RIGHT: f64 = 24.0;
const BELOW: f64 = 58.0;
const LEGEND: f64 = 20.0;

/// The points as an SVG.
pub fn scatter(plot: &Scatter) -> String {
    let width = AREA.right() + RIGHT;
    let height = AREA.bottom() + BELOW + LEGEND * (plot.series.len() as f64 + 1.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans, sans-serif\" font-size=\"12\">\n\
         {FILE_STYLE}<text x=\"{}\" y=\"24\" font-size=\"15\">{}</text>\n",
        AREA.left,
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

fn grid(svg: &mut String, plot: &Scatter) {
    AREA.levels(svg, &plot.y, 7);
    AREA.uprights(svg, &plot.x, 9);
    AREA.numbers(svg, &plot.x, 9);
    let Area { left, top, width, height } = AREA;
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"#888888\"/>\n\
         <text class=\"mid\" x=\"{}\" y=\"{}\">{}</text>\n\
         <text class=\"mid\" transform=\"translate(16 {}) rotate(-90)\">{}</text>",
        left + 0.5 * width,
        AREA.bottom() + 40.0,
        escaped(&plot.x.title),
        top + 0.5 * height,
        escaped(&plot.y.title)
    );
}

fn points(svg: &mut String, plot: &Scatter, series: &Series, colour: &str) {
    let corners = series.staircase();
    if corners.len() > 1 {
        let path = corners
            .iter()
            .map(|(x, y)| format!("{:.1},{:.1}", AREA.across(&plot.x, *x), AREA.down(&plot.y, *y)));
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
            let (x, y) = (AREA.across(&plot.x, point.x), AREA.down(&plot.y, point.y));
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
        let (x, y) = (AREA.across(&plot.x, point.x), AREA.down(&plot.y, point.y));
        let width = 7.0 * point.label.chars().count() as f64;
        let offsets = [(8.0, -8.0), (8.0, 17.0), (-8.0 - width, -8.0), (-8.0 - width, 17.0), (8.0, 31.0)];
        let boxes =
            offsets.map(|(right, below)| [x + right, y + below - 11.0, x + right + width, y + below + 3.0]);
        let is_free = |space: &&[f64; 4]| {
            let inside = space[0] >= AREA.left
                && space[2] <= AREA.right()
                && space[1] >= AREA.top
                && space[3] <= AREA.bottom();
            inside && taken.iter().all(|other| !overlap(space, other))
        };
        let free = *boxes.iter().find(is_free).unwrap_or(&boxes[0]);
        taken.push(free);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            free[0],
            free[3] - 3.0,
            escaped(&point.label)
        );
    }
}

fn overlap(one: &[f64; 4], other: &[f64; 4]) -> bool {
    one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3]
}

fn legend(svg: &mut String, plot: &Scatter) {
    let first = AREA.bottom() + BELOW + 6.0;
    for (number, (series, colour)) in plot.series.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let y = first + LEGEND * number as f64;
        let _ = writeln!(
            svg,
            "<circle cx=\"{}\" cy=\"{y}\" r=\"4.5\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\">{}</text>",
            AREA.left + 6.0,
            AREA.left + 18.0,
            y + 4.0,
            escaped(&series.name)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" fill=\"#555555\">full: on the front; ring: measured in full; gray: stopped on a \
         low rung</text>",
        AREA.left,
        first + LEGEND * plot.series.len() as f64 + 4.0
    );
}
