use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Candidate;

/// A zero-cost proxy: what one pass over a few training images tells of a network before any training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ZeroCostProxy {
    /// How differently the rectifiers switch from image to image (NASWOT, Mellor et al. 2021).
    Naswot,
    /// By how much the loss hangs on the weights (SNIP, Lee et al. 2019).
    Snip,
    /// How long the loss's gradient is.
    GradientNorm,
}

/// The training-free scores of a network: weights drawn at random, batch norms as in training, one pass forward and
/// one back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZeroCostScores {
    /// The logarithm of the determinant of `K + I`, where `K` counts for each pair of images the rectified units that
    /// are on for both or off for both.
    pub naswot: f64,
    /// The sum over all weights of `|w dL/dw|`, in nats.
    pub snip: f64,
    /// The Euclidean norm of `dL/dw` over all weights.
    pub gradient_norm: f64,
}

/// What scoring found out about a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Scored {
    /// It has scores, and all of them are finite.
    Scores(ZeroCostScores),
    /// It has none, for this reason.
    Failed(String),
}

/// Scores candidates that are not trained yet; a score is a function of the candidate's network alone.
pub trait Scorer<E>: Sync {
    /// The scores of these candidates, in their order. Fewer than there are candidates stop the search.
    fn score(&self, candidates: &[Candidate]) -> Result<Vec<Scored>, E>;
}

impl ZeroCostProxy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Naswot, Self::Snip, Self::GradientNorm];
}

impl fmt::Display for ZeroCostProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ZeroCostProxy::Naswot => "NASWOT",
            ZeroCostProxy::Snip => "SNIP",
            ZeroCostProxy::GradientNorm => "gradient norm",
        })
    }
}

impl ZeroCostScores {
    /// One of them.
    pub fn get(&self, proxy: ZeroCostProxy) -> f64 {
        match proxy {
            ZeroCostProxy::Naswot => self.naswot,
            ZeroCostProxy::Snip => self.snip,
            ZeroCostProxy::GradientNorm => self.gradient_norm,
        }
    }
}

impl Scored {
    /// The scores, if it has any.
    pub fn scores(&self) -> Option<&ZeroCostScores> {
        match self {
            Scored::Scores(scores) => Some(scores),
            Scored::Failed(_) => None,
        }
    }
}
