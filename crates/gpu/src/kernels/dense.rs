//! A matrix product with bias, forward and backward. Its input is read as one vector an image.

use cubecl::prelude::*;

/// Units of a cube.
pub(crate) const UNITS: usize = 128;

/// # Shapes
/// - x: `[trainings, channels, images, area]`
/// - parameters: weights `[channels * area, units]` at `weight_at`, biases at `bias_at`
/// - output: `[trainings, units, images]`
#[cube(launch_unchecked)]
pub(crate) fn forward(
    x: &[f32],
    parameters: &[f32],
    output: &mut [f32],
    images: usize,
    length: usize,
    n_parameters: usize,
    weight_at: usize,
    bias_at: usize,
    #[comptime] channels: usize,
    #[comptime] area: usize,
    #[comptime] units: usize,
) {
    let at = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    if at < length {
        let image = at % images;
        let unit = (at / images) % units;
        let training = at / images / units;
        let own = training * n_parameters;
        let mut sum = parameters[own + bias_at + unit];
        for channel in 0..channels {
            for pixel in 0..area {
                let value = x[((training * channels + channel) * images + image) * area + pixel];
                sum = fma(value, parameters[own + weight_at + (channel * area + pixel) * units + unit], sum);
            }
        }
        output[at] = sum;
    }
}

/// # Shapes
/// - gradient: `[trainings, units, images]`
/// - output: `[trainings, channels, images, area]`
#[cube(launch_unchecked)]
pub(crate) fn input_gradient(
    gradient: &[f32],
    parameters: &[f32],
    output: &mut [f32],
    images: usize,
    length: usize,
    n_parameters: usize,
    weight_at: usize,
    #[comptime] channels: usize,
    #[comptime] area: usize,
    #[comptime] units: usize,
) {
    let at = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    if at < length {
        let pixel = at % area;
        let image = (at / area) % images;
        let channel = (at / area / images) % channels;
        let training = at / area / images / channels;
        let row = training * n_parameters + weight_at + (channel * area + pixel) * units;
        let mut sum = 0.0f32;
        for unit in 0..units {
            sum = fma(gradient[(training * units + unit) * images + image], parameters[row + unit], sum);
        }
        output[at] = sum;
    }
}

/// Weights and, as the row after them, biases.
///
/// # Shapes
/// - x, gradient: as above
/// - gradients: part 0 of `[parts, trainings, n_parameters]`
#[cube(launch_unchecked)]
pub(crate) fn weight_gradient(
    x: &[f32],
    gradient: &[f32],
    gradients: &mut [f32],
    images: usize,
    length: usize,
    n_parameters: usize,
    weight_at: usize,
    bias_at: usize,
    #[comptime] channels: usize,
    #[comptime] area: usize,
    #[comptime] units: usize,
) {
    let at = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    let inputs = comptime!(channels * area);
    if at < length {
        let unit = at % units;
        let input = (at / units) % comptime!(inputs + 1);
        let training = at / units / comptime!(inputs + 1);
        let mut sum = 0.0f32;
        let row = (training * units + unit) * images;
        if input < inputs {
            let pixel = input % area;
            let plane = (training * channels + input / area) * images;
            for image in 0..images {
                sum = fma(x[(plane + image) * area + pixel], gradient[row + image], sum);
            }
            gradients[training * n_parameters + weight_at + input * units + unit] = sum;
        } else {
            for image in 0..images {
                sum += gradient[row + image];
            }
            gradients[training * n_parameters + bias_at + unit] = sum;
        }
    }
}
