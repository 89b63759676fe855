//! How a search stands, in words.

use std::collections::BTreeMap;

use netsynth_report::{Kind, Point, Series, terminal};
use netsynth_search::{Measured, Metric, Objective, Outcome, ParetoFront, SearchPlan, Trial};

use crate::commands::front::{Across, glyphs, plot_of};
use crate::output::print::{count, percent};

/// The trials and their front in the cells of a terminal; `None` where nothing is measured yet.
pub(crate) fn picture(trials: &[Trial], plan: &SearchPlan, columns: usize, rows: usize) -> Option<String> {
    let cost = plan.objectives.iter().find_map(|objective| match objective {
        Objective::Minimise(metric) => Some(*metric),
        Objective::Maximise(_) => None,
    });
    let (metric, across) = match cost {
        Some(Metric::Macs) => (Metric::Macs, Across::Macs),
        Some(Metric::PeakActivations) => (Metric::PeakActivations, Across::PeakActivations),
        Some(Metric::Parameters | Metric::Accuracy) | None => (Metric::Parameters, Across::Parameters),
    };
    let front = ParetoFront::of(trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    let points: Vec<Point> = trials
        .iter()
        .filter_map(|trial| {
            let (rung, accuracy) = trial.latest()?;
            let kind = match front.members.iter().any(|(member, _)| *member == trial.number) {
                true => Kind::Member,
                false if rung + 1 < plan.rungs.len() => Kind::Partial,
                false => Kind::Complete,
            };
            let metrics = netsynth_search::Metrics { accuracy, cost: trial.cost };
            Some(Point { x: metrics.get(metric), y: accuracy, kind, label: String::new() })
        })
        .collect();
    (!points.is_empty()).then(|| {
        let plot = plot_of(String::new(), across, vec![Series { name: String::new(), points }]);
        terminal(&plot, columns, rows, glyphs(false))
    })
}

/// How many trials are feasible, and the best of them.
pub(crate) fn standing(trials: &[Trial], plan: &SearchPlan) -> String {
    let front = ParetoFront::of(trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    let best_seen = trials.iter().filter_map(|trial| Some(trial.latest()?.1)).fold(0.0, f64::max);
    match (front.members.first(), front.members.last()) {
        (Some((_, accurate)), Some((_, small))) => format!(
            "front of {}: best {} with {}, smallest {} at {}",
            front.members.len(),
            percent(accurate.accuracy),
            count(accurate.cost.parameters),
            count(small.cost.parameters),
            percent(small.accuracy)
        ),
        _ => format!("none feasible yet, best accuracy {}", percent(best_seen)),
    }
}

/// What to say of trials that are trained no further.
pub(crate) fn out_of_reach(rung: usize, trials: &[usize], plan: &SearchPlan) -> String {
    let numbers: Vec<String> = trials.iter().map(ToString::to_string).collect();
    format!(
        "rung {rung}: trial {} out of reach of accuracy >= {} with a confidence of {} %: trained no further",
        numbers.join(", "),
        plan.indicator.accuracy_floor().unwrap_or_default(),
        100.0 * plan.pruning.unwrap_or_default()
    )
}

/// What to say when nothing is feasible: who came nearest, and which bound it misses.
pub(crate) fn nearest_miss(trials: &[Trial], plan: &SearchPlan) -> String {
    let n_failed = trials
        .iter()
        .filter(|trial| matches!(trial.outcome(&plan.indicator, plan.rungs.len()), Outcome::Failed(_)))
        .count();
    let nearest = trials
        .iter()
        .filter_map(|trial| match trial.outcome(&plan.indicator, plan.rungs.len()) {
            Outcome::Infeasible(metrics, violation) => Some((trial, metrics, violation)),
            Outcome::Failed(_) | Outcome::Stopped(..) | Outcome::Feasible(_) => None,
        })
        .min_by(|(one, _, a), (other, _, b)| a.total_cmp(b).then(one.number.cmp(&other.number)));
    let failed = if n_failed > 0 { format!(" ({n_failed} trials failed)") } else { String::new() };
    match nearest.and_then(|(trial, metrics, _)| Some((trial, metrics, plan.indicator.worst_miss(&metrics)?)))
    {
        None => format!("nothing is feasible: no trial completed the last rung{failed}"),
        Some((trial, metrics, miss)) => format!(
            "nothing is feasible{failed}. Nearest miss: trial {} with accuracy {} and {} parameters; the binding \
             constraint is {}.\n  help: train longer (rungs), search longer (--trials), or loosen the indicator",
            trial.number,
            percent(metrics.accuracy),
            count(metrics.cost.parameters),
            miss.constraint
        ),
    }
}

/// Why trials failed: each reason with how many and the first of them, the most frequent first.
pub(crate) fn failures(trials: &[Trial]) -> String {
    let mut reasons: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for trial in trials {
        if let Some(Measured::Failed(reason)) = trial.readings.last() {
            reasons.entry(reason).or_default().push(trial.number);
        }
    }
    let mut reasons: Vec<(&str, Vec<usize>)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, numbers)| std::cmp::Reverse(numbers.len()));
    let line = |(reason, numbers): (&str, Vec<usize>)| {
        format!("{} (first trial {}): {reason}", numbers.len(), numbers[0])
    };
    reasons.into_iter().map(line).collect::<Vec<_>>().join("; ")
}
