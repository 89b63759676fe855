use netsynth_data::Dataset;
use netsynth_files::Shown;
use netsynth_graph::schema::SCHEMA;
use netsynth_store::{Entry, RunFolder, StoreError};
use netsynth_train::{Device, DeviceDescription, instruction_sets};
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
    /// The GPU that networks were trained on, with its driver; absent where it was the CPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gpu: Option<String>,
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
    /// Of this program, these faces, and the device that networks are trained on.
    ///
    /// # Errors
    /// The device is not there.
    pub fn new(dataset: &Dataset, device: Device) -> Result<Self, RunError> {
        let gpu = match device {
            Device::Flex => None,
            Device::Wgpu(_) => Some(named(device.description()?)),
        };
        Ok(Self::of(dataset, gpu))
    }

    fn of(dataset: &Dataset, gpu: Option<String>) -> Self {
        let (processor, kernels) = instruction_sets();
        Self {
            schema: SCHEMA,
            netsynth: env!("CARGO_PKG_VERSION").to_owned(),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            processor: Some(processor.join(" ")),
            kernels: Some(kernels),
            gpu,
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
            ("GPU", self.gpu.as_ref(), now.gpu.as_ref()),
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
        let gpu = self.gpu.as_ref().map_or(String::new(), |gpu| format!(", trained on {gpu}"));
        let skipped = if *n_skipped > 0 { format!(", {n_skipped} skipped") } else { String::new() };
        [
            ("netsynth", netsynth.clone()),
            ("machine", format!("{target}{kernels}{gpu}")),
            ("data", format!("{n_images} images of {n_subjects} subjects{skipped}")),
            ("digest of the data", data_digest.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// A GPU and its driver.
fn named(gpu: DeviceDescription) -> String {
    format!("{}; {}", gpu.name, gpu.driver)
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

/// Refuses faces that are not those that a run began with, and says where the program or the machine is another. `device` is where
/// its networks are trained from now on; nothing where none is. One that is not there is said, too: not all work needs it.
pub(crate) fn compare_with_begin(
    folder: &RunFolder,
    dataset: &Dataset,
    device: Option<Device>,
    on_event: &OnEvent<'_>,
) -> Result<(), RunError> {
    let then: Provenance = required(folder, Entry::Provenance)?;
    let gpu = device.filter(|device| *device != Device::Flex).map(|device| match device.description() {
        Ok(gpu) => named(gpu),
        Err(error) => error.to_string(),
    });
    if let Some(difference) = then.difference(&Provenance::of(dataset, gpu)) {
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
