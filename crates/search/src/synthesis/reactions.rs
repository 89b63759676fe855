use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a trained network's vertices did when the inquisitor's stimulus passed through.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reactions {
    /// Reactions of the convolutions by node name.
    pub vertices: BTreeMap<String, VertexReaction>,
    /// Reactions of each summand of each sum.
    pub links: Vec<LinkReaction>,
}

/// How one convolution's output reacted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VertexReaction {
    /// Mean Taylor saliency of a channel: the first-order change of loss if the channel were zero
    /// (Molchanov et al. 2017), over the sum of all vertices.
    pub saliency: f64,
    /// The least salient quarter of the channels' share of the vertex's saliency; 0.25 if all matter alike.
    pub least_quarter: f64,
    /// Share of channels that are zero for every stimulus.
    pub dead: f64,
    /// Participation ratio of the channels' covariance over the number of channels: 1 if every channel says
    /// something of its own.
    pub effective_rank: f64,
}

/// How much one summand of a sum matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkReaction {
    /// The sum.
    pub sum: String,
    /// The node it reads.
    pub source: String,
    /// First-order change of the stimulus loss if the link were cut, in nats.
    pub cut: f64,
}
