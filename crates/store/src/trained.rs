//! Networks that were trained outside of the trials.

use netsynth_graph::ArchitectureSpec;
use netsynth_graph::schema::SCHEMA;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Entry, NetworkFile, RunFolder, StoreError, TrainedNetwork};

/// What came of a network's training.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<M> {
    /// It was trained, and this was measured.
    Trained(M),
    /// The training itself failed: another try gives the same.
    Failed(FailureFile),
}

/// A training that failed, as a file in the place of the network's others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureFile {
    /// The file format's version.
    pub schema: u32,
    /// Which training, in words.
    pub training: String,
    /// Why it failed.
    pub reason: String,
}

impl RunFolder {
    /// Writes a trained network: its architecture, weights and, last, metrics.
    ///
    /// # Errors
    /// The run has another architecture there, or the system refuses.
    pub fn write_network<M: Serialize>(
        &self,
        network: TrainedNetwork,
        spec: &ArchitectureSpec,
        weights: &[u8],
        metrics: &M,
    ) -> Result<(), StoreError> {
        self.keep_document(Entry::Network(network, NetworkFile::Architecture), spec)?;
        self.write_file(Entry::Network(network, NetworkFile::Weights), weights)?;
        self.write_document(Entry::Network(network, NetworkFile::Metrics), metrics)
    }

    /// Writes that a network's training failed.
    ///
    /// # Errors
    /// The run has another failure there, or the system refuses.
    pub fn write_failure(
        &self,
        network: TrainedNetwork,
        training: &str,
        reason: &str,
    ) -> Result<FailureFile, StoreError> {
        let (training, reason) = (training.to_owned(), reason.to_owned());
        let failure = FailureFile { schema: SCHEMA, training, reason };
        self.keep_document(Entry::Network(network, NetworkFile::Failure), &failure)?;
        Ok(failure)
    }

    /// What came of a network's training, if all of its files are there: what is not is to be trained again.
    ///
    /// # Errors
    /// One of them cannot be read, or is damaged.
    pub fn outcome<M: DeserializeOwned>(
        &self,
        network: TrainedNetwork,
    ) -> Result<Option<Outcome<M>>, StoreError> {
        let entry = |file| Entry::Network(network, file);
        if let Some(failure) = self.document(entry(NetworkFile::Failure))? {
            return Ok(Some(Outcome::Failed(failure)));
        }
        let metrics: Option<M> = self.document(entry(NetworkFile::Metrics))?;
        let spec: Option<ArchitectureSpec> = self.document(entry(NetworkFile::Architecture))?;
        let has_weights = self.has_whole(entry(NetworkFile::Weights))?;
        Ok(metrics.filter(|_| spec.is_some() && has_weights).map(Outcome::Trained))
    }
}
