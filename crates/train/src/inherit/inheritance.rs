use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Trials start from weights that were trained before, and are tuned instead of trained from scratch.
///
/// A trial takes over the channels that matter most, and the kernels and links that both networks have; a higher rung goes
/// on where the trial's lower rung ended. Each fold inherits from trainings of the same fold only, so no network is judged on
/// images that its weights were trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inheritance {
    /// The network that a trial starts from.
    pub from: InheritFrom,
    /// Epochs for which the prototype is trained before the search, on each fold that a rung trains.
    pub epochs: usize,
}

/// The network that a trial starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InheritFrom {
    /// The trained prototype: all trials have been trained equally long.
    Prototype,
    /// The trial that it was made from, or the prototype if it was made from none: what is learned adds up from generation
    /// to generation, so later trials have been trained longer.
    Parent,
}
