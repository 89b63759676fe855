use std::fmt;

use netsynth_graph::Cost;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something a network is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Metric {
    /// Share of images classified rightly, over validation folds; 1 is all.
    Accuracy,
    /// Numbers stored to run the deployed network.
    Parameters,
    /// Multiply-accumulates for one image.
    Macs,
    /// Activation numbers alive at once.
    PeakActivations,
}

impl Metric {
    /// Whether counting the graph gives it, before any training.
    pub fn is_counted(self) -> bool {
        match self {
            Metric::Accuracy => false,
            Metric::Parameters | Metric::Macs | Metric::PeakActivations => true,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Metric::Accuracy => "accuracy",
            Metric::Parameters => "parameters",
            Metric::Macs => "MACs",
            Metric::PeakActivations => "peak activations",
        })
    }
}

/// All that is known of a trained network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Share of validation images classified rightly.
    pub accuracy: f64,
    /// What counting the graph gives.
    pub cost: Cost,
}

impl Metrics {
    /// One of them.
    pub fn get(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Accuracy => self.accuracy,
            Metric::Parameters => self.cost.parameters as f64,
            Metric::Macs => self.cost.macs as f64,
            Metric::PeakActivations => self.cost.peak_activations as f64,
        }
    }
}

/// A metric of the front and which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Objective {
    /// More of this metric is better.
    Maximise(Metric),
    /// Less of this metric is better.
    Minimise(Metric),
}

impl Objective {
    /// The metric.
    pub fn metric(self) -> Metric {
        match self {
            Objective::Maximise(metric) | Objective::Minimise(metric) => metric,
        }
    }

    /// The metric as a loss: less is better.
    pub fn loss(self, metrics: &Metrics) -> f64 {
        match self {
            Objective::Maximise(metric) => -metrics.get(metric),
            Objective::Minimise(metric) => metrics.get(metric),
        }
    }
}
