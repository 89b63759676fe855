//! How the CPU is fast: fused training operators as a Burn backend extension.

use burn::tensor::module;
use burn::tensor::ops::ConvOptions as BurnConvOptions;
use burn::tensor::{Tensor, activation};

/// What an operator applies to its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    #[default]
    Linear,
    /// max(x, 0)
    Relu,
    /// min(max(x, 0), 6)
    Relu6,
    /// x / (1 + e^-x)
    Swish,
}

impl Activation {
    fn compose<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Linear => x,
            Self::Relu => activation::relu(x),
            Self::Relu6 => activation::relu(x).clamp_max(6.0),
            Self::Swish => activation::silu(x),
        }
    }
}

/// A batch of feature maps.
#[derive(Clone, Debug)]
pub struct FeatureMap(Tensor<4>);

impl FeatureMap {
    /// From `[batch, channels, height, width]`.
    pub fn from_tensor(tensor: Tensor<4>) -> Self {
        Self(tensor)
    }
    /// To `[batch, channels, height, width]`.
    pub fn into_tensor(self) -> Tensor<4> {
        self.0
    }
    /// `[batch, channels, height, width]`
    pub fn dims(&self) -> [usize; 4] {
        self.0.dims()
    }
}

impl From<Tensor<4>> for FeatureMap {
    fn from(tensor: Tensor<4>) -> Self {
        Self(tensor)
    }
}

/// Stride, padding and groups of a square convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvOptions {
    /// Step.
    pub stride: usize,
    /// Zeros on each side.
    pub padding: usize,
    /// Groups.
    pub groups: usize,
}

/// Convolution, bias, activation.
pub fn conv2d(
    x: impl Into<FeatureMap>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions,
    activation: Activation,
) -> FeatureMap {
    let ConvOptions { stride, padding, groups } = options;
    let options = BurnConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
    FeatureMap(activation.compose(module::conv2d(x.into().0, weight, bias, options)))
}

/// What a batch normalisation in training gives back.
#[derive(Clone, Debug)]
pub struct BatchNormOutput {
    /// Output.
    pub output: FeatureMap,
    /// Mean.
    pub mean: Tensor<1>,
    /// Biased variance.
    pub variance: Tensor<1>,
}

/// Batch normalisation in training.
pub fn batch_norm(
    x: impl Into<FeatureMap>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f32,
    activation: Activation,
) -> BatchNormOutput {
    let x = x.into().0;
    let [_, channels, _, _] = x.dims();
    let row = |values: Tensor<1>| values.reshape([1, channels, 1, 1]);
    let mean = x.clone().mean_dims(&[0, 2, 3]);
    let centred = x - mean.clone();
    let variance = centred.clone().square().mean_dims(&[0, 2, 3]);
    let normal = centred / (variance.clone() + epsilon).sqrt();
    let output = FeatureMap(activation.compose(normal * row(gamma) + row(beta)));
    BatchNormOutput {
        output,
        mean: mean.reshape([channels]).detach(),
        variance: variance.reshape([channels]).detach(),
    }
}

/// Convolution and batch normalisation in training.
pub fn conv_batch_norm(
    x: impl Into<FeatureMap>,
    weight: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    options: ConvOptions,
    epsilon: f32,
    activation: Activation,
) -> BatchNormOutput {
    batch_norm(conv2d(x, weight, None, options, Activation::Linear), gamma, beta, epsilon, activation)
}

/// Weight and bias with the batch normalisation folded in.
pub fn fold_batch_norm(
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    epsilon: f32,
) -> (Tensor<4>, Tensor<1>) {
    let [outputs, ..] = weight.dims();
    let scale = gamma / (variance + epsilon).sqrt();
    let centred = match bias {
        Some(bias) => bias - mean,
        None => mean.neg(),
    };
    (weight * scale.clone().reshape([outputs, 1, 1, 1]), centred * scale + beta)
}

/// Sum of feature maps, with activation.
#[expect(clippy::expect_used, reason = "a sum has inputs")]
pub fn sum(inputs: Vec<FeatureMap>, activation: Activation) -> FeatureMap {
    let total = inputs.into_iter().map(|map| map.0).reduce(|total, input| total + input);
    FeatureMap(activation.compose(total.expect("a sum has at least one input")))
}

/// Mean of every plane.
pub fn global_avg_pool(x: impl Into<FeatureMap>) -> Tensor<2> {
    let x = x.into().0;
    let [batch, channels, _, _] = x.dims();
    x.mean_dims(&[2, 3]).reshape([batch, channels])
}

/// Mean cross-entropy against target probabilities.
pub fn softmax_cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    (targets * activation::log_softmax(logits, 1)).sum() / -(batch as f32)
}
