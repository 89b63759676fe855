//! The metrics and bounds of a run, as its page names them.

use std::collections::BTreeSet;

use netsynth_search::{Constraint, Measured, Metric, Metrics, Source, Trial};

/// A constraint as a person writes it.
pub(super) fn bound_in_words(constraint: &Constraint) -> String {
    let (sign, metric, value) = match *constraint {
        Constraint::AtLeast(metric, value) => ("≥", metric, value),
        Constraint::AtMost(metric, value) => ("≤", metric, value),
    };
    format!("{metric} {sign} {}", metric.format(value))
}

/// The metrics that are known of a trial or more: all counted ones, and what was measured.
pub(super) fn known_metrics(trials: &[Trial]) -> Vec<Metric> {
    let is_known = |metric: &Metric| {
        metric.source() == Source::Counted || trials.iter().any(|trial| trial.latest(*metric).is_some())
    };
    let measured = trials.iter().flat_map(|trial| &trial.readings).filter_map(Measured::trained);
    let own =
        measured.flat_map(|trained| trained.folds.iter().flat_map(Metrics::iter)).map(|(metric, _)| metric);
    let own: BTreeSet<Metric> = own.filter(|metric| matches!(metric, Metric::Own(_))).collect();
    Metric::ALL.into_iter().chain(own).filter(is_known).collect()
}
