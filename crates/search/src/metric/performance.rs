use netsynth_graph::Cost;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The universal performance function U: NetScore (Wong, arXiv 1806.05512),
/// `20 log10( a^alpha / (p^beta m^gamma) )` with `a` the accuracy in percent, `p` the parameters and `m` the
/// multiply-accumulates, both in millions as NetScore has them. Where the first measured objective of a plan is another
/// metric than accuracy, that one is `a`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Performance {
    /// Exponent of accuracy, or of the measured metric in its place.
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
    /// U of a trained network, in decibels, from the measured quality as a share and from what the network costs. No
    /// quality at all counts as a hundredth of a percent.
    pub fn of(&self, quality: f64, cost: &Cost) -> f64 {
        self.of_quality(quality) + self.of_cost(cost)
    }

    /// The part of U that the measured quality brings.
    pub fn of_quality(&self, quality: f64) -> f64 {
        20.0 * self.alpha * libm::log10((100.0 * quality).max(0.01))
    }

    /// The part of U that counting the graph brings.
    pub fn of_cost(&self, cost: &Cost) -> f64 {
        let millions = |count: u64| libm::log10(count.max(1) as f64 / 1e6);
        -20.0 * (self.beta * millions(cost.parameters) + self.gamma * millions(cost.macs))
    }
}
