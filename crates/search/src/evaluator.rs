use std::panic::{AssertUnwindSafe, catch_unwind};

use netsynth_graph::{ArchitectureId, Cost};
use netsynth_space::Genome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Reactions, Scorer, Scores, SearchError};

/// A network that a strategy proposed and that nobody has measured yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The trial it will be.
    pub trial: usize,
    /// The generation it was proposed in.
    pub generation: usize,
    /// Its choices.
    pub genome: Genome,
    /// What the network is.
    pub id: ArchitectureId,
    /// What the network costs.
    pub cost: Cost,
    /// The trial that it was made from, where the strategy changes what it has seen.
    pub parent: Option<usize>,
    /// What the inquisitor expected of U before any training, if it had learned enough to say.
    pub predicted: Option<f64>,
}

/// What one rung found out about a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Measured {
    /// It was trained.
    Trained(Trained),
    /// It could not be, for this reason.
    Failed(String),
}

/// A training's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// Accuracy on each validation fold.
    pub fold_accuracies: Vec<f64>,
    /// Of each fold, the mean training loss of each epoch in nats, where the evaluator trains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Vec<f32>>,
    /// What the probes saw, where the evaluator can probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reactions: Option<Reactions>,
    /// Of the first rung, what could be told of the network before it was trained, where the evaluator can score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Scores>,
}

impl Trained {
    /// Mean accuracy over the folds.
    pub fn accuracy(&self) -> f64 {
        self.fold_accuracies.iter().sum::<f64>() / self.fold_accuracies.len().max(1) as f64
    }
}

/// Where an evaluator hands over each result as soon as it is known, by the candidate's index and from any thread.
pub type Answered<'a, E> = dyn Fn(usize, Measured) -> Result<(), E> + Sync + 'a;

/// Measures how good candidates are.
///
/// A result is a function of the candidate, the rung and what was measured of its parent and of its lower rungs: it does
/// not depend on when, beside what, or on which thread it was measured.
pub trait Evaluator: Sync {
    /// Why it could not go on. What a training itself did is a [`Measured`], never an error.
    type Error: From<SearchError>;

    /// Measures candidates on the rung of this number and hands each result to `answered`, in any order. A candidate
    /// without a result stops the search.
    fn evaluate(
        &self,
        candidates: &[&Candidate],
        rung: usize,
        answered: &Answered<'_, Self::Error>,
    ) -> Result<(), Self::Error>;

    /// What scores candidates before any training, if this evaluator can.
    fn scorer(&self) -> Option<&dyn Scorer<Self::Error>> {
        None
    }
}

/// What a piece of work gives, or the message of its panic: a panic costs its trial, not the search.
pub fn unless_panicked<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
    })
}

impl Measured {
    /// What no measurement can have found, if it says that.
    pub fn problem(&self) -> Option<String> {
        let Measured::Trained(Trained { fold_accuracies, .. }) = self else { return None };
        let wrong = fold_accuracies.iter().find(|accuracy| !(0.0..=1.0).contains(*accuracy));
        wrong
            .map(|accuracy| format!("an accuracy of {accuracy}"))
            .or_else(|| fold_accuracies.is_empty().then(|| "it was trained on no fold".to_owned()))
    }
}
