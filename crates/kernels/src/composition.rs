//! The same operators as compositions of Burn's own: what runs on every device without a fused path, and the oracle
//! the fused ones are tested against.

use burn::tensor::module;
use burn::tensor::ops::ConvOptions as BurnConvOptions;
use burn::tensor::{Tensor, activation};
use netsynth_graph::Activation;

use crate::conv::ConvOptions;

/// A pointwise nonlinearity.
pub fn activate<const D: usize>(x: Tensor<D>, activation: Activation) -> Tensor<D> {
    match activation {
        Activation::Linear => x,
        Activation::Relu => activation::relu(x),
        Activation::Relu6 => activation::relu(x).clamp_max(6.0),
        Activation::Swish => activation::silu(x),
    }
}

/// A square convolution with activation; see [`crate::conv2d`].
pub fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions,
    activation: Activation,
) -> Tensor<4> {
    let ConvOptions { stride, padding, groups } = options;
    let options = BurnConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
    activate(module::conv2d(x, weight, bias, options), activation)
}

/// Batch normalisation in training; see [`crate::batch_norm`]. Gives the output, the mean and the biased variance.
pub fn batch_norm(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f32,
    activation: Activation,
) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    let [_, channels, _, _] = x.dims();
    let row = |values: Tensor<1>| values.reshape([1, channels, 1, 1]);
    let mean = x.clone().mean_dims(&[0, 2, 3]);
    let centred = x - mean.clone();
    let variance = centred.clone().square().mean_dims(&[0, 2, 3]);
    let normal = centred / (variance.clone() + epsilon).sqrt();
    let output = activate(normal * row(gamma) + row(beta), activation);
    (output, mean.reshape([channels]).detach(), variance.reshape([channels]).detach())
}

/// The sum of feature maps, with activation; see [`crate::sum`].
pub fn sum(inputs: Vec<Tensor<4>>, activation: Activation) -> Tensor<4> {
    let total = inputs.into_iter().reduce(|total, input| total + input);
    activate(total.expect("a sum has at least one input"), activation)
}

/// The mean of every plane; see [`crate::global_avg_pool`].
pub fn global_avg_pool(x: Tensor<4>) -> Tensor<2> {
    let [batch, channels, _, _] = x.dims();
    x.mean_dims(&[2, 3]).reshape([batch, channels])
}

/// The mean cross-entropy against target probabilities; see [`crate::softmax_cross_entropy`].
pub fn softmax_cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    (targets * activation::log_softmax(logits, 1)).sum() / -(batch as f32)
}
