use netsynth_data::Dataset;
use netsynth_files::Shown;
use netsynth_graph::schema::SCHEMA;
use netsynth_store::{Entry, RunFolder, StoreError};
use netsynth_train::instruction_sets;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::open::required;
use crate::{OnEvent, RunError, RunEvent};

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
    /// The instruction sets that the processor has; earlier versions did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    processor: Option<String>,
    /// The instruction set that networks were trained with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kernels: Option<String>,
    /// SHA-256 of all samples and their labels.
    pub data_digest: String,
    /// Images that were read.
    n_images: usize,
    /// People in them.
    n_subjects: usize,
    /// Images that were left out.
    n_skipped: usize,
    /// Whether the run lists its files when its work ends; those of earlier versions did not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lists_contents: bool,
}

impl Provenance {
    /// Of this program and these faces.
    pub fn new(dataset: &Dataset) -> Self {
        let (processor, kernels) = instruction_sets();
        Self {
            schema: SCHEMA,
            netsynth: env!("CARGO_PKG_VERSION").to_owned(),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            processor: Some(processor.join(" ")),
            kernels: Some(kernels),
            data_digest: dataset.digest.clone(),
            n_images: dataset.samples.len(),
            n_subjects: dataset.subjects.len(),
            n_skipped: dataset.skipped.len(),
            lists_contents: true,
        }
    }

    /// What of another provenance makes other floats, in words; none if nothing does.
    fn difference(&self, now: &Self) -> Option<String> {
        let parts = [
            ("netsynth", Some(&self.netsynth), Some(&now.netsynth)),
            ("machine", Some(&self.target), Some(&now.target)),
            ("processor", self.processor.as_ref(), now.processor.as_ref()),
            ("kernels", self.kernels.as_ref(), now.kernels.as_ref()),
        ];
        let differing = parts.into_iter().filter_map(|(name, then, now)| match (then, now) {
            (Some(then), Some(now)) if then != now => Some(format!("{name}: {then} then, {now} now")),
            _ => None,
        });
        let differing: Vec<String> = differing.collect();
        (!differing.is_empty()).then(|| differing.join("; "))
    }

    /// What it says, each with a name.
    pub fn described(&self) -> Vec<(String, String)> {
        let Self { netsynth, target, data_digest, n_images, n_subjects, n_skipped, .. } = self;
        let kernels = self.kernels.as_ref().map_or(String::new(), |kernels| format!(", {kernels} kernels"));
        let skipped = if *n_skipped > 0 { format!(", {n_skipped} skipped") } else { String::new() };
        [
            ("netsynth", netsynth.clone()),
            ("machine", format!("{target}{kernels}")),
            ("data", format!("{n_images} images of {n_subjects} subjects{skipped}")),
            ("digest of the data", data_digest.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// What the provenance of every kind of run says of its list of contents.
#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    lists_contents: bool,
}

/// Whether the run lists its files when its work ends.
pub(crate) fn lists_contents(folder: &RunFolder) -> bool {
    let provenance = folder.document::<Listing>(Entry::Provenance).ok().flatten();
    provenance.is_some_and(|provenance| provenance.lists_contents)
}

/// Lists the run's files, in a run that does.
pub(crate) fn list_contents(folder: &RunFolder) -> Result<(), StoreError> {
    if lists_contents(folder) { folder.write_contents() } else { Ok(()) }
}

/// Refuses faces that are not those that a run began with, and says where the program or the machine is another.
pub(crate) fn compare_with_begin(
    folder: &RunFolder,
    dataset: &Dataset,
    on_event: &OnEvent<'_>,
) -> Result<(), RunError> {
    let then: Provenance = required(folder, Entry::Provenance)?;
    if let Some(difference) = then.difference(&Provenance::new(dataset)) {
        on_event(RunEvent::Elsewhere { difference });
    }
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
    let error = RunError::new(
        reason,
        "put the data back as they were, say where they are now with --data, or begin another run",
    );
    Err(error.at(folder.path().shown()))
}
