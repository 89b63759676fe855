//! Batch normalisation in training, alone or with the convolution before it, with activation.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::activation::Activation;
use crate::buffer::Buffer;
use crate::composition;
use crate::conv::{self, ConvOptions, Geometry, GradientRows, filled};
use crate::feature_map::{FeatureMap, Kind};
use crate::flex::{self, Operand, Operator, floats};
use crate::moments::{self, Moments};
use crate::parallel;
use crate::simd::{Kernel, LANES, Simd, launch};

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

/// The weight and bias of a convolution with the batch normalisation after it folded in, for evaluation.
///
/// # Shapes
/// - weight: `[outputs, inputs / groups, kernel, kernel]`; all others `[outputs]`
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

/// A normalisation with its statistics known: output = activation(scale x + shift).
#[derive(Clone, Debug)]
struct Normal {
    mean: Vec<f32>,
    variance: Vec<f32>,
    /// 1 / sqrt(variance + epsilon)
    inverse: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    activation: Activation,
    batch: usize,
    /// Floats of a plane of a block.
    plane: usize,
}

impl Normal {
    fn new(
        found: &[Moments],
        gamma: &[f32],
        beta: &[f32],
        epsilon: f32,
        activation: Activation,
        batch: usize,
        plane: usize,
    ) -> Self {
        let (mean, variance) = moments::combine(found);
        let inverse: Vec<f32> = variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect();
        let scale: Vec<f32> = gamma.iter().zip(&inverse).map(|(gamma, inverse)| gamma * inverse).collect();
        let shift =
            beta.iter().zip(&mean).zip(&scale).map(|((beta, mean), scale)| beta - mean * scale).collect();
        Self { mean, variance, inverse, scale, shift, activation, batch, plane }
    }

    fn channels(&self) -> usize {
        self.mean.len()
    }

    fn statistics(&self, autodiff: bool) -> (Tensor<1>, Tensor<1>) {
        let tensor = |values: &Vec<f32>| filled(values.clone()).into_tensor([values.len()]);
        (flex::untracked(tensor(&self.mean), autodiff), flex::untracked(tensor(&self.variance), autodiff))
    }

    /// The output.
    fn apply(&self, x: &[f32]) -> Buffer {
        let mut output = Buffer::stale(x.len());
        let block = self.channels() * self.plane;
        let jobs = x.chunks_exact(block).zip(output.chunks_exact_mut(block)).collect();
        parallel::each(jobs, |(x, output)| launch(Apply { normal: self, x, output }));
        output
    }

    /// The gradients of gamma and beta, and the factors of the gradient of x.
    fn reduce(&self, x: &[f32], gradient: &[f32]) -> Reduced {
        let block = self.channels() * self.plane;
        let jobs = x.chunks_exact(block).zip(gradient.chunks_exact(block)).collect();
        let found = parallel::each(jobs, |(x, gradient)| launch(Reduce { normal: self, x, gradient }));
        let count = self.batch as f64 * (self.plane / LANES) as f64;
        let mut reduced = Reduced::default();
        for channel in 0..self.channels() {
            let (sum, product) = found.iter().fold((0.0, 0.0), |(sum, product), block| {
                (sum + block[channel].0, product + block[channel].1)
            });
            let (inverse, scale) = (f64::from(self.inverse[channel]), f64::from(self.scale[channel]));
            reduced.gamma.push((product * inverse) as f32);
            reduced.beta.push(sum as f32);
            reduced.constant.push((-scale * sum / count) as f32);
            reduced.slope.push((-scale * inverse * inverse * product / count) as f32);
        }
        reduced
    }
}

/// The gradient of x is `scale g + slope (x - mean) + constant`, with g the gradient before the activation.
#[derive(Default)]
struct Reduced {
    gamma: Vec<f32>,
    beta: Vec<f32>,
    slope: Vec<f32>,
    constant: Vec<f32>,
}

struct MomentsOf<'a> {
    values: &'a [f32],
    plane: usize,
    moments: Moments,
}

impl Kernel for MomentsOf<'_> {
    type Output = Moments;

    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) -> Moments {
        for (channel, plane) in self.values.chunks_exact(self.plane).enumerate() {
            for piece in plane.chunks(64 * LANES) {
                // SAFETY: the caller's instruction set.
                unsafe { self.moments.add::<S>(channel, piece) };
            }
        }
        self.moments
    }
}

struct Apply<'a> {
    normal: &'a Normal,
    x: &'a [f32],
    output: &'a mut [f32],
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let normal = self.normal;
        let planes = self.x.chunks_exact(normal.plane).zip(self.output.chunks_exact_mut(normal.plane));
        for (channel, (x, output)) in planes.enumerate() {
            // SAFETY: every chunk is one vector long.
            unsafe {
                let (scale, shift) = (S::splat(normal.scale[channel]), S::splat(normal.shift[channel]));
                for (x, output) in x.chunks_exact(S::WIDTH).zip(output.chunks_exact_mut(S::WIDTH)) {
                    let y = S::mul_add(S::load(x.as_ptr()), scale, shift);
                    S::store(output.as_mut_ptr(), normal.activation.apply::<S>(y));
                }
            }
        }
    }
}

struct Reduce<'a> {
    normal: &'a Normal,
    x: &'a [f32],
    gradient: &'a [f32],
}

impl Kernel for Reduce<'_> {
    /// For every channel, the sum of g and of g (x - mean).
    type Output = Vec<(f64, f64)>;

    #[inline(always)]
    unsafe fn run<S: Simd>(self) -> Vec<(f64, f64)> {
        let normal = self.normal;
        let planes = self.x.chunks_exact(normal.plane).zip(self.gradient.chunks_exact(normal.plane));
        let mut totals = vec![(0.0, 0.0); normal.channels()];
        for (channel, (x, gradient)) in planes.enumerate() {
            let (total, total_product) = &mut totals[channel];
            for (x, gradient) in x.chunks(64 * LANES).zip(gradient.chunks(64 * LANES)) {
                // SAFETY: every chunk is one vector long.
                unsafe {
                    let (scale, shift) = (S::splat(normal.scale[channel]), S::splat(normal.shift[channel]));
                    let mean = S::splat(normal.mean[channel]);
                    let (mut sum, mut product) = (S::splat(0.0), S::splat(0.0));
                    for (x, gradient) in x.chunks_exact(S::WIDTH).zip(gradient.chunks_exact(S::WIDTH)) {
                        let x = S::load(x.as_ptr());
                        let gradient = S::load(gradient.as_ptr());
                        let gradient = normal.activation.backward::<S>(S::mul_add(x, scale, shift), gradient);
                        sum = S::add(sum, gradient);
                        product = S::mul_add(gradient, S::sub(x, mean), product);
                    }
                    *total += f64::from(S::sum(sum));
                    *total_product += f64::from(S::sum(product));
                }
            }
        }
        totals
    }
}

/// The gradient before the normalisation, a block of it, row by row.
struct NormRows<'a> {
    normal: &'a Normal,
    reduced: &'a Reduced,
    x: &'a [f32],
    gradient: &'a [f32],
    mask: [f32; LANES],
}

impl<'a> NormRows<'a> {
    fn of(normal: &'a Normal, reduced: &'a Reduced, x: &'a [f32], gradient: &'a [f32], block: usize) -> Self {
        let len = normal.channels() * normal.plane;
        Self {
            normal,
            reduced,
            x: &x[block * len..][..len],
            gradient: &gradient[block * len..][..len],
            mask: moments::lane_mask(normal.batch, block),
        }
    }
}

impl GradientRows for NormRows<'_> {
    #[inline(always)]
    unsafe fn write<S: Simd>(&self, channel: usize, row: usize, to: &mut [f32]) {
        let Self { normal, reduced, .. } = self;
        let at = channel * normal.plane + row * to.len();
        let (x, gradient) = (&self.x[at..][..to.len()], &self.gradient[at..][..to.len()]);
        // SAFETY: every pixel is LANES floats long, every mask too.
        unsafe {
            let (scale, shift) = (S::splat(normal.scale[channel]), S::splat(normal.shift[channel]));
            let mean = S::splat(normal.mean[channel]);
            let (slope, constant) = (S::splat(reduced.slope[channel]), S::splat(reduced.constant[channel]));
            for ((to, x), gradient) in
                to.chunks_exact_mut(LANES).zip(x.chunks_exact(LANES)).zip(gradient.chunks_exact(LANES))
            {
                for at in (0..LANES).step_by(S::WIDTH) {
                    let x = S::load(x.as_ptr().add(at));
                    let gradient = S::load(gradient.as_ptr().add(at));
                    let gradient = normal.activation.backward::<S>(S::mul_add(x, scale, shift), gradient);
                    let value = S::mul_add(slope, S::sub(x, mean), S::mul_add(scale, gradient, constant));
                    S::store(to.as_mut_ptr().add(at), S::mul(value, S::load(self.mask.as_ptr().add(at))));
                }
            }
        }
    }
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

struct WriteRows<'a> {
    rows: NormRows<'a>,
    output: &'a mut [f32],
}

impl Kernel for WriteRows<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        for (channel, plane) in self.output.chunks_exact_mut(self.rows.normal.plane).enumerate() {
            // SAFETY: the caller's instruction set; the plane is one row here.
            unsafe { self.rows.write::<S>(channel, 0, plane) };
        }
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
