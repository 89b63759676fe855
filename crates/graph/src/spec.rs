use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{self, SCHEMA, SchemaError};
use crate::{Op, Shape};

/// The name by which a spec's nodes refer to the input image.
pub const INPUT: &str = "input";

/// An architecture as its file has it: nodes wired by name, not checked yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchitectureSpec {
    /// The file format's version.
    pub schema: u32,
    /// What people call the network.
    pub name: String,
    /// One sentence on where it comes from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Shape of the image the network reads.
    pub input: Shape,
    /// The operators, in any order.
    pub nodes: Vec<NodeSpec>,
    /// Published figures of the network, to be compared with what is counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expectation>,
}

/// One operator and what it reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeSpec {
    /// The name that other nodes use.
    pub name: String,
    /// Names of the nodes it reads, or `input`.
    pub from: Vec<String>,
    /// The operator.
    pub op: Op,
}

/// A published number and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Where the numbers were published, or how they were found.
    pub source: String,
    /// Number of parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// Multiply-accumulates of one image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macs: Option<u64>,
    /// Accuracy as a share of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

impl ArchitectureSpec {
    /// A spec of this program's schema without published numbers.
    pub fn new(name: impl Into<String>, input: Shape, nodes: Vec<NodeSpec>) -> Self {
        Self { schema: SCHEMA, name: name.into(), about: String::new(), input, nodes, expect: Vec::new() }
    }

    /// Reads a spec. [`Graph::new`](crate::Graph::new) checks whether it is a valid network.
    pub fn from_ron(text: &str) -> Result<Self, SchemaError> {
        schema::from_ron(text)
    }

    /// Writes the spec as a file would hold it.
    pub fn to_ron(&self) -> String {
        schema::to_ron(self)
    }
}
