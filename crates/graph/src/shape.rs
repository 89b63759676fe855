use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The largest number of channels or units a node may have.
///
/// Far above any network this project is for, as is [`MAX_SIDE`]. With both limits a node's weights fit into 64 bits; its
/// multiply-accumulates may not, which [`Graph::new`](crate::Graph::new) refuses.
pub const MAX_CHANNELS: usize = 1 << 16;

/// The largest side of a plane, of a kernel and of a stride.
pub const MAX_SIDE: usize = 1 << 12;

/// The shape of one activation, without the batch: channels, rows, columns.
///
/// A vector, such as the output of a global pool, has one row and one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Number of channels, or of units in a vector.
    pub channels: usize,
    /// Number of rows.
    pub height: usize,
    /// Number of columns.
    pub width: usize,
}

impl Shape {
    /// A vector of `channels` numbers.
    pub const fn vector(channels: usize) -> Self {
        Self { channels, height: 1, width: 1 }
    }

    /// How many numbers an activation of this shape holds.
    pub const fn elements(&self) -> u64 {
        self.channels as u64 * self.height as u64 * self.width as u64
    }

    /// Whether two activations have the same rows and columns.
    pub const fn same_resolution(&self, other: &Self) -> bool {
        self.height == other.height && self.width == other.width
    }

    /// Why this shape cannot be an activation, if it cannot.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.elements() == 0 {
            return Some(format!("{self} holds no numbers"));
        }
        if self.channels > MAX_CHANNELS || self.height > MAX_SIDE || self.width > MAX_SIDE {
            return Some(format!(
                "{self} is beyond the limit of {MAX_CHANNELS} channels and {MAX_SIDE} rows and columns"
            ));
        }
        None
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}
