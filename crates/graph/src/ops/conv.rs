use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activation, Norm, Refusal};
use crate::shape::{MAX_CHANNELS, MAX_SIDE};
use crate::{NodeCost, Shape};

/// Two-dimensional convolution with a square kernel and "same" padding, then norm, then activation.
///
/// # Shapes
/// `c x h x w -> channels x ceil(h / stride) x ceil(w / stride)` for an odd kernel. The padding is
/// `(kernel - 1) / 2` on each side, so an even kernel without stride shrinks the plane by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conv {
    /// Output channels.
    pub channels: usize,
    /// Side of the square kernel.
    #[serde(default = "three")]
    pub kernel: usize,
    /// Step in rows and columns.
    #[serde(default = "one")]
    pub stride: usize,
    /// Groups of channels that share no weights; as many as input channels is a depthwise convolution.
    #[serde(default = "one")]
    pub groups: usize,
    /// One added number a channel. A batch norm has its own shift, so with one the bias is that shift.
    #[serde(default = "yes")]
    pub bias: bool,
    /// Normalisation of the output.
    #[serde(default)]
    pub norm: Norm,
    /// Nonlinearity after the norm.
    #[serde(default)]
    pub activation: Activation,
}

fn one() -> usize {
    1
}

fn three() -> usize {
    3
}

fn yes() -> bool {
    true
}

impl Conv {
    /// Rows and columns of zeros added on each side.
    pub fn padding(&self) -> usize {
        self.kernel.saturating_sub(1) / 2
    }

    /// Whether each of `n_inputs` input channels has one filter of its own, and no other filter reads it.
    pub fn is_depthwise(&self, n_inputs: usize) -> bool {
        self.groups > 1 && self.groups == self.channels && self.groups == n_inputs
    }

    /// How many weights the kernel holds, for inputs of `channels` channels.
    pub fn weights(&self, channels: usize) -> u64 {
        (self.channels * (channels / self.groups)) as u64 * (self.kernel * self.kernel) as u64
    }

    pub(super) fn infer(&self, input: Shape) -> Result<Shape, Refusal> {
        if self.channels == 0 || self.kernel == 0 || self.stride == 0 || self.groups == 0 {
            return Err(Refusal::new("channels, kernel, stride or groups is 0", "give each at least 1"));
        }
        if self.channels > MAX_CHANNELS || self.kernel > MAX_SIDE || self.stride > MAX_SIDE {
            return Err(Refusal::new(
                format!("channels {}, kernel {}, stride {}", self.channels, self.kernel, self.stride),
                format!("stay within {MAX_CHANNELS} channels and a kernel and stride of {MAX_SIDE}"),
            ));
        }
        if !input.channels.is_multiple_of(self.groups) || !self.channels.is_multiple_of(self.groups) {
            return Err(Refusal::new(
                format!(
                    "groups {} does not divide its {} input and {} output channels",
                    self.groups, input.channels, self.channels
                ),
                "choose groups that divide both, or 1",
            ));
        }
        window(input, self.kernel, self.stride, self.padding()).map(|(height, width)| Shape {
            channels: self.channels,
            height,
            width,
        })
    }

    pub(super) fn cost(&self, input: Shape, output: Shape) -> NodeCost {
        let weights = self.weights(input.channels);
        let channels = output.channels as u64;
        let (shift, trained) = match (self.norm, self.bias) {
            (Norm::Batch, _) => (channels, 2 * channels),
            (Norm::None, true) => (channels, channels),
            (Norm::None, false) => (0, 0),
        };
        NodeCost {
            parameters: weights + shift,
            trainable_parameters: weights + trained,
            macs: weights.saturating_mul((output.height * output.width) as u64),
        }
    }
}

/// Rows and columns that a sliding window leaves.
pub(super) fn window(
    input: Shape,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> Result<(usize, usize), Refusal> {
    let side = |length: usize| (length + 2 * padding).checked_sub(kernel).map(|room| room / stride + 1);
    match (side(input.height), side(input.width)) {
        (Some(height), Some(width)) => Ok((height, width)),
        _ => Err(Refusal::new(
            format!("a window of {kernel}x{kernel} does not fit into its {input} input"),
            "use a smaller kernel, or less stride before it",
        )),
    }
}
