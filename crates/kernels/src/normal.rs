//! The arithmetic of a batch normalisation with known statistics.

use burn::tensor::Tensor;
use netsynth_graph::Activation;

use crate::activation;
use crate::buffer::Buffer;
use crate::conv::{GradientRows, filled};
use crate::flex;
use crate::moments::{self, Moments};
use crate::parallel;
use crate::simd::{Kernel, LANES, Simd, launch};

/// A normalisation with its statistics known: output = activation(scale x + shift).
#[derive(Clone, Debug)]
pub(crate) struct Normal {
    mean: Vec<f32>,
    variance: Vec<f32>,
    /// 1 / sqrt(variance + epsilon)
    inverse: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    activation: Activation,
    batch: usize,
    /// Floats of a plane of a block.
    pub(crate) plane: usize,
}

impl Normal {
    pub(crate) fn new(
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

    pub(crate) fn channels(&self) -> usize {
        self.mean.len()
    }

    pub(crate) fn statistics(&self, autodiff: bool) -> (Tensor<1>, Tensor<1>) {
        let tensor = |values: &Vec<f32>| filled(values.clone()).into_tensor([values.len()]);
        (flex::untracked(tensor(&self.mean), autodiff), flex::untracked(tensor(&self.variance), autodiff))
    }

    /// The output.
    pub(crate) fn apply(&self, x: &[f32]) -> Buffer {
        let mut output = Buffer::stale(x.len());
        let block = self.channels() * self.plane;
        let jobs = x.chunks_exact(block).zip(output.chunks_exact_mut(block)).collect();
        parallel::each(jobs, |(x, output)| launch(Apply { normal: self, x, output }));
        output
    }

    /// The gradients of gamma and beta, and the factors of the gradient of x.
    pub(crate) fn reduce(&self, x: &[f32], gradient: &[f32]) -> Reduced {
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
pub(crate) struct Reduced {
    pub(crate) gamma: Vec<f32>,
    pub(crate) beta: Vec<f32>,
    pub(crate) slope: Vec<f32>,
    pub(crate) constant: Vec<f32>,
}

pub(crate) struct MomentsOf<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) plane: usize,
    pub(crate) moments: Moments,
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
                    S::store(output.as_mut_ptr(), activation::apply::<S>(normal.activation, y));
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
                        let gradient = activation::backward::<S>(
                            normal.activation,
                            S::mul_add(x, scale, shift),
                            gradient,
                        );
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
pub(crate) struct NormRows<'a> {
    normal: &'a Normal,
    reduced: &'a Reduced,
    x: &'a [f32],
    gradient: &'a [f32],
    mask: [f32; LANES],
}

impl<'a> NormRows<'a> {
    pub(crate) fn of(
        normal: &'a Normal,
        reduced: &'a Reduced,
        x: &'a [f32],
        gradient: &'a [f32],
        block: usize,
    ) -> Self {
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
                    let gradient =
                        activation::backward::<S>(normal.activation, S::mul_add(x, scale, shift), gradient);
                    let value = S::mul_add(slope, S::sub(x, mean), S::mul_add(scale, gradient, constant));
                    S::store(to.as_mut_ptr().add(at), S::mul(value, S::load(self.mask.as_ptr().add(at))));
                }
            }
        }
    }
}

pub(crate) struct WriteRows<'a> {
    pub(crate) rows: NormRows<'a>,
    pub(crate) output: &'a mut [f32],
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
