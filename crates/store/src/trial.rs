use netsynth_graph::ArchitectureId;
use netsynth_graph::schema::SCHEMA;
use netsynth_search::{Candidate, Measured, ScreenedCandidate, SearchPlan};
use netsynth_space::{NamedGenome, SearchSpace};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Entry, Fold, TrialFile};

/// The weights that others start from, which a trial's training on a rung leaves: one file for each fold.
pub fn trial_weights(plan: &SearchPlan, trial: usize, rung: usize) -> impl Iterator<Item = Entry> + use<> {
    let folds = (0..plan.rungs[rung].folds).map(Fold::from_index);
    folds.map(move |fold| Entry::Trial(trial, TrialFile::Weights { rung, fold }))
}

/// A candidate as a file: what was proposed, before anything was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CandidateFile {
    /// The file format's version.
    pub schema: u32,
    /// The trial's number.
    pub trial: usize,
    /// The generation that proposed it.
    pub generation: usize,
    /// What the network is.
    pub id: ArchitectureId,
    /// The trial that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<usize>,
    /// What the inquisitor expected of U.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<f64>,
    /// The choices, by the names of their decisions.
    pub genome: NamedGenome,
}

impl CandidateFile {
    /// The file of a candidate.
    pub fn new(candidate: &Candidate, space: &SearchSpace) -> Self {
        Self {
            schema: SCHEMA,
            trial: candidate.trial,
            generation: candidate.generation,
            id: candidate.id,
            parent: candidate.parent,
            predicted: candidate.predicted,
            genome: space.decisions().named(&candidate.genome),
        }
    }
}

/// What was proposed for a generation and scored before any training, as a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreeningFile {
    /// The file format's version.
    pub schema: u32,
    /// The generation.
    pub generation: usize,
    /// In the order in which they were proposed. The file keeps the name of the first versions: a run that goes on
    /// compares what it would write with what is there.
    #[serde(rename = "newborns")]
    pub candidates: Vec<ScreenedCandidate>,
}

impl ScreeningFile {
    /// The file of a generation's candidates.
    pub fn new(generation: usize, candidates: &[ScreenedCandidate]) -> Self {
        Self { schema: SCHEMA, generation, candidates: candidates.to_vec() }
    }
}

/// What a rung measured, as a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RungFile {
    /// The file format's version.
    pub schema: u32,
    /// The measurement.
    pub measured: Measured,
    /// Of an asynchronous search, how many measurements came before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<usize>,
}

impl RungFile {
    /// The file of a measurement.
    pub fn new(measured: &Measured) -> Self {
        Self { schema: SCHEMA, measured: measured.clone(), place: None }
    }
}
