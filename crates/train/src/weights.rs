use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

use netsynth_files::{Shown, open};
use netsynth_graph::{ArchitectureId, Graph};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use crate::{Deployed, Device};

/// The numbers of a deployed network, by node and role: `x1.weight`, `x1.bias`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights(pub(crate) BTreeMap<String, Array>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// Why weights cannot be loaded.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum WeightsError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    #[diagnostic(help("check that the folder exists and can be written and read"))]
    File {
        /// The file.
        path: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is no safetensors file.
    #[error("it is no safetensors file: {0}")]
    #[diagnostic(help("give a weights.safetensors that netsynth wrote"))]
    Format(#[source] SafeTensorError),
    /// A file of weights without a document about them.
    #[error(
        "it holds weights and nothing else: its header has no entry `netsynth.model`, which says of what network, of which \
             classes and for what images"
    )]
    #[diagnostic(help(
        "give the folder that the weights are in, or a file that `netsynth export MODEL --to netsynth` wrote"
    ))]
    Alone,
    /// The file is larger than the network's weights can be.
    #[error(
        "it is no file of these weights: it has more than {limit} bytes, and the network {parameters} parameters"
    )]
    #[diagnostic(help("give a weights.safetensors that netsynth wrote for this architecture"))]
    TooLarge {
        /// The most bytes that are read.
        limit: u64,
        /// Parameters of the network.
        parameters: u64,
    },
    /// The file belongs to another network.
    #[error("it holds weights of the network {found}, and the architecture is {expected}")]
    #[diagnostic(help("give the architecture.ron that lies beside the weights"))]
    OtherNetwork {
        /// Id in the file.
        found: String,
        /// Id of the architecture.
        expected: String,
    },
    /// A tensor is missing or has another form.
    #[error("tensor `{name}` {reason}")]
    #[diagnostic(help("give a weights.safetensors that netsynth wrote for this architecture"))]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Weights {
    pub(crate) fn insert(&mut self, node: &str, role: &str, shape: Vec<usize>, values: Vec<f32>) {
        self.0.insert(format!("{node}.{role}"), Array { shape, values });
    }

    /// The numbers of this name and role, whatever they are; none if there are none.
    pub(crate) fn numbers(&self, name: &str, role: &str) -> Option<Vec<f32>> {
        self.0.get(&format!("{name}.{role}")).map(|array| array.values.clone())
    }

    /// The numbers of this node and role, which must have this shape, in row order.
    ///
    /// # Errors
    /// There are none, they have another shape, or one of them is not finite.
    pub fn get(&self, node: &str, role: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let name = format!("{node}.{role}");
        let refuse = |reason: String| WeightsError::Tensor { name: name.clone(), reason };
        let array = self.0.get(&name).ok_or_else(|| refuse("is missing".to_owned()))?;
        if array.shape != shape {
            return Err(refuse(format!("has shape {:?} and should have {shape:?}", array.shape)));
        }
        if array.values.iter().any(|value| !value.is_finite()) {
            return Err(refuse("holds a number that is not finite".to_owned()));
        }
        Ok(array.values.clone())
    }
}

/// The key of a file's header for the id of the network that the weights belong to.
const ID: &str = "netsynth.architecture";

/// Writes a network's weights as safetensors: 32-bit floats by node and role, the network's id in the header.
///
/// Returns the bytes; the caller writes them.
///
/// # Errors
/// The format cannot hold the weights.
pub fn save(network: &Deployed) -> Result<Vec<u8>, WeightsError> {
    labelled(network.weights(), ID, &ArchitectureId::of(network.graph()).to_string())
}

/// Weights as safetensors with one entry in the header.
pub(crate) fn labelled(weights: &Weights, key: &str, entry: &str) -> Result<Vec<u8>, WeightsError> {
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = weights
        .0
        .iter()
        .map(|(name, array)| {
            let bytes = array.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name.clone(), array.shape.clone(), bytes)
        })
        .collect();
    let views = bytes
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(WeightsError::Format)?;
    let header = HashMap::from([(key.to_owned(), entry.to_owned())]);
    serialize(views, Some(header)).map_err(WeightsError::Format)
}

/// The key of a file's header for a document that says what the weights belong to. It is the only one of such a file: more
/// would be in an order that depends on hashing.
const DOCUMENT: &str = "netsynth.model";

/// Writes a network's weights as safetensors with a document about them in the header.
///
/// Returns the bytes, the same for the same network and document; the caller writes them.
///
/// # Errors
/// The format cannot hold the weights.
pub fn pack(network: &Deployed, document: &str) -> Result<Vec<u8>, WeightsError> {
    labelled(network.weights(), DOCUMENT, document)
}

/// The document and the weights of a file that [`pack`] wrote.
///
/// # Errors
/// The bytes are no such file.
pub fn unpack(bytes: &[u8]) -> Result<(String, Weights), WeightsError> {
    labelled_with(bytes, DOCUMENT)
}

/// The entry of this key in a file's header, and the file's tensors.
pub(crate) fn labelled_with(bytes: &[u8], key: &str) -> Result<(String, Weights), WeightsError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(WeightsError::Format)?;
    let entry = header.metadata().as_ref().and_then(|entries| entries.get(key)).cloned();
    Ok((entry.ok_or(WeightsError::Alone)?, tensors(bytes)?))
}

/// What a file of weights may have beyond its numbers, in bytes.
const HEADER_ROOM: u64 = 16 << 20;

/// Reads a file of a network's weights: no more of it than the network could need.
///
/// # Errors
/// The file cannot be read, or holds no weights of this network.
pub fn load(path: &Path, graph: &Graph, device: Device) -> Result<Deployed, WeightsError> {
    let parameters = graph.cost().parameters;
    let limit = parameters.saturating_mul(8).saturating_add(HEADER_ROOM);
    let mut bytes = Vec::new();
    open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|source| WeightsError::File { path: path.shown(), source })?;
    if bytes.len() as u64 > limit {
        return Err(WeightsError::TooLarge { limit, parameters });
    }
    read(&bytes, graph, device)
}

/// Reads a network's weights, as [`save`] writes them.
///
/// # Errors
/// The bytes hold no weights of this network.
pub fn read(bytes: &[u8], graph: &Graph, device: Device) -> Result<Deployed, WeightsError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(WeightsError::Format)?;
    let expected = ArchitectureId::of(graph).to_string();
    let found = header.metadata().as_ref().and_then(|entries| entries.get(ID)).cloned().unwrap_or_default();
    if found != expected {
        return Err(WeightsError::OtherNetwork { found, expected });
    }
    Deployed::new(graph, tensors(bytes)?, device)
}

/// All tensors of a file, which must be 32-bit floats.
fn tensors(bytes: &[u8]) -> Result<Weights, WeightsError> {
    let tensors = SafeTensors::deserialize(bytes).map_err(WeightsError::Format)?;
    let mut weights = Weights::default();
    for (name, view) in tensors.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(WeightsError::Tensor {
                name: name.to_owned(),
                reason: format!("holds {:?} and should hold 32-bit floats", view.dtype()),
            });
        }
        let (words, _) = view.data().as_chunks::<4>();
        let values = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        weights.0.insert(name.to_owned(), Array { shape: view.shape().to_vec(), values });
    }
    Ok(weights)
}
