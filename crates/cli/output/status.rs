//! How a search stands, in words.

use std::collections::BTreeMap;

use netsynth_report::{Kind, Point, Series, terminal};
use netsynth_search::{
    Constraint, Measured, Metric, Metrics, Outcome, ParetoFront, SearchPlan, Source, Trial,
};

use crate::commands::front::{glyphs, plot_of};

/// The trials and their front in the cells of a terminal; `None` where nothing is measured yet.
pub(crate) fn picture(trials: &[Trial], plan: &SearchPlan, columns: usize, rows: usize) -> Option<String> {
    let mut metrics = plan.objectives.iter().map(|objective| objective.metric());
    let across = metrics.find(|metric| metric.source() == Source::Counted).unwrap_or(Metric::Parameters);
    let quality = plan.quality();
    let front = ParetoFront::of(trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    let points: Vec<Point> = trials
        .iter()
        .filter_map(|trial| {
            let (rung, value) = (trial.top_rung()?, trial.latest(quality)?);
            let kind = match front.members.iter().any(|(member, _)| *member == trial.number) {
                true => Kind::Member,
                false if rung + 1 < plan.rungs.len() => Kind::Partial,
                false => Kind::Complete,
            };
            Some(Point { x: trial.latest(across)?, y: value, kind, label: String::new() })
        })
        .collect();
    (!points.is_empty()).then(|| {
        let plot = plot_of(String::new(), [across, quality], vec![Series { name: String::new(), points }]);
        terminal(&plot, columns, rows, glyphs(false))
    })
}

/// How many trials are feasible, and the best of them.
pub(crate) fn standing(trials: &[Trial], plan: &SearchPlan) -> String {
    let front = ParetoFront::of(trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    let quality = plan.quality();
    let best_seen = trials.iter().filter_map(|trial| trial.latest(quality)).fold(0.0, f64::max);
    let shown = |metrics: &Metrics, metric: Metric| {
        metrics.get(metric).map_or("unknown".to_owned(), |value| metric.format(value))
    };
    match (front.members.first(), front.members.last()) {
        (Some((_, best)), Some((_, small))) => format!(
            "front of {}: best {} with {}, smallest {} at {}",
            front.members.len(),
            shown(best, quality),
            shown(best, Metric::Parameters),
            shown(small, Metric::Parameters),
            shown(small, quality)
        ),
        _ => format!("none feasible yet, best {quality} {}", quality.format(best_seen)),
    }
}

/// What to say of trials that are trained no further.
pub(crate) fn out_of_reach(rung: usize, trials: &[usize], plan: &SearchPlan) -> String {
    let numbers: Vec<String> = trials.iter().map(ToString::to_string).collect();
    let bounds: Vec<String> = plan.indicator.measured().map(ToString::to_string).collect();
    format!(
        "rung {rung}: trial {} out of reach of {} with a confidence of {} %: trained no further",
        numbers.join(", "),
        bounds.join(" or "),
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
        Some((trial, metrics, missed)) => format!(
            "nothing is feasible{failed}. Nearest miss: trial {} with {}; the binding constraint is {missed}.\n  help: train longer (rungs), search longer (--trials), or loosen the indicator",
            trial.number,
            in_words(&metrics, &described(plan, missed))
        ),
    }
}

/// The metrics by which a miss is described: the plan's measured ones, the missed one, and the parameters.
fn described(plan: &SearchPlan, missed: Constraint) -> Vec<Metric> {
    let mut described = plan.measured();
    for metric in [missed.metric(), Metric::Parameters] {
        if !described.contains(&metric) {
            described.push(metric);
        }
    }
    described
}

/// Values of metrics, such as `accuracy 91.20 % and 141,098 parameters`.
fn in_words(metrics: &Metrics, described: &[Metric]) -> String {
    let words = described.iter().filter_map(|&metric| {
        let value = metric.format(metrics.get(metric)?);
        Some(match metric.source() {
            Source::Measured => format!("{metric} {value}"),
            Source::Counted => format!("{value} {metric}"),
        })
    });
    words.collect::<Vec<_>>().join(" and ")
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
