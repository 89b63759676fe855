//! A model in one file: weights as safetensors, and in the header everything that is needed to use them.

use std::path::Path;

use netsynth_data::DataOptions;
use netsynth_files::Shown;
use netsynth_graph::schema::{self, SCHEMA};
use netsynth_graph::{ArchitectureSpec, Graph, Shape};
use netsynth_search::{Certificate, PersonScore};
use netsynth_store::{CONFIDENCE, sha256};
use netsynth_train::{Deployed, WeightsError};
use serde::{Deserialize, Serialize};

use crate::model::{DEVICE, MODELS};
use crate::{Model, Provenance, RunError, Usage};

/// The most bytes of a file that are read.
const MAX_BYTES: u64 = 1 << 30;

/// What stands before the checksum in the last line of the document.
const SEAL: &str = "// sha256 ";

const DAMAGED: &str = "restore it from a copy, or write it anew with `netsynth export MODEL --to netsynth`";

/// What a file says of its weights.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    schema: u32,
    name: String,
    architecture: ArchitectureSpec,
    usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provenance: Option<Provenance>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<HeldOut>,
}

/// What a network reached on people who chose nothing and taught it nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOut {
    /// The share of their images that was taken for what it is.
    pub accuracy: f64,
    /// The accuracy on people like these that is exceeded with the confidence.
    pub at_least: f64,
    /// That confidence.
    pub confidence: f64,
    /// How many people were judged.
    pub n_people: usize,
    /// How many images of them.
    pub n_images: u64,
}

impl HeldOut {
    /// From what a network made of each person; none of fewer than two.
    pub(crate) fn of(people: &[PersonScore]) -> Option<Self> {
        let Certificate { accuracy, at_least, n_people, n_images } = Certificate::of(people, CONFIDENCE)?;
        Some(Self { accuracy, at_least, confidence: CONFIDENCE, n_people, n_images })
    }
}

/// A model as the bytes of one file, from which [`model`](crate::model()) reads it again: architecture, weights, classes,
/// preparation of images, and as far as they are known provenance and certificate. The same model gives the same bytes.
pub fn pack(model: &Model) -> Result<Vec<u8>, RunError> {
    let Model { name, network, provenance, certificate, .. } = model;
    let usage = model.known_usage()?;
    // What says where a data set's labels are is of no image.
    let DataOptions { height, width, colour, crop, .. } = usage.options.clone();
    let options = DataOptions { height, width, colour, crop, ..DataOptions::default() };
    let document = schema::to_ron(&ModelFileRef {
        schema: SCHEMA,
        name,
        architecture: network.graph().spec(),
        usage: Usage { options, ..usage.clone() },
        provenance: provenance.as_ref(),
        certificate: *certificate,
    });
    sealed(network, &document)
}

/// A [`ModelFile`] of a model that stays where it is.
#[derive(Serialize)]
#[serde(rename = "ModelFile")]
struct ModelFileRef<'a> {
    schema: u32,
    name: &'a str,
    architecture: ArchitectureSpec,
    usage: Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<&'a Provenance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<HeldOut>,
}

/// The file of a network and a document, with the checksum of that file without it in the document's last line.
fn sealed(network: &Deployed, document: &str) -> Result<Vec<u8>, RunError> {
    let document = format!("{}\n", document.trim_end());
    let seal = sha256(netsynth_train::pack(network, &document)?);
    Ok(netsynth_train::pack(network, &format!("{document}{SEAL}{seal}"))?)
}

/// The model in a file that [`pack`] wrote.
pub(crate) fn unpacked(path: &Path) -> Result<Model, RunError> {
    let bytes =
        netsynth_files::read(path, MAX_BYTES).map_err(|cause| RunError::new(cause.to_string(), MODELS));
    bytes.and_then(|bytes| unpack(&bytes)).map_err(|error| error.within(&path.shown()))
}

/// The model in the bytes of a file that [`pack`] made. Refused with what is missing, does not fit together, or is damaged.
pub fn unpack(bytes: &[u8]) -> Result<Model, RunError> {
    let refuse = |reason: String| RunError::new(reason, DAMAGED);
    let (document, weights) = netsynth_train::unpack(bytes).map_err(|error| {
        let is_another_kind = matches!(error, WeightsError::Format(_));
        let error = RunError::from(error);
        if is_another_kind { error.with_remedy(MODELS) } else { error }
    })?;
    let in_header = |error| RunError::from(error).at("the model in its header");
    let file: ModelFile = schema::from_ron(&document).map_err(in_header)?;
    let ModelFile { name, architecture, usage, provenance, certificate, .. } = file;
    let graph = Graph::new(&architecture)?;
    usage.options.check()?;
    check_usage(&graph, &usage).map_err(refuse)?;
    let network = Deployed::new(&graph, weights, DEVICE)?;
    let unsealed = document.rsplit_once('\n').filter(|(_, last)| last.starts_with(SEAL));
    let Some((unsealed, _)) = unsealed else {
        return Err(refuse("its checksum is missing".to_owned()));
    };
    // The checksum is of all else, so a file that is not the same to the byte is another.
    if sealed(&network, unsealed)? != bytes {
        return Err(refuse("it is damaged: its checksum does not fit".to_owned()));
    }
    Ok(Model { name, network, usage: Some(usage), origin: None, provenance, certificate })
}

/// Whether a network and what is said of its use belong together; why not.
fn check_usage(graph: &Graph, usage: &Usage) -> Result<(), String> {
    let Usage { classes, options: DataOptions { height, width, colour, .. }, .. } = usage;
    if graph.classes() != classes.len() {
        return Err(format!(
            "its network tells {} classes apart, and it names {}",
            graph.classes(),
            classes.len()
        ));
    }
    let images = Shape { channels: colour.channels(), height: *height, width: *width };
    if graph.input() != images {
        return Err(format!("its network reads {}, and its images are {images}", graph.input()));
    }
    Ok(())
}
