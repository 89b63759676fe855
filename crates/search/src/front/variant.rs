use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Metric, Metrics, Objective, ParetoFront};

/// The picks of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Variant {
    /// The feasible network that is best in the plan's first measured objective, or the most accurate.
    NanoA,
    /// The smallest feasible network of the front.
    NanoB,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::NanoA, Self::NanoB];

    /// The trial of a front that is this variant; `None` of an empty front.
    pub fn pick(self, front: &ParetoFront) -> Option<usize> {
        let member = match self {
            Variant::NanoA => front.members.first(),
            Variant::NanoB => {
                let size = Objective::of(Metric::Parameters);
                let order = |one: &&(usize, Metrics), other: &&(usize, Metrics)| {
                    size.loss(&one.1).total_cmp(&size.loss(&other.1)).then(one.0.cmp(&other.0))
                };
                front.members.iter().min_by(order)
            }
        };
        member.map(|(trial, _)| *trial)
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Variant::NanoA => "nano-a",
            Variant::NanoB => "nano-b",
        })
    }
}

/// The variants of a front with the numbers of their trials; one trial can be both.
pub fn variants(front: &ParetoFront) -> Vec<(Variant, usize)> {
    Variant::ALL.into_iter().filter_map(|variant| Some((variant, variant.pick(front)?))).collect()
}
