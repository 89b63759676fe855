//! The forward pass of a few single images, for inference: no sixteen images to share a pixel, so the vectors run
//! along the pixels of a plane instead, across the ends of its rows. The few columns between rows are computed for
//! nothing and dropped.

use super::Weights;
use super::correlate::{Row, Tap};
use super::forward::activate;
use super::geometry::Geometry;
use super::image_winograd;
use crate::buffer::Buffer;
use crate::simd::{Kernel, LANES, Simd};
use netsynth_graph::Activation;

/// The convolution of one `[channels][height][width]` image.
pub(crate) struct ForwardImage<'a> {
    pub(crate) geometry: Geometry,
    pub(crate) input: &'a [f32],
    pub(crate) weights: &'a Weights,
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) activation: Activation,
    pub(crate) output: &'a mut [f32],
}

impl Kernel for ForwardImage<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let geometry = self.geometry;
        let Geometry { groups, inputs, outputs, kernel, .. } = geometry;
        let (out_height, out_width) = (geometry.out_height(), geometry.out_width());
        assert_eq!(self.input.len(), groups * inputs * geometry.height * geometry.width);
        assert_eq!(self.output.len(), groups * outputs * out_height * out_width);
        let weights = match self.weights {
            Weights::Direct(weights) => weights,
            // SAFETY: the assertions above, and weights that were packed for this geometry.
            Weights::Winograd(weights) => return unsafe { image_winograd::run::<S>(self, weights) },
        };
        let window = Window::new(geometry);
        let taps: Vec<Tap> = (0..kernel * kernel)
            .map(|index| Tap { offset: window.tap(index / kernel, index % kernel), index })
            .collect();
        let len = ((out_height - 1) * window.row + out_width).next_multiple_of(S::WIDTH);
        let mut values = Buffer::zeros(inputs * window.pitch + LANES);
        let mut scratch = Buffer::stale(outputs * len);
        for group in 0..groups {
            let planes = &self.input[group * inputs * geometry.height * geometry.width..];
            window.read(planes, &mut values);
            // SAFETY: the last tap of the last pixel is the last value of the channel's window, and the buffer has
            // room for the rest of the vector.
            unsafe {
                S::call(Row {
                    window: values.as_ptr(),
                    pitch: window.pitch,
                    inputs,
                    taps: &taps,
                    weights: weights.group(group),
                    taps_packed: taps.len(),
                    bias: self.bias.map(|bias| &bias[group * outputs..]),
                    output: scratch.as_mut_ptr(),
                    output_pitch: len,
                    outputs,
                    len,
                });
                if self.activation != Activation::Linear {
                    activate::<S>(self.activation, &mut scratch);
                }
            }
            let to = &mut self.output[group * outputs * out_height * out_width..]
                [..outputs * out_height * out_width];
            for (from, to) in scratch.chunks_exact(len).zip(to.chunks_exact_mut(out_height * out_width)) {
                for (from, to) in from.chunks(window.row).zip(to.chunks_exact_mut(out_width)) {
                    to.copy_from_slice(&from[..out_width]);
                }
            }
        }
    }
}

/// The padded planes of a group's channels. With a stride, the rows and columns of each phase are a plane of their
/// own, so that the pixels a tap meets are neighbours.
struct Window {
    geometry: Geometry,
    /// Columns of a row. At stride 1 the border right of a row is the one left of the next.
    row: usize,
    /// Floats of a phase.
    phase: usize,
    /// Floats of a channel.
    pitch: usize,
}

impl Window {
    fn new(geometry: Geometry) -> Self {
        let Geometry { height, width, padding, stride, .. } = geometry;
        let row = if stride == 1 { width + padding } else { (width + 2 * padding).div_ceil(stride) };
        let phase = (height + 2 * padding).div_ceil(stride) * row + padding;
        Self { geometry, row, phase, pitch: (stride * stride * phase).next_multiple_of(LANES) }
    }

    /// Where the pixels that a tap meets begin.
    #[inline(always)]
    fn tap(&self, ky: usize, kx: usize) -> usize {
        let stride = self.geometry.stride;
        (ky % stride * stride + kx % stride) * self.phase + ky / stride * self.row + kx / stride
    }

    /// Copies the planes; the borders of `values` are zero already.
    fn read(&self, planes: &[f32], values: &mut [f32]) {
        let Geometry { inputs, height, width, kernel, padding, stride, .. } = self.geometry;
        let channels = planes.chunks_exact(height * width).zip(values.chunks_mut(self.pitch)).take(inputs);
        for (plane, to) in channels {
            for (y, from) in plane.chunks_exact(width).enumerate() {
                if stride == 1 {
                    to[(y + padding) * self.row + padding..][..width].copy_from_slice(from);
                    continue;
                }
                if stride == 2 && padding == 1 {
                    // The usual case, in a form that the compiler turns into vectors.
                    let start = self.tap(y + 1, 0);
                    let (odd, even) = (start + self.phase, start + 1);
                    for (index, pair) in from.chunks_exact(2).enumerate() {
                        to[odd + index] = pair[0];
                        to[even + index] = pair[1];
                    }
                    if width % 2 == 1 {
                        to[odd + width / 2] = from[width - 1];
                    }
                    continue;
                }
                // A small kernel meets some phases only.
                if (y + padding) % stride >= kernel {
                    continue;
                }
                for phase in 0..stride.min(kernel) {
                    // The first column of this phase, in the input and in the window.
                    let column = (phase + stride - padding % stride) % stride;
                    let at = self.tap(y + padding, phase) + (column + padding) / stride;
                    let from = from.iter().skip(column).step_by(stride);
                    to[at..].iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}
