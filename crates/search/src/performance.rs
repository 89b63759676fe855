use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Metrics;

/// The universal performance function U: NetScore (Wong, arXiv 1806.05512),
/// `20 log10( a^alpha / (p^beta m^gamma) )` with `a` the accuracy in percent, `p` the parameters and `m` the
/// multiply-accumulates, both in millions as NetScore has them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Performance {
    /// Exponent of accuracy.
    pub alpha: f64,
    /// Exponent of parameters.
    pub beta: f64,
    /// Exponent of multiply-accumulates.
    pub gamma: f64,
}

impl Default for Performance {
    fn default() -> Self {
        Self { alpha: 2.0, beta: 0.5, gamma: 0.5 }
    }
}

impl Performance {
    /// U of a trained network, in decibels. No accuracy at all counts as a hundredth of a percent.
    pub fn of(&self, metrics: &Metrics) -> f64 {
        self.of_accuracy(metrics.accuracy) + self.of_cost(metrics)
    }

    /// The part of U that accuracy brings.
    pub fn of_accuracy(&self, accuracy: f64) -> f64 {
        20.0 * self.alpha * libm::log10((100.0 * accuracy).max(0.01))
    }

    /// The part of U that counting the graph brings.
    pub fn of_cost(&self, metrics: &Metrics) -> f64 {
        let millions = |count: u64| libm::log10(count.max(1) as f64 / 1e6);
        -20.0 * (self.beta * millions(metrics.cost.parameters) + self.gamma * millions(metrics.cost.macs))
    }
}
