use std::fmt;

use netsynth_graph::Cost;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Metric, Metrics};

/// One bound that a network must keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Constraint {
    /// The metric is this much or more.
    AtLeast(Metric, f64),
    /// The metric is this much or less.
    AtMost(Metric, f64),
}

impl Constraint {
    /// The bounded metric.
    pub fn metric(&self) -> Metric {
        match self {
            Constraint::AtLeast(metric, _) | Constraint::AtMost(metric, _) => *metric,
        }
    }

    /// By how much of the bound a value misses it; 0 if it keeps it.
    pub fn violation(&self, value: f64) -> f64 {
        match *self {
            Constraint::AtLeast(_, bound) => ((bound - value) / bound.abs().max(f64::MIN_POSITIVE)).max(0.0),
            Constraint::AtMost(_, bound) => ((value - bound) / bound.abs().max(f64::MIN_POSITIVE)).max(0.0),
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Constraint::AtLeast(metric, bound) => write!(f, "{metric} >= {bound}"),
            Constraint::AtMost(metric, bound) => write!(f, "{metric} <= {bound}"),
        }
    }
}

/// The paper's indicator 1_r: the predicate that a network must meet to be kept.
///
/// It has two tiers. Ceilings on counts hold before any training; the floor on accuracy is known only after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Indicator {
    /// All of these must hold.
    pub constraints: Vec<Constraint>,
}

/// The constraint that a network misses by most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Miss {
    /// The constraint.
    pub constraint: Constraint,
    /// What the network has.
    pub value: f64,
}

impl Indicator {
    /// The indicator of the paper on CK+: accuracy at least 92 %, at most a million parameters.
    pub fn paper() -> Self {
        Self {
            constraints: vec![
                Constraint::AtLeast(Metric::Accuracy, 0.92),
                Constraint::AtMost(Metric::Parameters, 1e6),
            ],
        }
    }

    /// The least accuracy that it asks for, if it asks for any.
    pub fn accuracy_floor(&self) -> Option<f64> {
        let floors = self.constraints.iter().filter_map(|constraint| match constraint {
            Constraint::AtLeast(Metric::Accuracy, floor) => Some(*floor),
            Constraint::AtLeast(..) | Constraint::AtMost(..) => None,
        });
        floors.reduce(f64::max)
    }

    /// A bound that no search could use, if there is one: a floor on a count, a ceiling on accuracy, a bound that
    /// is no number.
    pub fn unusable(&self) -> Option<&Constraint> {
        self.constraints.iter().find(|constraint| match constraint {
            Constraint::AtLeast(Metric::Accuracy, bound) => !(0.0..=1.0).contains(bound),
            Constraint::AtMost(metric, bound) if metric.is_counted() => !(bound.is_finite() && *bound > 0.0),
            Constraint::AtLeast(..) | Constraint::AtMost(..) => true,
        })
    }

    /// The highest value that a metric must at least have; minus infinity if it may have any.
    pub(crate) fn floor(&self, metric: Metric) -> f64 {
        let floors = self.constraints.iter().filter_map(|constraint| match constraint {
            Constraint::AtLeast(bounded, bound) if *bounded == metric => Some(*bound),
            Constraint::AtLeast(..) | Constraint::AtMost(..) => None,
        });
        floors.fold(f64::NEG_INFINITY, f64::max)
    }

    /// By how much the counts miss their ceilings, summed over constraints; 0 if they keep them.
    pub fn counted_violation(&self, cost: Cost) -> f64 {
        let metrics = Metrics { accuracy: 0.0, cost };
        let counted = self.constraints.iter().filter(|constraint| constraint.metric().is_counted());
        counted.map(|constraint| constraint.violation(metrics.get(constraint.metric()))).sum()
    }

    /// By how much a trained network misses the bounds, summed over constraints; 0 if it is feasible.
    pub fn violation(&self, metrics: &Metrics) -> f64 {
        self.constraints.iter().map(|constraint| constraint.violation(metrics.get(constraint.metric()))).sum()
    }

    /// The constraint missed by most, if any is missed.
    pub fn worst_miss(&self, metrics: &Metrics) -> Option<Miss> {
        self.constraints
            .iter()
            .map(|constraint| Miss { constraint: *constraint, value: metrics.get(constraint.metric()) })
            .filter(|miss| miss.constraint.violation(miss.value) > 0.0)
            .max_by(|one, other| {
                one.constraint.violation(one.value).total_cmp(&other.constraint.violation(other.value))
            })
    }
}
