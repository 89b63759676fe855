use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Direction, Metric, Metrics, Source};

/// A metric of the front and which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Objective {
    /// More of this metric is better.
    Maximise(Metric),
    /// Less of this metric is better.
    Minimise(Metric),
}

impl Objective {
    /// The objective of a metric: its direction follows from it.
    pub fn of(metric: Metric) -> Self {
        match metric.direction() {
            Direction::Maximise => Self::Maximise(metric),
            Direction::Minimise => Self::Minimise(metric),
        }
    }

    /// The metric.
    pub fn metric(self) -> Metric {
        match self {
            Objective::Maximise(metric) | Objective::Minimise(metric) => metric,
        }
    }

    /// A value of the metric as a loss: less is better.
    pub fn loss_of(self, value: f64) -> f64 {
        match self {
            Objective::Maximise(_) => -value,
            Objective::Minimise(_) => value,
        }
    }

    /// The metric of a network as a loss: less is better, and a value that is not known is worse than any.
    pub fn loss(self, metrics: &Metrics) -> f64 {
        metrics.get(self.metric()).map_or(f64::INFINITY, |value| self.loss_of(value))
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Objective::Maximise(metric) => write!(f, "more {metric}"),
            Objective::Minimise(metric) => write!(f, "fewer {metric}"),
        }
    }
}

/// The measured metric that a front is foremost about: that of the first measured objective, or accuracy.
///
/// It orders the front, picks nano-a, and is the `a` of U.
pub(crate) fn quality(objectives: &[Objective]) -> Metric {
    let measured = objectives.iter().map(|objective| objective.metric());
    measured.into_iter().find(|metric| metric.source() == Source::Measured).unwrap_or(Metric::Accuracy)
}
