//! Sums of activations, and what an activation lets through of a gradient.

use cubecl::prelude::*;

/// Units of a cube.
pub(crate) const UNITS: usize = 256;
/// Inputs of one launch; more are added by launches after it.
pub(crate) const INPUTS: usize = 4;

/// The sum of the first `count` inputs, then ReLU where there is one. The others are not read.
#[cube(launch_unchecked)]
pub(crate) fn sum<N: Size>(
    a: &[Vector<f32, N>],
    b: &[Vector<f32, N>],
    c: &[Vector<f32, N>],
    d: &[Vector<f32, N>],
    output: &mut [Vector<f32, N>],
    length: usize,
    #[comptime] count: usize,
    #[comptime] relu: bool,
) {
    let mut at = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    let step = CUBE_COUNT_X as usize * UNITS;
    while at < length {
        let mut value = a[at];
        if comptime!(count > 1) {
            value += b[at];
        }
        if comptime!(count > 2) {
            value += c[at];
        }
        if comptime!(count > 3) {
            value += d[at];
        }
        if relu {
            value = max(value, Vector::<f32, N>::new(0.0f32));
        }
        output[at] = value;
        at += step;
    }
}

/// The gradient where the ReLU's output is above zero.
#[cube(launch_unchecked)]
pub(crate) fn relu_gradient<N: Size>(
    y: &[Vector<f32, N>],
    gradient: &[Vector<f32, N>],
    output: &mut [Vector<f32, N>],
    length: usize,
) {
    let mut at = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    let step = CUBE_COUNT_X as usize * UNITS;
    while at < length {
        let value = y[at];
        let reached = gradient[at];
        let mut kept = reached;
        #[unroll]
        for lane in 0..N::value() {
            kept.insert(lane, select(value.extract(lane) > 0.0f32, reached.extract(lane), 0.0f32));
        }
        output[at] = kept;
        at += step;
    }
}
