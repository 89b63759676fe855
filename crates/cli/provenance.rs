use netsynth_data::Dataset;
use netsynth_graph::schema::SCHEMA;
use serde::Serialize;

/// With what a run was made.
#[derive(Debug, Serialize)]
pub(crate) struct Provenance {
    schema: u32,
    netsynth: &'static str,
    target: String,
    data_digest: String,
    n_images: usize,
    n_subjects: usize,
    n_skipped: usize,
}

impl Provenance {
    /// Of this program and these faces.
    pub(crate) fn new(dataset: &Dataset) -> Self {
        Self {
            schema: SCHEMA,
            netsynth: env!("CARGO_PKG_VERSION"),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            data_digest: dataset.digest.clone(),
            n_images: dataset.samples.len(),
            n_subjects: dataset.subjects.len(),
            n_skipped: dataset.skipped.len(),
        }
    }
}
