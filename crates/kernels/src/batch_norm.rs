//! Batch normalisation in training, alone or with the convolution before it, with activation.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use netsynth_graph::Activation;

use crate::buffer::Buffer;
use crate::composition;
use crate::conv::{self, ConvOptions, Geometry, filled};
use crate::feature_map::{FeatureMap, Kind};
use crate::flex::{self, Operand, Operator, floats};
use crate::moments::{self, Moments};
use crate::normal::{MomentsOf, NormRows, Normal, WriteRows};
use crate::parallel;
use crate::simd::{LANES, launch};

/// What a batch normalisation in training gives back.
#[derive(Clone, Debug)]
pub struct BatchNormOutput {
    /// `[batch, channels, height, width]`
    pub output: FeatureMap,
    /// The batch's mean, without gradient: `[channels]`
    pub mean: Tensor<1>,
    /// The batch's biased variance, without gradient: `[channels]`
    pub variance: Tensor<1>,
}

/// Batch normalisation over images, rows and columns (Ioffe and Szegedy, arXiv 1502.03167), with activation.
///
/// # Shapes
/// - x and output: `[batch, channels, height, width]`
/// - gamma, beta: `[channels]`
pub fn batch_norm(
    x: impl Into<FeatureMap>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f32,
    activation: Activation,
) -> BatchNormOutput {
    match x.into().kind {
        Kind::Plain(x) => {
            let (output, mean, variance) = composition::batch_norm(x, gamma, beta, epsilon, activation);
            BatchNormOutput { output: FeatureMap { kind: Kind::Plain(output) }, mean, variance }
        }
        Kind::Blocked { blocks, batch } => {
            let [_, channels, height, width, _] = blocks.dims();
            let plane = height * width * LANES;
            let autodiff = blocks.is_autodiff() || gamma.is_autodiff();
            let (x, gamma, beta) = (Operand::open(blocks), Operand::open(gamma), Operand::open(beta));
            let jobs = x.as_slice().chunks_exact(channels * plane).enumerate().collect();
            let found = parallel::each(jobs, |(block, values)| {
                let moments = Moments::new(channels, moments::lane_mask(batch, block));
                launch(MomentsOf { values, plane, moments })
            });
            let normal =
                Normal::new(&found, gamma.as_slice(), beta.as_slice(), epsilon, activation, batch, plane);
            let shape = x.values.layout().shape().clone();
            let output = normal.apply(x.as_slice()).into_tensor(shape);
            let (mean, variance) = normal.statistics(autodiff);
            let saved = x.values.clone();
            let blocks = flex::record([x, gamma, beta], output, || NormBackward { normal, saved });
            BatchNormOutput { output: FeatureMap { kind: Kind::Blocked { blocks, batch } }, mean, variance }
        }
    }
}

/// A convolution without bias, then batch normalisation in training, then activation: one operator, which never
/// stores the gradient between the two.
///
/// # Shapes
/// As in [`crate::conv2d`] and [`batch_norm`].
pub fn conv_batch_norm(
    x: impl Into<FeatureMap>,
    weight: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    options: ConvOptions,
    epsilon: f32,
    activation: Activation,
) -> BatchNormOutput {
    match x.into().kind {
        kind @ Kind::Plain(_) => {
            let x = conv::conv2d(FeatureMap { kind }, weight, None, options, Activation::Linear);
            batch_norm(x, gamma, beta, epsilon, activation)
        }
        Kind::Blocked { blocks, batch } => {
            let [_, channels, height, width, _] = blocks.dims();
            let geometry = conv::geometry([batch, channels, height, width], &weight, options);
            let autodiff = blocks.is_autodiff() || weight.is_autodiff();
            let (x, weight) = (Operand::open(blocks), Operand::open(weight));
            let (gamma, beta) = (Operand::open(gamma), Operand::open(beta));
            let weights = conv::forward_weights(&geometry, weight.as_slice());
            let (between, found) =
                conv::forward(geometry, x.as_slice(), &weights, None, Activation::Linear, true);
            let plane = geometry.out_height() * geometry.out_width() * LANES;
            let normal =
                Normal::new(&found, gamma.as_slice(), beta.as_slice(), epsilon, activation, batch, plane);
            let shape = conv::output_shape(&geometry);
            let output = normal.apply(&between).into_tensor(shape);
            let (mean, variance) = normal.statistics(autodiff);
            let between = between.into_tensor(shape);
            let (input, kernel) = (x.values.clone(), weight.values.clone());
            let operator = || ConvNormBackward { geometry, input, kernel, between, normal };
            let blocks = flex::record([x, weight, gamma, beta], output, operator);
            BatchNormOutput { output: FeatureMap { kind: Kind::Blocked { blocks, batch } }, mean, variance }
        }
    }
}

/// A batch normalisation with known statistics, as a scale and a shift of each channel: `x scale + shift`.
///
/// # Shapes
/// All `[channels]`.
pub fn batch_norm_affine(
    gamma: Tensor<1>,
    beta: Tensor<1>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    epsilon: f32,
) -> (Tensor<1>, Tensor<1>) {
    let scale = gamma / (variance + epsilon).sqrt();
    let shift = beta - mean * scale.clone();
    (scale, shift)
}

/// The weight and bias of a convolution with an affine map of its output channels folded in, such as
/// [`batch_norm_affine`].
///
/// # Shapes
/// - weight: `[outputs, inputs / groups, kernel, kernel]`; all others `[outputs]`
pub fn fold_affine(
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    (scale, shift): (Tensor<1>, Tensor<1>),
) -> (Tensor<4>, Tensor<1>) {
    let [outputs, ..] = weight.dims();
    let bias = match bias {
        Some(bias) => bias * scale.clone() + shift,
        None => shift,
    };
    (weight * scale.reshape([outputs, 1, 1, 1]), bias)
}

#[derive(Clone, Debug)]
struct NormBackward {
    normal: Normal,
    saved: FlexTensor,
}

impl Operator<3> for NormBackward {
    fn backward(self, gradient: FlexTensor, [want_x, ..]: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let (normal, x, gradient) = (&self.normal, floats(&self.saved), floats(&gradient));
        let reduced = normal.reduce(x, gradient);
        let output = want_x.then(|| {
            let mut output = Buffer::stale(x.len());
            let block = normal.channels() * normal.plane;
            let jobs = output.chunks_exact_mut(block).enumerate().collect();
            parallel::each(jobs, |(block, output)| {
                launch(WriteRows { rows: NormRows::of(normal, &reduced, x, gradient, block), output })
            });
            output.into_tensor(self.saved.layout().shape().clone())
        });
        let channels = normal.channels();
        let vector = |values: Vec<f32>| Some(filled(values).into_tensor([channels]));
        [output, vector(reduced.gamma), vector(reduced.beta)]
    }
}

#[derive(Clone, Debug)]
struct ConvNormBackward {
    geometry: Geometry,
    input: FlexTensor,
    kernel: FlexTensor,
    /// The convolution's output.
    between: FlexTensor,
    normal: Normal,
}

impl Operator<4> for ConvNormBackward {
    fn backward(self, gradient: FlexTensor, [want_x, want_weight, ..]: [bool; 4]) -> [Option<FlexTensor>; 4] {
        let (normal, between, gradient) = (&self.normal, floats(&self.between), floats(&gradient));
        let reduced = normal.reduce(between, gradient);
        let rows = |block| NormRows::of(normal, &reduced, between, gradient, block);
        let (input, kernel) = (floats(&self.input), floats(&self.kernel));
        let [x, weight, _] = conv::backward(self.geometry, input, kernel, rows, [want_x, want_weight, false]);
        let channels = normal.channels();
        let vector = |values: Vec<f32>| Some(filled(values).into_tensor([channels]));
        [
            x.map(|x| x.into_tensor(self.input.layout().shape().clone())),
            weight.map(|weight| weight.into_tensor(self.kernel.layout().shape().clone())),
            vector(reduced.gamma),
            vector(reduced.beta),
        ]
    }
}
