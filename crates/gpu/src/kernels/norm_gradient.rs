//! The gradient of batch normalisation and the ReLU after it, and that of a convolution's bias.

use cubecl::prelude::*;

use super::norm::{UNITS, cube_sum, horizontal, part_sum};

/// What reaches the norm's output, and the normalised value it belongs to.
#[cube]
fn through<N: Size>(
    z: Vector<f32, N>,
    gradient: Vector<f32, N>,
    mean: f32,
    inverse: f32,
    scale: f32,
    shift: f32,
    #[comptime] relu: bool,
) -> (Vector<f32, N>, Vector<f32, N>) {
    let normal = (z - Vector::new(mean)) * Vector::new(inverse);
    let mut reached = gradient;
    if relu {
        let value = fma(normal, Vector::new(scale), Vector::new(shift));
        #[unroll]
        for lane in 0..N::value() {
            reached.insert(lane, select(value.extract(lane) > 0.0f32, gradient.extract(lane), 0.0f32));
        }
    }
    (reached, normal)
}

/// # Shapes
/// - z, gradient: `[trainings * channels, length]` in vectors: the norm's input, and the gradient of the output
/// - partial: `[trainings * channels, parts, 2]`: sums of the gradient, and of it times the normalised input
#[cube(launch_unchecked)]
pub(crate) fn gradient_sums<N: Size>(
    z: &[Vector<f32, N>],
    gradient: &[Vector<f32, N>],
    statistics: &[f32],
    parameters: &[f32],
    partial: &mut [f32],
    length: usize,
    parts: usize,
    n_parameters: usize,
    scale_at: usize,
    shift_at: usize,
    #[comptime] channels: usize,
    #[comptime] relu: bool,
) {
    let channel = CUBE_POS_Y as usize;
    let part = CUBE_POS_X as usize;
    let training = channel / channels;
    let own = channel % channels;
    let mean = statistics[channel * 2];
    let inverse = statistics[channel * 2 + 1];
    let scale = parameters[training * n_parameters + scale_at + own];
    let shift = parameters[training * n_parameters + shift_at + own];
    let share = (length + parts - 1) / parts;
    let mut end = part * share + share;
    if end > length {
        end = length;
    }
    let mut sum = Vector::<f32, N>::new(0.0f32);
    let mut product = Vector::<f32, N>::new(0.0f32);
    let mut at = part * share + UNIT_POS as usize;
    while at < end {
        let index = channel * length + at;
        let (reached, normal) = through::<N>(z[index], gradient[index], mean, inverse, scale, shift, relu);
        sum += reached;
        product = fma(reached, normal, product);
        at += UNITS;
    }
    let (sum, product) = cube_sum(horizontal::<N>(sum), horizontal::<N>(product));
    if UNIT_POS == 0 {
        partial[(channel * parts + part) * 2] = sum;
        partial[(channel * parts + part) * 2 + 1] = product;
    }
}

/// # Shapes
/// - z, gradient, z_gradient: `[trainings * channels, length]` in vectors
/// - partial: as [`gradient_sums`] leaves it
/// - gradients: part 0 of `[parts, trainings, n_parameters]`, whose scale and shift are written
#[cube(launch_unchecked)]
pub(crate) fn input_gradient<N: Size>(
    z: &[Vector<f32, N>],
    gradient: &[Vector<f32, N>],
    statistics: &[f32],
    partial: &[f32],
    parameters: &[f32],
    z_gradient: &mut [Vector<f32, N>],
    gradients: &mut [f32],
    length: usize,
    parts: usize,
    n_parameters: usize,
    scale_at: usize,
    shift_at: usize,
    #[comptime] channels: usize,
    #[comptime] relu: bool,
) {
    let channel = CUBE_POS_Y as usize;
    let training = channel / channels;
    let own = channel % channels;
    let mean = statistics[channel * 2];
    let inverse = statistics[channel * 2 + 1];
    let scale_index = training * n_parameters + scale_at + own;
    let shift_index = training * n_parameters + shift_at + own;
    let scale = parameters[scale_index];
    let shift = parameters[shift_index];
    let (sum, product) = part_sum(partial, channel, parts);
    if CUBE_POS_X == 0 && UNIT_POS == 0 {
        gradients[scale_index] = product;
        gradients[shift_index] = sum;
    }
    let count = (length * N::value()) as f32;
    let factor = Vector::<f32, N>::new(scale * inverse);
    let sum = Vector::<f32, N>::new(sum / count);
    let product = Vector::<f32, N>::new(product / count);
    let mut at = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    let step = CUBE_COUNT_X as usize * UNITS;
    while at < length {
        let index = channel * length + at;
        let (reached, normal) = through::<N>(z[index], gradient[index], mean, inverse, scale, shift, relu);
        z_gradient[index] = factor * (reached - sum - normal * product);
        at += step;
    }
}

/// The gradient of a convolution's bias: sums over a channel.
///
/// # Shapes
/// - gradient: `[trainings * channels, length]` in vectors
/// - gradients: part 0 of `[parts, trainings, n_parameters]`
#[cube(launch_unchecked)]
pub(crate) fn bias_gradient<N: Size>(
    gradient: &[Vector<f32, N>],
    gradients: &mut [f32],
    length: usize,
    n_parameters: usize,
    bias_at: usize,
    #[comptime] channels: usize,
) {
    let channel = CUBE_POS_Y as usize;
    let mut sum = Vector::<f32, N>::new(0.0f32);
    let mut at = UNIT_POS as usize;
    while at < length {
        sum += gradient[channel * length + at];
        at += UNITS;
    }
    let (sum, _) = cube_sum(horizontal::<N>(sum), 0.0f32);
    if UNIT_POS == 0 {
        gradients[channel / channels * n_parameters + bias_at + channel % channels] = sum;
    }
}
