use netsynth_graph::schema::SCHEMA;
use netsynth_search::{StopReason, Trial};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a search ended, as a file. Written once, before the front: from then on no trial is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndFile {
    /// The file format's version.
    pub schema: u32,
    /// Why there are no more trials.
    pub reason: StopReason,
    /// Trials that at least one rung measured.
    pub n_trials: usize,
    /// What all rungs measured, together.
    pub n_readings: usize,
}

impl EndFile {
    /// The end of a search that left these trials.
    pub fn new(reason: StopReason, trials: &[Trial]) -> Self {
        let n_readings = trials.iter().map(|trial| trial.readings.len()).sum();
        Self { schema: SCHEMA, reason, n_trials: trials.len(), n_readings }
    }
}
