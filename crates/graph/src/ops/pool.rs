use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Refusal;
use super::conv::window;
use crate::Shape;
use crate::shape::MAX_SIDE;

/// A sliding window over each channel, reduced to its maximum or its mean.
///
/// # Shapes
/// `c x h x w -> c x ((h + 2p - kernel) / stride + 1) x ...` with `p = (kernel - 1) / 2`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Side of the square window.
    pub kernel: usize,
    /// Step in rows and columns.
    pub stride: usize,
}

impl Pool {
    /// Rows and columns added on each side: minus infinity for a maximum, uncounted for a mean.
    pub fn padding(&self) -> usize {
        self.kernel.saturating_sub(1) / 2
    }

    pub(super) fn infer(&self, input: Shape) -> Result<Shape, Refusal> {
        if self.kernel == 0 || self.stride == 0 || self.kernel > MAX_SIDE || self.stride > MAX_SIDE {
            return Err(Refusal::new(
                format!("kernel {} and stride {}", self.kernel, self.stride),
                format!("give each between 1 and {MAX_SIDE}"),
            ));
        }
        window(input, self.kernel, self.stride, self.padding()).map(|(height, width)| Shape {
            channels: input.channels,
            height,
            width,
        })
    }
}

/// Mean of each channel's plane.
///
/// # Shapes
/// `c x h x w -> c x 1 x 1`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobalAvgPool {}
