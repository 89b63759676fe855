//! Small charts that need no script: a quantity over trials, trials over rungs, networks measured twice.

use std::fmt::Write;

use netsynth_search::{Metric, Trial};

use crate::plot::round_step;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;

/// The most trials whose climbs are drawn.
const MAX_CLIMBS: usize = 300;

/// Steps over trials: the points where the value changes.
pub(super) fn steps(points: &[(usize, f64)], n_trials: usize, below: &str) -> String {
    let last = points.last().map_or(0.0, |point| point.1);
    let axis = Axis::of(0.0, last.max(1e-9));
    let x = |trial: usize| LEFT + (WIDTH - LEFT - RIGHT) * trial as f64 / n_trials.max(1) as f64;
    let mut line = format!("M{:.1} {:.1}", x(0), axis.y(0.0));
    for (trial, value) in points {
        let _ = write!(line, "H{:.1}V{:.1}", x(*trial), axis.y(*value));
    }
    let _ = write!(line, "H{:.1}", x(n_trials));
    let mut svg = opened(&format!("{below}, from 0 to {last:.4}"));
    axis.draw(&mut svg, |value| value);
    number_line(&mut svg, n_trials, &x);
    closed(svg + &format!("<path class=\"curve\" d=\"{line}\"/>"), below)
}

/// Losses after each epoch, a line for each training.
pub(super) fn losses(series: &[&[f32]]) -> String {
    let n_epochs = series.iter().map(|losses| losses.len()).max().unwrap_or_default();
    let known = || series.iter().flat_map(|losses| losses.iter().map(|loss| f64::from(*loss)));
    let most = known().filter(|loss| loss.is_finite()).fold(1e-3, f64::max);
    let axis = Axis::of(0.0, most);
    let x = |epoch: usize| LEFT + (WIDTH - LEFT - RIGHT) * epoch as f64 / n_epochs.max(1) as f64;
    let mut svg = opened("training loss after each epoch");
    axis.draw(&mut svg, |value| value);
    number_line(&mut svg, n_epochs, &x);
    for losses in series {
        let points: Vec<String> = losses
            .iter()
            .enumerate()
            .filter(|(_, loss)| loss.is_finite())
            .map(|(at, loss)| format!("{:.1} {:.1}", x(at + 1), axis.y(f64::from(*loss))))
            .collect();
        if !points.is_empty() {
            let _ = write!(svg, "<path class=\"climb\" d=\"M{}\"/>", points.join("L"));
        }
    }
    closed(svg, "epochs")
}

fn number_line(svg: &mut String, most: usize, x: &dyn Fn(usize) -> f64) {
    let step = round_step(most as f64 / 6.0).max(1.0) as usize;
    for number in (0..=most).step_by(step) {
        let _ = write!(
            svg,
            "<text class=\"mid\" x=\"{:.1}\" y=\"{}\">{number}</text>",
            x(number),
            HEIGHT - BOTTOM + 15.0
        );
    }
}

/// A measured share of trials on each rung, a line for each that climbed; and whether only some are drawn.
pub(super) fn climbs(trials: &[Trial], metric: Metric, n_rungs: usize) -> (String, bool) {
    let measured: Vec<&Trial> = trials.iter().filter(|trial| trial.latest(metric).is_some()).collect();
    let stride = measured.len().div_ceil(MAX_CLIMBS).max(1);
    let drawn: Vec<&Trial> = measured.iter().copied().step_by(stride).collect();
    let values = || drawn.iter().flat_map(|trial| (0..n_rungs).filter_map(|rung| trial.at(rung, metric)));
    let least = values().fold(1.0, f64::min);
    let axis = Axis::of(100.0 * least, 100.0 * values().fold(least, f64::max).max(least + 0.001));
    let x = |rung: usize| {
        let inner = WIDTH - LEFT - RIGHT - 80.0;
        LEFT + 40.0 + inner * rung as f64 / (n_rungs.max(2) - 1) as f64
    };
    let mut svg = opened(&format!("{metric} of trials on each rung"));
    axis.draw(&mut svg, |value| format!("{value} %"));
    for rung in 0..n_rungs {
        let _ = write!(
            svg,
            "<text class=\"mid\" x=\"{:.1}\" y=\"{}\">rung {rung}</text>",
            x(rung),
            HEIGHT - BOTTOM + 15.0
        );
    }
    for trial in &drawn {
        let points: Vec<(f64, f64)> = (0..n_rungs)
            .filter_map(|rung| Some((x(rung), axis.y(100.0 * trial.at(rung, metric)?))))
            .collect();
        if let [(x, y)] = points[..] {
            let _ = write!(svg, "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.2\"/>");
        } else {
            let words: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
            let _ = write!(svg, "<path class=\"climb\" d=\"M{}\"/>", words.join("L"));
        }
    }
    (closed(svg, &format!("{metric} on validation folds")), stride > 1)
}

/// Two accuracies of each network, named by its trial, as lines from the left to the right.
pub(super) fn slopes(networks: &[(usize, f64, f64)], ends: [&str; 2]) -> String {
    /// What a line of text takes.
    const LINE: f64 = 13.0;
    let values = || networks.iter().flat_map(|(_, from, to)| [*from, *to]);
    let (least, most) = (values().fold(1.0, f64::min), values().fold(0.0, f64::max));
    let axis = Axis::of(100.0 * least, 100.0 * most.max(least + 0.001));
    let (from, to) = (LEFT + 60.0, WIDTH - RIGHT - 100.0);
    let mut svg = opened("accuracy of each network in the search and from scratch");
    axis.draw(&mut svg, |value| format!("{value} %"));
    for (x, end) in [from, to].into_iter().zip(ends) {
        let _ = write!(svg, "<text class=\"mid\" x=\"{x}\" y=\"{}\">{end}</text>", HEIGHT - BOTTOM + 15.0);
    }
    let mut networks = networks.to_vec();
    networks.sort_by(|one, other| other.2.total_cmp(&one.2).then(one.0.cmp(&other.0)));
    // Names keep a line's distance: pushed down from above, and up again from the lower edge.
    let mut names: Vec<f64> = networks.iter().map(|(_, _, accuracy)| axis.y(100.0 * accuracy)).collect();
    for at in 1..names.len() {
        names[at] = names[at].max(names[at - 1] + LINE);
    }
    let mut limit = HEIGHT - BOTTOM;
    for name in names.iter_mut().rev() {
        *name = name.min(limit);
        limit = *name - LINE;
    }
    for ((trial, search, scratch), name) in networks.iter().zip(names) {
        let [left, right] = [search, scratch].map(|accuracy| axis.y(100.0 * accuracy));
        let _ = write!(
            svg,
            "<path class=\"climb\" d=\"M{from} {left:.1}L{to} {right:.1}\"/>\
             <circle class=\"dot\" cx=\"{from}\" cy=\"{left:.1}\" r=\"2.6\"/>\
             <circle class=\"dot\" cx=\"{to}\" cy=\"{right:.1}\" r=\"2.6\"/>\
             <text x=\"{}\" y=\"{:.1}\">trial {trial}</text>",
            to + 10.0,
            name + 4.0
        );
    }
    closed(svg, "")
}

fn opened(label: &str) -> String {
    format!("<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">")
}

fn closed(svg: String, below: &str) -> String {
    let middle = 0.5 * (LEFT + WIDTH - RIGHT);
    format!("{svg}<text class=\"mid\" x=\"{middle}\" y=\"{}\">{below}</text></svg>\n", HEIGHT - 4.0)
}

/// A vertical axis with round ends.
struct Axis {
    bottom: f64,
    top: f64,
    step: f64,
}

impl Axis {
    fn of(least: f64, most: f64) -> Self {
        let step = round_step((most - least) / 4.0);
        Self { bottom: (least / step).floor() * step, top: (most / step).ceil() * step, step }
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value - self.bottom) / (self.top - self.bottom))
    }

    fn draw(&self, svg: &mut String, words: impl Fn(String) -> String) {
        let digits = (-self.step.log10().floor()).max(0.0) as usize;
        let n_ticks = ((self.top - self.bottom) / self.step).round() as usize;
        for tick in 0..=n_ticks {
            let value = self.bottom + self.step * tick as f64;
            let y = self.y(value);
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{}\"/><text class=\"end\" x=\"{}\" y=\"{:.1}\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                words(format!("{value:.digits$}"))
            );
        }
    }
}
