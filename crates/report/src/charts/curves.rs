//! Mean curves with their intervals, as an SVG of nothing but lines and text.

use std::fmt::Write;

use super::area::Area;
use super::axis::{Axis, Notation};
use super::{COLOURS, FILE_STYLE};
use crate::markup::escaped;

/// A named curve: x, mean and half of the interval.
pub struct Band {
    /// What the legend calls it.
    pub name: String,
    /// Rising in x.
    pub points: Vec<(f64, f64, f64)>,
}

/// One diagram.
pub struct Panel {
    /// What the curves are of.
    pub title: String,
    /// The same names in the same order in every panel.
    pub bands: Vec<Band>,
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 34.0;
const GAP: f64 = 30.0;

/// Panels side by side over one axis of evaluations, with one legend below.
pub fn curves(panels: &[Panel]) -> String {
    let total_width = panels.len() as f64 * (LEFT + WIDTH + GAP);
    let total_height = TOP + HEIGHT + 78.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total_width} {total_height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n{FILE_STYLE}"
    );
    for (number, panel) in panels.iter().enumerate() {
        let left = number as f64 * (LEFT + WIDTH + GAP) + LEFT;
        draw(&mut svg, panel, &Area { left, top: TOP, width: WIDTH, height: HEIGHT });
    }
    let names = panels.first().map(|panel| panel.bands.iter().map(|band| band.name.as_str()));
    let mut x = LEFT;
    for (name, colour) in names.into_iter().flatten().zip(COLOURS.iter().cycle()) {
        let y = TOP + HEIGHT + 58.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"3\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            x + 22.0,
            x + 28.0,
            y + 4.0,
            escaped(name)
        );
        x += 52.0 + 7.5 * name.len() as f64;
    }
    svg + "</svg>\n"
}

fn draw(svg: &mut String, panel: &Panel, area: &Area) {
    let points = || panel.bands.iter().flat_map(|band| band.points.iter());
    let most_x = points().map(|point| point.0).fold(1.0, f64::max);
    // The first twelfth is cut off below: the end is what is compared.
    let late = points().filter(|point| point.0 >= 0.08 * most_x).map(|point| point.1);
    let least_y = late.min_by(f64::total_cmp).unwrap_or(0.0);
    let most_y = points().map(|point| point.1 + point.2).fold(least_y + 1e-9, f64::max);
    let x = Axis::whole_numbers("evaluations", most_x as usize, 6);
    let y = Axis::rounded(&panel.title, Notation::Plain, least_y, most_y, 5);

    let _ = writeln!(svg, "<text x=\"{}\" y=\"20\" font-size=\"14\">{}</text>", area.left, escaped(&y.title));
    area.levels(svg, &y, 5);
    area.numbers(svg, &x, 6);
    let _ = writeln!(
        svg,
        "<text class=\"mid\" x=\"{}\" y=\"{}\">{}</text>",
        area.left + 0.5 * area.width,
        area.bottom() + 34.0,
        x.title
    );
    for (band, colour) in panel.bands.iter().zip(COLOURS.iter().cycle()) {
        let point = |at: f64, value: f64| format!("{:.1},{:.1}", area.across(&x, at), area.down(&y, value));
        let upper = band.points.iter().map(|(at, mean, half)| point(*at, mean + half));
        let lower = band.points.iter().rev().map(|(at, mean, half)| point(*at, mean - half));
        let outline: Vec<String> = upper.chain(lower).collect();
        let line: Vec<String> = band.points.iter().map(|(at, mean, _)| point(*at, *mean)).collect();
        let _ = writeln!(
            svg,
            "<polygon points=\"{}\" fill=\"{colour}\" fill-opacity=\"0.15\"/>\
             <polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"/>",
            outline.join(" "),
            line.join(" ")
        );
    }
}
