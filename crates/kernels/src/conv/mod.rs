//! Convolution: forward, weight gradient and input gradient.

mod backward;
mod correlate;
mod forward;
mod geometry;
mod gradient_window;
mod image;
mod image_winograd;
pub(crate) mod options;
mod prepared;
mod weight_gradient;
mod winograd;
mod winograd_gradient;
mod winograd_weights;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use backward::BackwardBlock;
use correlate::Packed;
use forward::ForwardBlock;
pub(crate) use geometry::Geometry;
pub(crate) use gradient_window::GradientRows;
use image::ForwardImage;
use netsynth_graph::Activation;
pub use options::ConvOptions;
pub use prepared::PreparedConv;

use crate::activation;
use crate::buffer::Buffer;
use crate::composition;
use crate::feature_map::{FeatureMap, Kind};
use crate::flex::{self, Operand, Operator, floats};
use crate::moments::Moments;
use crate::parallel;
use crate::simd::{LANES, Simd, launch};

/// A square convolution, any kernel size, with activation.
///
/// # Shapes
/// - x: `[batch, inputs, height, width]`
/// - weight: `[outputs, inputs / groups, kernel, kernel]`
/// - bias: `[outputs]`
/// - output: `[batch, outputs, (height + 2 padding - kernel) / stride + 1, likewise]`
pub fn conv2d(
    x: impl Into<FeatureMap>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions,
    activation: Activation,
) -> FeatureMap {
    match x.into().kind {
        Kind::Plain(x) if flex::covered(&x) && !x.is_autodiff() && !weight.is_autodiff() => {
            let geometry = geometry(x.dims(), &weight, options);
            let (weight, bias) = (Operand::open(weight), bias.map(Operand::open));
            let weights = if geometry.is_winograd_image() { forward_weights } else { direct_weights };
            let weights = weights(&geometry, weight.as_slice());
            let bias = bias.as_ref().map(Operand::as_slice);
            FeatureMap { kind: Kind::Plain(images(geometry, x, &weights, bias, activation)) }
        }
        Kind::Plain(x) => {
            FeatureMap { kind: Kind::Plain(composition::conv2d(x, weight, bias, options, activation)) }
        }
        Kind::Blocked { blocks, batch } => {
            let [_, channels, height, width, _] = blocks.dims();
            let geometry = geometry([batch, channels, height, width], &weight, options);
            let (x, weight) = (Operand::open(blocks), Operand::open(weight));
            let bias = bias.map(Operand::open);
            let shape = output_shape(&geometry);
            // The derivative of a swish needs its input, that of the others can do with their output.
            let (fused, later) = match activation {
                Activation::Swish => (Activation::Linear, Some(activation)),
                activation => (activation, None),
            };
            let weights = forward_weights(&geometry, weight.as_slice());
            let (output, _) =
                forward(geometry, x.as_slice(), &weights, bias.as_ref().map(Operand::as_slice), fused, false);
            let mut output = output.into_tensor(shape);
            let before = output.clone();
            if let Some(later) = later {
                output = crate::elementwise::activate(floats(&before), later).into_tensor(shape);
            }
            let saved = (activation != Activation::Linear).then_some(before);
            let (input, kernel) = (x.values.clone(), weight.values.clone());
            let operator = || ConvBackward { geometry, input, kernel, activation, saved };
            let blocks = match bias {
                None => flex::record([x, weight], output, operator),
                Some(bias) => flex::record([x, weight, bias], output, operator),
            };
            FeatureMap { kind: Kind::Blocked { blocks, batch } }
        }
    }
}

/// A few images one by one, outside training.
fn images(
    geometry: Geometry,
    x: Tensor<4>,
    weights: &Weights,
    bias: Option<&[f32]>,
    activation: Activation,
) -> Tensor<4> {
    let Geometry { batch, groups, inputs, outputs, .. } = geometry;
    let x = Operand::open(x);
    let shape = [batch, groups * outputs, geometry.out_height(), geometry.out_width()];
    let mut output = Buffer::stale(shape.iter().product());
    let input_image = groups * inputs * geometry.height * geometry.width;
    let output_image = shape[1..].iter().product();
    let jobs = x.as_slice().chunks_exact(input_image).zip(output.chunks_exact_mut(output_image)).collect();
    parallel::each(jobs, |(input, output)| {
        launch(ForwardImage { geometry, input, weights, bias, activation, output });
    });
    flex::untracked(output.into_tensor(shape), false)
}

/// The geometry of a convolution, checked.
pub(crate) fn geometry(
    [batch, channels, height, width]: [usize; 4],
    weight: &Tensor<4>,
    options: ConvOptions,
) -> Geometry {
    let [outputs, inputs, kernel, columns] = weight.dims();
    let ConvOptions { stride, padding, groups } = options;
    assert_eq!(kernel, columns, "the kernel must be square");
    assert_eq!(channels, inputs * groups, "the weight must fit the input's channels");
    assert!(outputs % groups == 0 && stride > 0, "groups must divide the outputs");
    assert!(padding < kernel && kernel <= height.min(width) + 2 * padding, "the kernel must fit the input");
    Geometry { batch, groups, inputs, outputs: outputs / groups, height, width, kernel, stride, padding }
}

/// The shape of the blocked output.
pub(crate) fn output_shape(geometry: &Geometry) -> [usize; 5] {
    let channels = geometry.groups * geometry.outputs;
    [geometry.blocks(), channels, geometry.out_height(), geometry.out_width(), LANES]
}

/// The convolution of every block, with the moments of each block's output if asked for.
pub(crate) fn forward(
    geometry: Geometry,
    input: &[f32],
    weights: &Weights,
    bias: Option<&[f32]>,
    activation: Activation,
    moments: bool,
) -> (Buffer, Vec<Moments>) {
    let Geometry { groups, outputs, .. } = geometry;
    let mut output = Buffer::stale(geometry.blocks() * geometry.output_block());
    let jobs =
        input.chunks_exact(geometry.input_block()).zip(output.chunks_exact_mut(geometry.output_block()));
    let jobs = jobs.enumerate().collect();
    let found = parallel::each(jobs, |(block, (input, output))| {
        let mask = crate::moments::lane_mask(geometry.batch, block);
        let moments = moments.then(|| Moments::new(groups * outputs, mask));
        launch(ForwardBlock { geometry, input, weights, bias, activation, output, moments })
    });
    (output, found.into_iter().flatten().collect())
}

/// The gradients of every block: of the input, the weight and the bias, as far as wanted.
pub(crate) fn backward<G: GradientRows + Send>(
    geometry: Geometry,
    input: &[f32],
    weight: &[f32],
    gradient: impl Fn(usize) -> G + Sync,
    [want_input, want_weight, want_bias]: [bool; 3],
) -> [Option<Buffer>; 3] {
    let Geometry { outputs, inputs, .. } = geometry;
    let taps = geometry.taps();
    let packed = want_input.then(|| {
        // Winograd's strips take the gradient for an input, so their kernel is the mirror image.
        let winograd = geometry.is_winograd();
        Weights::new(&geometry, inputs, outputs, |group, input, output, tap| {
            let tap = if winograd { taps - 1 - tap } else { tap };
            weight[((group * outputs + output) * inputs + input) * taps + tap]
        })
    });
    let mut input_gradient = want_input.then(|| Buffer::stale(geometry.blocks() * geometry.input_block()));
    let mut input_blocks =
        input_gradient.as_mut().map(|buffer| buffer.chunks_exact_mut(geometry.input_block()));
    let jobs = input.chunks_exact(geometry.input_block()).enumerate();
    let jobs =
        jobs.map(|(block, input)| (block, input, input_blocks.as_mut().and_then(Iterator::next))).collect();
    let found = parallel::each(jobs, |(block, input, input_gradient)| {
        launch(BackwardBlock {
            geometry,
            gradient: gradient(block),
            input,
            want_weight,
            want_bias,
            input_gradient: packed.as_ref().zip(input_gradient),
        })
    });
    let (weights, biases): (Vec<_>, Vec<_>) =
        found.into_iter().map(|found| (found.weight, found.bias)).unzip();
    [input_gradient, parallel::total(weights).map(filled), parallel::total(biases).map(filled)]
}

/// The weights as the forward pass or the input gradient reads them.
#[derive(Debug)]
pub(crate) enum Weights {
    /// For the taps of the kernel.
    Direct(Packed),
    /// For the frequencies of a tile of Winograd's method.
    Winograd(Packed),
}

/// The weights as the forward pass reads them.
pub(crate) fn forward_weights(geometry: &Geometry, weight: &[f32]) -> Weights {
    Weights::new(geometry, geometry.outputs, geometry.inputs, by_output(geometry, weight))
}

/// The same without Winograd's method.
fn direct_weights(geometry: &Geometry, weight: &[f32]) -> Weights {
    Weights::direct(geometry, geometry.outputs, geometry.inputs, by_output(geometry, weight))
}

/// The weight of a group, an output, an input and a tap.
fn by_output(geometry: &Geometry, weight: &[f32]) -> impl Fn(usize, usize, usize, usize) -> f32 {
    let Geometry { outputs, inputs, .. } = *geometry;
    let taps = geometry.taps();
    move |group, output, input, tap| weight[((group * outputs + output) * inputs + input) * taps + tap]
}

impl Weights {
    fn new(
        geometry: &Geometry,
        outputs: usize,
        inputs: usize,
        weight: impl Fn(usize, usize, usize, usize) -> f32,
    ) -> Self {
        if geometry.is_winograd() {
            let weight = |output, input, tap| weight(0, output, input, tap);
            Self::Winograd(winograd_weights::at_frequencies(outputs, inputs, weight))
        } else {
            Self::direct(geometry, outputs, inputs, weight)
        }
    }

    fn direct(
        geometry: &Geometry,
        outputs: usize,
        inputs: usize,
        weight: impl Fn(usize, usize, usize, usize) -> f32,
    ) -> Self {
        Self::Direct(Packed::new(geometry.groups, outputs, inputs, geometry.taps(), weight))
    }
}

/// A buffer with these values.
pub(crate) fn filled(values: Vec<f32>) -> Buffer {
    let mut buffer = Buffer::stale(values.len());
    buffer.copy_from_slice(&values);
    buffer
}

#[derive(Clone, Debug)]
struct ConvBackward {
    geometry: Geometry,
    input: FlexTensor,
    kernel: FlexTensor,
    activation: Activation,
    /// The activation's output, or its input for a swish.
    saved: Option<FlexTensor>,
}

impl ConvBackward {
    fn gradients(&self, gradient: &FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let geometry = self.geometry;
        let block = geometry.output_block();
        let gradient = floats(gradient);
        let saved = self.saved.as_ref().map_or(gradient, floats);
        let plane = geometry.out_height() * geometry.out_width() * LANES;
        let rows = |index: usize| ActivatedRows {
            gradient: &gradient[index * block..][..block],
            saved: &saved[index * block..][..block],
            activation: self.activation,
            plane,
        };
        let [input, weight, bias] =
            backward(geometry, floats(&self.input), floats(&self.kernel), rows, wanted);
        let Geometry { groups, outputs, inputs, kernel, .. } = geometry;
        [
            input.map(|input| input.into_tensor(self.input.layout().shape().clone())),
            weight.map(|weight| weight.into_tensor([groups * outputs, inputs, kernel, kernel])),
            bias.map(|bias| bias.into_tensor([groups * outputs])),
        ]
    }
}

impl Operator<2> for ConvBackward {
    fn backward(self, gradient: FlexTensor, [x, weight]: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let [x, weight, _] = self.gradients(&gradient, [x, weight, false]);
        [x, weight]
    }
}

impl Operator<3> for ConvBackward {
    fn backward(self, gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        self.gradients(&gradient, wanted)
    }
}

/// The gradient before the activation.
struct ActivatedRows<'a> {
    gradient: &'a [f32],
    saved: &'a [f32],
    activation: Activation,
    plane: usize,
}

impl GradientRows for ActivatedRows<'_> {
    #[inline(always)]
    unsafe fn write<S: Simd>(&self, channel: usize, row: usize, to: &mut [f32]) {
        let at = channel * self.plane + row * to.len();
        let (gradient, saved) = (&self.gradient[at..][..to.len()], &self.saved[at..][..to.len()]);
        if self.activation == Activation::Linear {
            to.copy_from_slice(gradient);
            return;
        }
        for ((to, gradient), saved) in to
            .chunks_exact_mut(S::WIDTH)
            .zip(gradient.chunks_exact(S::WIDTH))
            .zip(saved.chunks_exact(S::WIDTH))
        {
            // SAFETY: every chunk is one vector long.
            unsafe {
                let gradient = S::load(gradient.as_ptr());
                let gradient = activation::backward::<S>(self.activation, S::load(saved.as_ptr()), gradient);
                S::store(to.as_mut_ptr(), gradient);
            }
        }
    }
}
