//! The mean of each plane, and its gradient.

use cubecl::prelude::*;

/// Units of a cube.
pub(crate) const UNITS: usize = 128;

/// # Shapes
/// - x: `[planes, area]`; output: `[planes]`
#[cube(launch_unchecked)]
pub(crate) fn mean(x: &[f32], output: &mut [f32], planes: usize, #[comptime] area: usize) {
    let plane = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    if plane < planes {
        let mut sum = 0.0f32;
        for at in 0..area {
            sum += x[plane * area + at];
        }
        output[plane] = sum / comptime!(area as f32);
    }
}

/// # Shapes
/// - gradient: `[planes]`; output: `[planes, area]`
#[cube(launch_unchecked)]
pub(crate) fn mean_gradient(gradient: &[f32], output: &mut [f32], length: usize, #[comptime] area: usize) {
    let mut at = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    let step = CUBE_COUNT_X as usize * UNITS;
    while at < length {
        output[at] = gradient[at / area] / comptime!(area as f32);
        at += step;
    }
}
