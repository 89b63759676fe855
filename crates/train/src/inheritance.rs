//! What the trials of a search start from, if not from random weights.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Trials start with what others have learned, and are tuned instead of trained from scratch.
///
/// A trial takes over the channels that matter most, kernels and links that both have; a higher rung goes on where the
/// trial's lower rung ended. Each fold has its own line of ancestors, so nobody is judged on people that an ancestor has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inheritance {
    /// Whose weights a trial starts with.
    pub from: Ancestor,
    /// Epochs for which the prototype is trained before the search, on each fold that a rung trains.
    pub epochs: usize,
}

/// Whose weights a trial starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Ancestor {
    /// The trained prototype's: all trials have been trained equally long.
    Prototype,
    /// Those of the trial that it was made from, or the prototype's if it was made from none: what is learned adds up from
    /// generation to generation, so later trials have been trained longer.
    Parent,
}
