use std::iter::Sum;
use std::ops::Add;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::program::Memory;

/// What a network costs once deployed, for one input image.
///
/// Batch norm that follows a convolution is counted as it is shipped: folded into the convolution's weights
/// and one bias a channel. Files keep the first three counts, and costs are compared by them: the others follow from the same
/// architecture.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Numbers that are stored to run the network.
    pub parameters: u64,
    /// Multiply-accumulates of convolutions and matrix products for one image.
    pub macs: u64,
    /// The most activation numbers alive at once, in the graph's execution order: each node's output is
    /// allocated while its inputs live, and an activation is freed after its last reader. Four bytes each in
    /// 32-bit floats.
    pub peak_activations: u64,
    /// What a device needs to run the network as it is exported.
    #[serde(skip)]
    pub memory: Memory,
    /// Nanoseconds for one image as a device's model predicts them, where there is one.
    #[serde(skip)]
    pub latency: Option<u64>,
}

impl PartialEq for Cost {
    fn eq(&self, other: &Self) -> bool {
        let kept = |cost: &Self| (cost.parameters, cost.macs, cost.peak_activations);
        kept(self) == kept(other)
    }
}

impl Eq for Cost {}

/// What one node adds: parameters and multiply-accumulates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NodeCost {
    /// Stored numbers, batch norm folded.
    pub parameters: u64,
    /// Numbers an optimiser trains: batch norm has a scale and a shift a channel and replaces the bias.
    pub trainable_parameters: u64,
    /// Multiply-accumulates for one image.
    pub macs: u64,
}

impl Add for NodeCost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            parameters: self.parameters + other.parameters,
            trainable_parameters: self.trainable_parameters + other.trainable_parameters,
            macs: self.macs + other.macs,
        }
    }
}

impl Sum for NodeCost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), Add::add)
    }
}
