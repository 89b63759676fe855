use netsynth_graph::Cost;
use netsynth_random::Stream;
use netsynth_space::{Domain, Genome, Kind, Shape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::strategy::repair::RepairedGenome;
use crate::strategy::scaling::Family;
use crate::synthesis::generator::edited;
use crate::{Problem, SearchError};

/// What generative synthesis knows before its first trial: that networks of the prototype's kind come in sizes.
///
/// Each part can be left out, which is how its worth is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    /// With how many members of the scaled family a search begins, of the prototype with its widths and depths scaled by a
    /// factor each; at most a third of its trials.
    pub family: usize,
    /// Whether a third of all draws are networks changed as a whole, by a few numbers for widths, blocks and kernels: the
    /// prototype, and the better trials.
    pub shapes: bool,
    /// Whether the inquisitor expects a measured metric to follow a smooth curve of parameters and multiply-accumulates.
    pub sizes: bool,
}

impl Default for Prior {
    fn default() -> Self {
        Self { family: 8, shapes: true, sizes: true }
    }
}

impl Problem<'_> {
    /// The members of the scaled family that a search begins with.
    pub(crate) fn first_scaled(&self, n_members: usize) -> Result<Vec<RepairedGenome>, SearchError> {
        let n_members = n_members.min(self.plan.n_trials / 3);
        let family = if n_members > 0 { Family::of(self)? } else { None };
        let Some(family) = family else { return Ok(Vec::new()) };
        (0..n_members).map(|number| self.repaired(family.member(number)?)).collect()
    }

    /// A network changed as a whole: the prototype far, one of the better trials a little.
    pub(crate) fn reshaped(&self, elite: Option<&Genome>, random: &mut Stream) -> Genome {
        let decisions = self.space.decisions();
        let between = |random: &mut Stream, low: f64, high: f64| low + (high - low) * random.unit();
        let log_between = |random: &mut Stream, low: f64, high: f64| {
            libm::exp(between(random, libm::log(low), libm::log(high)))
        };
        let (least, most) = decisions.width_factors().unwrap_or((1.0, 1.0));
        let (fewest, _) = decisions.depth_factors().unwrap_or((1.0, 1.0));
        let (from, shape) = match elite {
            None => {
                let shape = Shape {
                    width: log_between(random, least, most),
                    taper: between(random, -0.5, 1.0),
                    inner: log_between(random, 0.5, 2.0),
                    depth: between(random, fewest, 1.0),
                };
                (decisions.prototype(), shape)
            }
            Some(elite) => {
                let shape = Shape {
                    width: log_between(random, 0.67, 1.5),
                    taper: between(random, -0.3, 0.3),
                    inner: log_between(random, 0.67, 1.5),
                    depth: 1.0,
                };
                (elite.clone(), shape)
            }
        };
        let mut genome = decisions.shaped(&from, &shape);
        // Kernels of a side, and blocks stage by stage, are changed now and then.
        let (changes_kernels, kernel) = (random.unit() < 0.25, random.unit());
        let changes_blocks = random.unit() < 0.5;
        for (number, decision) in decisions.iter().enumerate() {
            let Domain::Ordinal(values) = &decision.domain else { continue };
            let drawn = random.below(values.len());
            match decision.kind {
                Kind::Kernel if changes_kernels => {
                    let choice = (kernel * values.len() as f64) as usize;
                    genome = decisions.with(&genome, number, choice);
                }
                Kind::Depth if changes_blocks => genome = decisions.with(&genome, number, drawn),
                Kind::Kernel | Kind::Depth | Kind::Channels => {}
                Kind::Link | Kind::Projection | Kind::Alternative => {}
            }
        }
        if random.unit() < 0.5 { genome } else { edited(decisions, &genome, random) }
    }
}

/// The costs between which sizes are measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SizeRange {
    smallest: Cost,
    prototype: Cost,
}

impl SizeRange {
    pub(crate) fn of(problem: &Problem<'_>) -> Result<Self, SearchError> {
        let count = |genome: &Genome| problem.space.count(genome).map(|counted| counted.cost);
        let decisions = problem.space.decisions();
        Ok(Self { smallest: count(&problem.smallest)?, prototype: count(&decisions.prototype())? })
    }

    /// What the law of sizes reads of a cost: one, the logarithms of parameters and multiply-accumulates, and their products, so
    /// that the inner product of two networks is `(1 + x x')^2`.
    pub(crate) fn features(&self, cost: &Cost) -> Vec<f64> {
        let parameters = self.place(cost, |cost| cost.parameters);
        let macs = self.place(cost, |cost| cost.macs);
        let root = std::f64::consts::SQRT_2;
        vec![
            1.0,
            root * parameters,
            root * macs,
            parameters * parameters,
            root * parameters * macs,
            macs * macs,
        ]
    }

    /// Where a count lies: -0.5 as the smallest network's, 0.5 as the prototype's, on a logarithmic scale.
    fn place(&self, cost: &Cost, of: fn(&Cost) -> u64) -> f64 {
        let log = |cost: &Cost| libm::log(of(cost).max(1) as f64);
        let range = (log(&self.prototype) - log(&self.smallest)).abs().max(0.1);
        (log(cost) - log(&self.smallest)) / range - 0.5
    }
}
