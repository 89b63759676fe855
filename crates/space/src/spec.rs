use netsynth_graph::schema::{self, SchemaError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A search space as its file has it: a prototype, and rules for what varies around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchSpaceSpec {
    /// The file format's version.
    pub schema: u32,
    /// What people call the space.
    pub name: String,
    /// One sentence on what it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The architecture that it varies: a built-in name, or a path from the space's file.
    pub prototype: String,
    /// How far widths go; absent, they stay the prototype's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widths: Option<Widths>,
    /// Kernel sides to choose from for every convolution that is not 1x1; empty, they stay the prototype's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kernels: Vec<usize>,
    /// The fewest residual blocks a stage keeps; absent, it keeps all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_depth: Option<usize>,
    /// Which long-range links may be.
    #[serde(default)]
    pub links: Links,
}

/// Widths relative to the prototype's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Widths {
    /// The smallest width as a factor of the prototype's.
    pub least: f64,
    /// The largest width as a factor of the prototype's.
    pub most: f64,
    /// Channels between one choice and the next.
    #[serde(default = "one")]
    pub step: usize,
}

fn one() -> usize {
    1
}

/// Which long-range links are decisions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// Earlier node to later node at the same resolution, as one more summand or one fewer.
    #[serde(default)]
    pub summands: bool,
    /// Across resolutions, through a strided 1x1 convolution that can read several nodes.
    #[serde(default)]
    pub projections: bool,
}

impl SearchSpaceSpec {
    /// Reads a spec. [`SearchSpace::new`](crate::SearchSpace::new) checks whether it fits its prototype.
    pub fn from_ron(text: &str) -> Result<Self, SchemaError> {
        schema::from_ron(text)
    }
}
