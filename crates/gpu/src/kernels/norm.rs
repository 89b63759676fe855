//! Batch normalisation with the batch's statistics, then ReLU where there is one. Its gradient is in `norm_gradient`.
//!
//! Each is two launches: parts of a channel's sums, then the parts added (by every cube of the channel, in one order)
//! and applied. Sums of squares are taken around the channel's first value, so that a large mean costs no digits.

use cubecl::prelude::*;

/// Units of a cube.
pub(crate) const UNITS: usize = 256;
/// Numbers of the schedule a step: rate, root, decay and the average's decay.
pub(crate) const SCHEDULE: usize = 4;
/// Running statistics a channel: mean, variance, and the averages of both.
pub(crate) const RUNNING: usize = 4;

/// The sum of two numbers over the units of a cube, in an order that only depends on their number.
#[cube]
pub(super) fn cube_sum(a: f32, b: f32) -> (f32, f32) {
    let unit = UNIT_POS as usize;
    let mut shared = Shared::<[f32]>::new_slice(comptime!(2 * UNITS));
    shared[unit] = a;
    shared[unit + UNITS] = b;
    sync_cube();
    #[unroll]
    for step in 0..8 {
        let half = comptime!(UNITS >> (step + 1));
        if unit < half {
            shared[unit] = shared[unit] + shared[unit + half];
            shared[unit + UNITS] = shared[unit + UNITS] + shared[unit + comptime!(half + UNITS)];
        }
        sync_cube();
    }
    (shared[0], shared[comptime!(UNITS)])
}

/// The sums of a channel's parts.
#[cube]
pub(super) fn part_sum(partial: &[f32], channel: usize, parts: usize) -> (f32, f32) {
    let mut a = 0.0f32;
    let mut b = 0.0f32;
    for part in 0..parts {
        a += partial[(channel * parts + part) * 2];
        b += partial[(channel * parts + part) * 2 + 1];
    }
    (a, b)
}

#[cube]
pub(super) fn horizontal<N: Size>(values: Vector<f32, N>) -> f32 {
    let mut sum = 0.0f32;
    #[unroll]
    for lane in 0..N::value() {
        sum += values.extract(lane);
    }
    sum
}

/// # Shapes
/// - z: `[trainings * channels, length]` in vectors; `length` counts vectors
/// - partial: `[trainings * channels, parts, 2]`: the sum and the sum of squares of `z - first`
#[cube(launch_unchecked)]
pub(crate) fn moments<N: Size>(z: &[Vector<f32, N>], partial: &mut [f32], length: usize, parts: usize) {
    let channel = CUBE_POS_Y as usize;
    let part = CUBE_POS_X as usize;
    let share = (length + parts - 1) / parts;
    let mut end = part * share + share;
    if end > length {
        end = length;
    }
    let first = Vector::<f32, N>::new(z[channel * length].extract(0usize));
    let mut sum = Vector::<f32, N>::new(0.0f32);
    let mut squares = Vector::<f32, N>::new(0.0f32);
    let mut at = part * share + UNIT_POS as usize;
    while at < end {
        let value = z[channel * length + at] - first;
        sum += value;
        squares = fma(value, value, squares);
        at += UNITS;
    }
    let (sum, squares) = cube_sum(horizontal::<N>(sum), horizontal::<N>(squares));
    if UNIT_POS == 0 {
        partial[(channel * parts + part) * 2] = sum;
        partial[(channel * parts + part) * 2 + 1] = squares;
    }
}

/// # Shapes
/// - z, y: `[trainings * channels, length]` in vectors of `width` numbers; `length` counts vectors
/// - partial: as [`moments`] leaves it
/// - statistics: `[trainings * channels, 2]`: mean and the inverse of the standard deviation
/// - running: `[trainings, n_running, RUNNING]`, with this norm's channels at `running_at`
/// - schedule: `[steps, SCHEDULE]`, of which `cursor[1]` is the current one
#[cube(launch_unchecked)]
pub(crate) fn normalise<N: Size>(
    z: &[Vector<f32, N>],
    partial: &[f32],
    parameters: &[f32],
    schedule: &[f32],
    cursor: &[u32],
    y: &mut [Vector<f32, N>],
    statistics: &mut [f32],
    running: &mut [f32],
    length: usize,
    parts: usize,
    n_parameters: usize,
    scale_at: usize,
    shift_at: usize,
    n_running: usize,
    running_at: usize,
    epsilon: f32,
    momentum: f32,
    #[comptime] channels: usize,
    #[comptime] relu: bool,
) {
    let channel = CUBE_POS_Y as usize;
    let training = channel / channels;
    let own = channel % channels;
    let count = (length * N::value()) as f32;
    let first = z[channel * length].extract(0usize);
    let (sum, squares) = part_sum(partial, channel, parts);
    let offset = sum / count;
    let mean = first + offset;
    let variance = max(squares / count - offset * offset, 0.0f32);
    let inverse = 1.0f32 / (variance + epsilon).sqrt();
    let scale = parameters[training * n_parameters + scale_at + own];
    let shift = parameters[training * n_parameters + shift_at + own];

    if CUBE_POS_X == 0 && UNIT_POS == 0 {
        statistics[channel * 2] = mean;
        statistics[channel * 2 + 1] = inverse;
        let at = (training * n_running + running_at + own) * RUNNING;
        let kept = schedule[cursor[1] as usize * SCHEDULE + 3];
        let running_mean = running[at] + momentum * (mean - running[at]);
        let running_variance = running[at + 1] + momentum * (variance - running[at + 1]);
        running[at] = running_mean;
        running[at + 1] = running_variance;
        running[at + 2] = running[at + 2] + (1.0f32 - kept) * (running_mean - running[at + 2]);
        running[at + 3] = running[at + 3] + (1.0f32 - kept) * (running_variance - running[at + 3]);
    }

    let mean = Vector::<f32, N>::new(mean);
    let inverse = Vector::<f32, N>::new(inverse);
    let scale = Vector::<f32, N>::new(scale);
    let shift = Vector::<f32, N>::new(shift);
    let mut at = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    let step = CUBE_COUNT_X as usize * UNITS;
    while at < length {
        let value = fma((z[channel * length + at] - mean) * inverse, scale, shift);
        if relu {
            y[channel * length + at] = max(value, Vector::<f32, N>::new(0.0f32));
        } else {
            y[channel * length + at] = value;
        }
        at += step;
    }
}
