use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::metric::metrics::mean_of;
use crate::{
    Candidate, Metric, Metrics, PersonScore, Reactions, Scorer, SearchError, Source, ZeroCostScores,
};

/// What one rung found out about a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Measured {
    /// It was trained.
    Trained(Trained),
    /// It could not be, for this reason.
    Failed(String),
}

/// A training's result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// The measured metrics on each validation fold, accuracy among them. Earlier versions kept the accuracy alone.
    #[serde(alias = "fold_accuracies")]
    pub folds: Vec<Metrics>,
    /// Of each fold, the mean training loss of each epoch in nats, where the evaluator trains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Vec<f32>>,
    /// Of an audit, what the network made of each person that judged it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<PersonScore>,
    /// What the probes saw, where the evaluator can probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reactions: Option<Reactions>,
    /// Of the first rung, the zero-cost scores of the untrained network, where the evaluator can score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<ZeroCostScores>,
}

impl Trained {
    /// Mean over the folds of each metric.
    pub fn metrics(&self) -> Metrics {
        Metrics::mean(&self.folds)
    }

    /// Mean of one metric over the folds, if it was measured.
    pub fn mean(&self, metric: Metric) -> Option<f64> {
        mean_of(metric, &self.folds)
    }
}

/// Where an evaluator hands over each result as soon as it is known, by the candidate's index and from any thread.
pub type Answered<'a, E> = dyn Fn(usize, Measured) -> Result<(), E> + Sync + 'a;

/// Measures how good candidates are: accuracy, and whatever else it can.
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

    /// The same of one candidate: its result, or nothing where the search is to stop.
    fn evaluate_one(&self, candidate: &Candidate, rung: usize) -> Result<Option<Measured>, Self::Error> {
        let found = Mutex::new(None);
        self.evaluate(&[candidate], rung, &|_, measured| {
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(measured);
            Ok(())
        })?;
        Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

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
    /// The result of a training that gave one.
    pub fn trained(&self) -> Option<&Trained> {
        match self {
            Measured::Trained(trained) => Some(trained),
            Measured::Failed(_) => None,
        }
    }

    /// What no measurement can have found, if there is such a value.
    pub fn problem(&self) -> Option<String> {
        let Measured::Trained(Trained { folds, people, .. }) = self else { return None };
        if people.iter().any(|person| person.n_correct > person.n_images) {
            return Some("a person with more images taken for what they are than images".to_owned());
        }
        if folds.is_empty() {
            return Some("it was trained on no fold".to_owned());
        }
        folds.iter().find_map(|fold| {
            let wrong = fold
                .iter()
                .find(|(metric, value)| metric.source() == Source::Counted || !(0.0..=1.0).contains(value));
            match wrong {
                Some((metric, value)) => Some(format!("a value of {value} for {metric}")),
                None => fold.get(Metric::Accuracy).is_none().then(|| "a fold without an accuracy".to_owned()),
            }
        })
    }
}
