//! Curves with bands as an SVG of nothing but lines and text.

use std::fmt::Write;

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

/// Colours that people with any colour vision tell apart (Okabe and Ito 2008).
pub(crate) const COLOURS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#666666", "#56b4e9"];

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 34.0;
const GAP: f64 = 30.0;

/// Panels side by side over one axis of evaluations, with one legend below.
pub fn plot(panels: &[Panel]) -> String {
    let total_width = panels.len() as f64 * (LEFT + WIDTH + GAP);
    let total_height = TOP + HEIGHT + 78.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total_width} {total_height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (number, panel) in panels.iter().enumerate() {
        let offset = number as f64 * (LEFT + WIDTH + GAP) + LEFT;
        draw(&mut svg, panel, offset);
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

fn draw(svg: &mut String, panel: &Panel, offset: f64) {
    let points = || panel.bands.iter().flat_map(|band| band.points.iter());
    let most_x = points().map(|point| point.0).fold(1.0, f64::max);
    // What lies below the middle of the curves' first tenth is cut off: the end is what is compared.
    let mut early: Vec<f64> =
        points().filter(|point| point.0 >= 0.08 * most_x).map(|point| point.1).collect();
    early.sort_by(f64::total_cmp);
    let least_y = early.first().copied().unwrap_or(0.0);
    let most_y = points().map(|point| point.1 + point.2).fold(least_y + 1e-9, f64::max);
    let step = round_step((most_y - least_y) / 5.0);
    let (bottom, top) = ((least_y / step).floor() * step, (most_y / step).ceil() * step);
    let x = |value: f64| offset + WIDTH * value / most_x;
    let y = |value: f64| TOP + HEIGHT * (1.0 - ((value - bottom) / (top - bottom)).clamp(0.0, 1.0));

    let _ = writeln!(svg, "<text x=\"{offset}\" y=\"20\" font-size=\"14\">{}</text>", escaped(&panel.title));
    let digits = (-step.log10().floor()).max(0.0) as usize;
    let mut tick = bottom;
    while tick <= top + 0.5 * step {
        let height = y(tick);
        let _ = writeln!(
            svg,
            "<line x1=\"{offset}\" y1=\"{height:.1}\" x2=\"{}\" y2=\"{height:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{tick:.digits$}</text>",
            offset + WIDTH,
            offset - 6.0,
            height + 4.0
        );
        tick += step;
    }
    let step_x = round_step(most_x / 6.0).max(1.0);
    let mut tick = 0.0;
    while tick <= most_x {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            x(tick),
            TOP + HEIGHT + 16.0
        );
        tick += step_x;
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">evaluations</text>",
        offset + 0.5 * WIDTH,
        TOP + HEIGHT + 34.0
    );
    for (band, colour) in panel.bands.iter().zip(COLOURS.iter().cycle()) {
        let place = |at: f64, value: f64| format!("{:.1},{:.1}", x(at), y(value));
        let upper = band.points.iter().map(|(at, mean, half)| place(*at, mean + half));
        let lower = band.points.iter().rev().map(|(at, mean, half)| place(*at, mean - half));
        let outline: Vec<String> = upper.chain(lower).collect();
        let line: Vec<String> = band.points.iter().map(|(at, mean, _)| place(*at, *mean)).collect();
        let _ = writeln!(
            svg,
            "<polygon points=\"{}\" fill=\"{colour}\" fill-opacity=\"0.15\"/>\
             <polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"/>",
            outline.join(" "),
            line.join(" ")
        );
    }
}

/// The next of 1, 2 and 5 times a power of ten.
pub(crate) fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.max(1e-12).log10().floor());
    let factor = raw / power;
    power
        * if factor <= 1.0 {
            1.0
        } else if factor <= 2.0 {
            2.0
        } else if factor <= 5.0 {
            5.0
        } else {
            10.0
        }
}
