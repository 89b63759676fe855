use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ParetoFront;

/// The picks of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Variant {
    /// The most accurate feasible network.
    NanoA,
    /// The smallest feasible network of the front.
    NanoB,
}

impl Variant {
    /// All of them, in the paper's order.
    pub const ALL: [Self; 2] = [Self::NanoA, Self::NanoB];
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
    let most_accurate = front.members.first();
    let smallest = front.members.iter().min_by_key(|(trial, metrics)| (metrics.cost.parameters, *trial));
    let picks = [(Variant::NanoA, most_accurate), (Variant::NanoB, smallest)];
    picks.into_iter().filter_map(|(variant, member)| member.map(|(trial, _)| (variant, *trial))).collect()
}
