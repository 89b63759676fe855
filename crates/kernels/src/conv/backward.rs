//! The backward pass of one block of images: a few rows of the output's gradient at a time are computed into a
//! padded window, and both the weight gradient and the input gradient are taken from there while it is in cache.

use super::Weights;
use super::correlate::{Packed, Row, Tap};
use super::geometry::Geometry;
use super::gradient_window::{GradientRows, GradientWindow};
use super::weight_gradient::WeightSums;
use super::winograd::{self, Rows, Strip};
use crate::buffer::Buffer;
use crate::simd::{Kernel, LANES, Simd};

/// The gradients of one block.
pub(crate) struct BackwardBlock<'a, G> {
    pub(crate) geometry: Geometry,
    pub(crate) gradient: G,
    /// `[channels][height][width][LANES]`, for the weight gradient.
    pub(crate) input: &'a [f32],
    pub(crate) want_weight: bool,
    pub(crate) want_bias: bool,
    /// The weights packed with inputs and outputs exchanged, and the gradient to overwrite.
    pub(crate) input_gradient: Option<(&'a Weights, &'a mut [f32])>,
}

/// What a block adds to the parameters' gradients.
pub(crate) struct ParameterGradients {
    /// `[output][input of the group][tap]`
    pub(crate) weight: Option<Vec<f32>>,
    /// One a channel.
    pub(crate) bias: Option<Vec<f32>>,
}

impl<G: GradientRows> Kernel for BackwardBlock<'_, G> {
    type Output = ParameterGradients;

    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) -> ParameterGradients {
        let geometry = self.geometry;
        let Geometry { stride, height, width, .. } = geometry;
        let mut window = GradientWindow::new(geometry, self.input_gradient.is_some());
        let mut sums = self.want_weight.then(|| WeightSums::new(geometry, window.rows()));
        let mut bias = self.want_bias.then(|| vec![0.0; geometry.groups * geometry.outputs]);
        let mut strip = Strip::new(geometry.outputs, geometry.inputs, width);
        // One phase of a row, or the row of zeros beyond the gradient that a strip looks at.
        let mut scratch = Buffer::zeros(geometry.groups * geometry.inputs * geometry.phase() * LANES);
        // SAFETY: the window is moved over the rows before they are used; it keeps as many on both sides as the
        // input gradient meets; the caller has the instruction set.
        unsafe {
            while window.advance::<S>(&self.gradient) {
                if let Some(bias) = &mut bias {
                    window.add_totals::<S>(bias);
                }
                if let Some(sums) = &mut sums {
                    sums.add::<S>(self.input, &window);
                }
                let Some((weights, output)) = &mut self.input_gradient else { continue };
                let (first, end) = window.span();
                let last = if end == geometry.out_height() { height } else { end * stride };
                match weights {
                    Weights::Winograd(weights) => {
                        for row in (first..last).step_by(winograd::SIDE) {
                            let top = row as isize - 1;
                            let rows = Rows::new(top, height, &scratch, |y| (window.row(y), window.pitch()));
                            let to = output.as_mut_ptr().add(row * width * LANES);
                            let plane = height * width * LANES;
                            strip.run::<S>(&rows, weights, None, to, plane, winograd::SIDE.min(last - row));
                        }
                    }
                    Weights::Direct(weights) => {
                        for row in first * stride..last {
                            input_gradient_row::<S>(geometry, weights, &window, row, &mut scratch, output);
                        }
                    }
                }
            }
        }
        // SAFETY: the caller has the instruction set.
        let weight = sums.map(|sums| unsafe { sums.into_weights::<S>() });
        ParameterGradients { weight, bias }
    }
}

/// One row of the input's gradient, all channels, from the gradient's window.
///
/// Input column `j` of phase `p = j % stride` meets tap `kx` only where `p + padding - kx` divides by the stride, so
/// each phase is a convolution of its own.
#[inline(always)]
unsafe fn input_gradient_row<S: Simd>(
    geometry: Geometry,
    weights: &Packed,
    window: &GradientWindow,
    row: usize,
    scratch: &mut [f32],
    output: &mut [f32],
) {
    let Geometry { stride, kernel, padding, height, width, .. } = geometry;
    let plane = height * width * LANES;
    let mut taps = Vec::with_capacity(geometry.taps());
    for phase in 0..stride.min(width) {
        taps.clear();
        for ky in 0..kernel {
            let Some(y) = (row + padding).checked_sub(ky).filter(|y| y % stride == 0) else { continue };
            if y / stride >= geometry.out_height() {
                continue;
            }
            for kx in 0..kernel {
                let x = (phase + padding) as isize - kx as isize;
                if x.rem_euclid(stride as isize) == 0 {
                    let column = geometry.gradient_left() as isize + x.div_euclid(stride as isize);
                    taps.push(Tap {
                        offset: window.start(y / stride) + column as usize * LANES,
                        index: ky * kernel + kx,
                    });
                }
            }
        }
        let columns = (width - phase).div_ceil(stride);
        for group in 0..geometry.groups {
            let first = group * geometry.inputs;
            let (to, to_pitch) = if stride == 1 {
                (output[first * plane + row * width * LANES..].as_mut_ptr(), plane)
            } else {
                (scratch.as_mut_ptr(), columns * LANES)
            };
            // SAFETY: the taps lie in the window, the output rows in the block or the scratch.
            unsafe {
                S::call(Row {
                    window: window.as_ptr().add(group * geometry.outputs * window.pitch()),
                    pitch: window.pitch(),
                    inputs: geometry.outputs,
                    taps: &taps,
                    weights: weights.group(group),
                    taps_packed: geometry.taps(),
                    bias: None,
                    output: to,
                    output_pitch: to_pitch,
                    outputs: geometry.inputs,
                    len: columns * LANES,
                });
            }
            if stride > 1 {
                for input in 0..geometry.inputs {
                    let to = &mut output[(first + input) * plane + row * width * LANES..][..width * LANES];
                    let from = scratch[input * columns * LANES..].chunks_exact(LANES);
                    for (pixel, from) in to.chunks_exact_mut(LANES).skip(phase).step_by(stride).zip(from) {
                        pixel.copy_from_slice(from);
                    }
                }
            }
        }
    }
}
