//! Small charts of a page: what changes from trial to trial, from epoch to epoch, from rung to rung, from one measurement to another.

use std::fmt::Write;

use netsynth_search::{Metric, Trial};

use super::area::Area;
use super::axis::{Axis, Notation};

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 200.0;
const AREA: Area = Area { left: 46.0, top: 12.0, width: 464.0, height: 154.0 };

/// The most trials whose climbs are drawn.
const MAX_CLIMBS: usize = 300;

/// How many intervals a scale has, about.
const N_LEVELS: usize = 4;
const N_NUMBERS: usize = 6;

/// Steps over trials: the points where the value changes.
pub(crate) fn steps(points: &[(usize, f64)], n_trials: usize, below: &str) -> String {
    let last = points.last().map_or(0.0, |point| point.1);
    let y = Axis::rounded("", Notation::Plain, 0.0, last.max(1e-9), N_LEVELS);
    let x = Axis::whole_numbers(below, n_trials, N_NUMBERS);
    let across = |trial: usize| AREA.across(&x, trial as f64);
    let mut line = format!("M{:.1} {:.1}", across(0), AREA.down(&y, 0.0));
    for (trial, value) in points {
        let _ = write!(line, "H{:.1}V{:.1}", across(*trial), AREA.down(&y, *value));
    }
    let _ = write!(line, "H{:.1}", across(n_trials));
    let mut svg = opened(&format!("{below}, from 0 to {last:.4}"));
    AREA.levels(&mut svg, &y, N_LEVELS);
    AREA.numbers(&mut svg, &x, N_NUMBERS);
    closed(svg + &format!("<path class=\"curve\" d=\"{line}\"/>"), &x.title)
}

/// Losses after each epoch, a line for each training.
pub(crate) fn losses(series: &[&[f32]]) -> String {
    let n_epochs = series.iter().map(|losses| losses.len()).max().unwrap_or_default();
    let known = series.iter().flat_map(|losses| losses.iter().map(|loss| f64::from(*loss)));
    let most = known.filter(|loss| loss.is_finite()).fold(1e-3, f64::max);
    let y = Axis::rounded("training loss", Notation::Plain, 0.0, most, N_LEVELS);
    let x = Axis::whole_numbers("epochs", n_epochs, N_NUMBERS);
    let mut svg = opened("training loss after each epoch");
    AREA.levels(&mut svg, &y, N_LEVELS);
    AREA.numbers(&mut svg, &x, N_NUMBERS);
    for losses in series {
        let finite = losses.iter().enumerate().filter(|(_, loss)| loss.is_finite());
        let points = finite
            .map(|(at, loss)| (AREA.across(&x, (at + 1) as f64), AREA.down(&y, f64::from(*loss))))
            .collect::<Vec<_>>();
        if !points.is_empty() {
            svg += &climb(&points);
        }
    }
    closed(svg, &x.title)
}

/// A measured share of trials on each rung, a line for each that climbed; and whether only some are drawn.
pub(crate) fn climbs(trials: &[Trial], metric: Metric, n_rungs: usize) -> (String, bool) {
    let measured: Vec<&Trial> = trials.iter().filter(|trial| trial.latest(metric).is_some()).collect();
    let stride = measured.len().div_ceil(MAX_CLIMBS).max(1);
    let drawn: Vec<&Trial> = measured.iter().copied().step_by(stride).collect();
    let values = || drawn.iter().flat_map(|trial| (0..n_rungs).filter_map(|rung| trial.at(rung, metric)));
    let y = accuracies(&format!("{metric} on validation folds"), values);
    let x = |rung: usize| AREA.left + 40.0 + (AREA.width - 80.0) * rung as f64 / (n_rungs.max(2) - 1) as f64;
    let mut svg = opened(&format!("{metric} of trials on each rung"));
    AREA.levels(&mut svg, &y, N_LEVELS);
    (0..n_rungs).for_each(|rung| AREA.below(&mut svg, x(rung), &format!("rung {rung}")));
    for trial in &drawn {
        let points: Vec<(f64, f64)> =
            (0..n_rungs).filter_map(|rung| Some((x(rung), AREA.down(&y, trial.at(rung, metric)?)))).collect();
        svg += &match points[..] {
            [(x, y)] => format!("<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.2\"/>"),
            _ => climb(&points),
        };
    }
    (closed(svg, &y.title), stride > 1)
}

/// Two accuracies of each network, named by its trial, as lines from the left to the right.
pub(crate) fn slopes(networks: &[(usize, f64, f64)], ends: [&str; 2]) -> String {
    /// What a line of text takes.
    const LINE: f64 = 13.0;
    let y = accuracies("", || networks.iter().flat_map(|(_, from, to)| [*from, *to]));
    let (from, to) = (AREA.left + 60.0, AREA.right() - 100.0);
    let mut svg = opened("accuracy of each network in the search and from scratch");
    AREA.levels(&mut svg, &y, N_LEVELS);
    [from, to].into_iter().zip(ends).for_each(|(x, end)| AREA.below(&mut svg, x, end));
    let mut networks = networks.to_vec();
    networks.sort_by(|one, other| other.2.total_cmp(&one.2).then(one.0.cmp(&other.0)));
    // Names keep a line's distance: pushed down from above, and up again from the lower edge.
    let mut names: Vec<f64> = networks.iter().map(|(_, _, accuracy)| AREA.down(&y, *accuracy)).collect();
    for at in 1..names.len() {
        names[at] = names[at].max(names[at - 1] + LINE);
    }
    let mut limit = AREA.bottom();
    for name in names.iter_mut().rev() {
        *name = name.min(limit);
        limit = *name - LINE;
    }
    for ((trial, search, scratch), name) in networks.iter().zip(names) {
        let [left, right] = [search, scratch].map(|accuracy| AREA.down(&y, *accuracy));
        let _ = writeln!(
            svg,
            "{}<circle class=\"dot\" cx=\"{from}\" cy=\"{left:.1}\" r=\"2.6\"/>\
             <circle class=\"dot\" cx=\"{to}\" cy=\"{right:.1}\" r=\"2.6\"/>\
             <text x=\"{}\" y=\"{:.1}\">trial {trial}</text>",
            climb(&[(from, left), (to, right)]),
            to + 10.0,
            name + 4.0
        );
    }
    closed(svg, &y.title)
}

/// An axis for accuracies, a thousandth or more long.
fn accuracies<I: Iterator<Item = f64>>(title: &str, values: impl Fn() -> I) -> Axis {
    let least = values().fold(1.0, f64::min);
    Axis::rounded(title, Notation::Percent, least, values().fold(least + 0.001, f64::max), N_LEVELS)
}

/// A line through points of the picture, in the style of all lines of which there are many.
fn climb(points: &[(f64, f64)]) -> String {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    format!("<path class=\"climb\" d=\"M{}\"/>", points.join("L"))
}

fn opened(label: &str) -> String {
    format!("<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">\n")
}

fn closed(svg: String, below: &str) -> String {
    let middle = AREA.left + 0.5 * AREA.width;
    format!("{svg}<text class=\"mid\" x=\"{middle}\" y=\"{}\">{below}</text></svg>\n", HEIGHT - 4.0)
}
