use netsynth_data::Dataset;
use netsynth_graph::schema::SCHEMA;
use netsynth_store::{Entry, RunFolder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RunError;
use crate::open::required;

/// With what a run was made.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The file format's version.
    schema: u32,
    /// The program's version.
    netsynth: String,
    /// Processor and system.
    target: String,
    /// SHA-256 of all samples and their labels.
    pub data_digest: String,
    /// Images that were read.
    n_images: usize,
    /// People in them.
    n_subjects: usize,
    /// Images that were left out.
    n_skipped: usize,
}

impl Provenance {
    /// Of this program and these faces.
    pub fn new(dataset: &Dataset) -> Self {
        Self {
            schema: SCHEMA,
            netsynth: env!("CARGO_PKG_VERSION").to_owned(),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            data_digest: dataset.digest.clone(),
            n_images: dataset.samples.len(),
            n_subjects: dataset.subjects.len(),
            n_skipped: dataset.skipped.len(),
        }
    }

    /// What it says, each with a name.
    pub fn described(&self) -> Vec<(String, String)> {
        let Self { netsynth, target, data_digest, n_images, n_subjects, n_skipped, .. } = self;
        let skipped = if *n_skipped > 0 { format!(", {n_skipped} skipped") } else { String::new() };
        [
            ("netsynth", netsynth.clone()),
            ("machine", target.clone()),
            ("data", format!("{n_images} images of {n_subjects} subjects{skipped}")),
            ("digest of the data", data_digest.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// Refuses faces that are not those that a run began with.
pub(crate) fn refuse_other_data(folder: &RunFolder, dataset: &Dataset) -> Result<(), RunError> {
    let then: Provenance = required(folder, Entry::Provenance)?;
    if dataset.digest == then.data_digest {
        return Ok(());
    }
    let reason = format!(
        "the faces are not those of the run: {} images of {} subjects then, {} of {} now, or other pixels",
        then.n_images,
        then.n_subjects,
        dataset.samples.len(),
        dataset.subjects.len()
    );
    let error = RunError::new(reason, "put the data folder back as it was, or begin another search");
    Err(error.at(folder.path().display().to_string()))
}
