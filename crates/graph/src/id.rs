use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Graph, Op};

/// What a network is, whatever its nodes are called and however its file lists them.
///
/// Two graphs share an id when they compute the same function space: same input, same operators, same wiring.
/// The order of a sum's terms means nothing; the order of a concatenation's inputs does.
///
/// Nodes are coloured by operator and image shape and refined by what they read and what reads them
/// (Weisfeiler and Leman 1968) until no colour splits; the id is a hash of the sorted colours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct ArchitectureId([u8; 8]);

type Colour = [u8; 32];

impl ArchitectureId {
    /// The id of a network that is known by a benchmark's key alone.
    pub fn of_key(key: &str) -> Self {
        Self::shortened(hash(b"key", [key.as_bytes()]))
    }

    /// The id of a graph.
    pub fn of(graph: &Graph) -> Self {
        let mut colours: Vec<Colour> = graph.nodes().map(|node| own_colour(&node.op)).collect();
        let image = hash(b"image", [graph.input().to_string().as_bytes()]);
        let readers: Vec<Vec<usize>> = (0..graph.len()).map(|number| graph.readers(number)).collect();
        let mut classes = distinct(&colours);
        loop {
            colours = (0..graph.len())
                .map(|number| refined(graph, number, &colours, &image, &readers[number]))
                .collect();
            let refined_classes = distinct(&colours);
            if refined_classes == classes {
                break;
            }
            classes = refined_classes;
        }
        colours.sort_unstable();
        Self::shortened(hash(b"graph", colours.iter().map(<[u8; 32]>::as_slice)))
    }

    fn shortened(digest: Colour) -> Self {
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        Self(id)
    }
}

/// The operator as schema 1 writes it, which no refactoring of ours may change.
fn own_colour(op: &Op) -> Colour {
    let text = crate::schema::to_ron_line(op);
    hash(b"op", [text.as_bytes()])
}

fn refined(graph: &Graph, number: usize, colours: &[Colour], image: &Colour, readers: &[usize]) -> Colour {
    let node = graph.node(number);
    let mut read: Vec<&[u8]> = node
        .inputs
        .iter()
        .map(|input| input.map_or(image.as_slice(), |source| colours[source].as_slice()))
        .collect();
    if node.op.is_symmetric() {
        read.sort_unstable();
    }
    let mut reading: Vec<&[u8]> = readers.iter().map(|&reader| colours[reader].as_slice()).collect();
    reading.sort_unstable();
    let inputs = hash(b"reads", read);
    let outputs = hash(b"read by", reading);
    hash(b"node", [colours[number].as_slice(), &inputs, &outputs])
}

fn hash<'a>(kind: &[u8], parts: impl IntoIterator<Item = &'a [u8]>) -> Colour {
    let mut hasher = Sha256::new();
    hasher.update(kind);
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn distinct(colours: &[Colour]) -> usize {
    let mut sorted = colours.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len()
}

impl fmt::Display for ArchitectureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for ArchitectureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArchitectureId({self})")
    }
}

/// The text is not sixteen hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no architecture id: sixteen hexadecimal digits are")]
pub struct NotAnId(String);

impl FromStr for ArchitectureId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let number = u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 16);
        number.map(|number| Self(number.to_be_bytes())).ok_or_else(|| NotAnId(text.to_owned()))
    }
}

impl TryFrom<String> for ArchitectureId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl From<ArchitectureId> for String {
    fn from(id: ArchitectureId) -> String {
        id.to_string()
    }
}
