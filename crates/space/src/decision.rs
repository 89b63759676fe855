use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One named choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What is decided, such as `channels stem` or `s2.b1.project <- stem`.
    pub name: String,
    /// What kind of choice it is.
    pub kind: Kind,
    /// The nodes it is about: those of which it sets width, kernel or presence, or a link's reader and source.
    pub nodes: Vec<String>,
    /// What there is to choose from.
    pub domain: Domain,
    /// The number of the choice that the prototype made.
    pub prototype: usize,
}

/// Kinds of choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// Output channels of a convolution and of all that sums tie to it.
    Channels,
    /// Side of a kernel.
    Kernel,
    /// Residual blocks of a stage.
    Depth,
    /// Whether a node reads another at its own resolution.
    Link,
    /// Whether a 1x1 projection between resolutions reads a node, or is read by one.
    Projection,
    /// One of several alternatives that a benchmark numbers.
    Alternative,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Channels => "channels",
            Kind::Kernel => "kernel",
            Kind::Depth => "depth",
            Kind::Link => "link",
            Kind::Projection => "projection",
            Kind::Alternative => "alternative",
        })
    }
}

/// What a decision chooses from. Choices are numbered from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    /// Rising numbers, where near means alike.
    Ordinal(Vec<usize>),
    /// Choice 0 is no, choice 1 is yes.
    Switch,
    /// So many alternatives, of which none is nearer to another than the rest.
    Alternatives(usize),
}

impl Domain {
    /// How many choices there are.
    pub fn choices(&self) -> usize {
        match self {
            Domain::Ordinal(values) => values.len(),
            Domain::Switch => 2,
            Domain::Alternatives(count) => *count,
        }
    }

    /// The value that a choice stands for: a number, 0 and 1 for no and yes, or the alternative's number.
    pub fn value(&self, choice: usize) -> usize {
        match self {
            Domain::Ordinal(values) => values[choice],
            Domain::Switch | Domain::Alternatives(_) => choice,
        }
    }

    /// The choice that stands for a value.
    pub fn choice(&self, value: usize) -> Option<usize> {
        match self {
            Domain::Ordinal(values) => values.iter().position(|&known| known == value),
            Domain::Switch | Domain::Alternatives(_) => (value < self.choices()).then_some(value),
        }
    }
}
