//! The backward pass of one block of images: a few rows of the output's gradient at a time are computed into a
//! padded window, and both the weight gradient and the input gradient are taken from there while it is in cache.

use super::Weights;
use super::correlate::{Packed, Row, Tap};
use super::forward::InputWindow;
use super::geometry::Geometry;
use super::weight_gradient::{ProductSums, Products};
use super::winograd::{Rows, Strip};
use crate::buffer::Buffer;
use crate::simd::{Kernel, LANES, Simd};

/// What the windows of a block may take: half of a usual second-level cache.
const WINDOW_FLOATS: usize = (512 << 10) / size_of::<f32>();

/// The gradient of the convolution's output, row by row.
pub(crate) trait GradientRows {
    /// Writes a row of a channel.
    ///
    /// # Safety
    /// The instruction set of `S` is present and `to` is valid for the row.
    unsafe fn write<S: Simd>(&self, channel: usize, row: usize, to: &mut [f32]);
}

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
        let Geometry { stride, kernel, padding, .. } = geometry;
        let out_height = geometry.out_height();
        let channels = geometry.groups * geometry.outputs;
        let pitch = geometry.gradient_pitch();
        let per_row = channels * pitch + stride * geometry.groups * geometry.inputs * geometry.input_pitch();
        let left = geometry.gradient_left() * LANES;
        let row_len = geometry.out_width() * LANES;
        // An even number of rows, for strips of two.
        let rows = (WINDOW_FLOATS / per_row).next_multiple_of(2).clamp(1, out_height);
        // The input gradient of a row meets gradient rows up to `kernel` beyond it.
        let halo = if self.input_gradient.is_some() { (kernel - 1).div_ceil(stride) } else { 0 };
        let mut gradient = Buffer::zeros((rows + 2 * halo) * channels * pitch);
        let mut strip = match self.input_gradient {
            Some((Weights::Winograd(_), _)) => {
                let strip = Strip::new(geometry.outputs, geometry.inputs, geometry.width);
                Some((strip, Buffer::zeros(row_len)))
            }
            _ => None,
        };
        let mut window = InputWindow::new(geometry, (rows - 1) * stride + kernel);
        let offsets: Vec<usize> = (0..geometry.inputs)
            .flat_map(|input| (0..kernel).map(move |ky| (input, ky)))
            .flat_map(|(input, ky)| (0..kernel).map(move |kx| (input, ky, kx)))
            .map(|(input, ky, kx)| ky * window.slot + input * window.pitch + geometry.column(kx))
            .collect();
        let mut products = Vec::new();
        if self.want_weight {
            products.resize_with(geometry.groups, || ProductSums::new(geometry.outputs, offsets.len()));
        }
        let mut bias = self.want_bias.then(|| vec![0.0; channels]);
        let mut scratch = Buffer::stale(geometry.groups * geometry.inputs * geometry.phase() * LANES);

        let mut first = 0;
        while first < out_height {
            let end = (first + rows).min(out_height);
            let (begin, stop) = (first.saturating_sub(halo), (end + halo).min(out_height));
            // SAFETY: slots `0..stop - begin` of the gradient window are written before they are read.
            unsafe {
                for row in begin..stop {
                    for channel in 0..channels {
                        let at = ((row - begin) * channels + channel) * pitch + left;
                        self.gradient.write::<S>(channel, row, &mut gradient[at..][..row_len]);
                    }
                }
            }
            if let Some(sums) = &mut bias {
                for row in first..end {
                    for (channel, sum) in sums.iter_mut().enumerate() {
                        let at = ((row - begin) * channels + channel) * pitch + left;
                        // SAFETY: the caller's instruction set.
                        *sum += unsafe { total::<S>(&gradient[at..][..row_len]) };
                    }
                }
            }
            if self.want_weight {
                let top = (first * stride) as isize - padding as isize;
                for slot in 0..(end - first - 1) * stride + kernel {
                    let row = top + slot as isize;
                    if (0..geometry.height as isize).contains(&row) {
                        // SAFETY: the caller's instruction set.
                        unsafe { window.read::<S>(self.input, row as usize, slot) };
                    } else {
                        window.clear(slot);
                    }
                }
                for (group, sums) in products.iter_mut().enumerate() {
                    let at = ((first - begin) * channels + group * geometry.outputs) * pitch + left;
                    // SAFETY: both windows hold the rows `first..end` and, of the input, those their taps meet.
                    unsafe {
                        Products {
                            gradient: gradient.as_ptr().add(at),
                            gradient_pitch: pitch,
                            gradient_row: channels * pitch,
                            outputs: geometry.outputs,
                            input: window.values.as_ptr().add(group * geometry.inputs * window.pitch),
                            input_row: stride * window.slot,
                            offsets: &offsets,
                            rows: end - first,
                            len: row_len,
                        }
                        .add_to::<S>(sums);
                    }
                }
            }
            if let Some((weights, output)) = &mut self.input_gradient {
                let last = if end == out_height { geometry.height } else { end * stride };
                match (*weights, &mut strip) {
                    (Weights::Winograd(weights), Some((strip, zeros))) => {
                        for row in (first..last).step_by(2) {
                            // SAFETY: the window holds `halo` rows on both sides, as far as there are any.
                            unsafe {
                                let at = |y: usize| {
                                    (gradient.as_ptr().add((y - begin) * channels * pitch + left), pitch)
                                };
                                let rows = Rows::new(row as isize - 1, out_height, zeros, at);
                                let to = output.as_mut_ptr().add(row * row_len);
                                let n_rows = 2.min(last - row);
                                strip.run::<S>(&rows, weights, None, to, geometry.height * row_len, n_rows);
                            }
                        }
                    }
                    (Weights::Direct(weights) | Weights::Winograd(weights), _) => {
                        for row in first * stride..last {
                            // SAFETY: the window holds `halo` rows on both sides, as far as there are any.
                            unsafe {
                                input_gradient_row::<S>(
                                    geometry,
                                    weights,
                                    &gradient,
                                    begin,
                                    row,
                                    &mut scratch,
                                    output,
                                );
                            }
                        }
                    }
                }
            }
            first = end;
        }
        let mut weight = self.want_weight.then(|| Vec::with_capacity(geometry.weights()));
        if let Some(weight) = &mut weight {
            for sums in &products {
                for output in 0..geometry.outputs {
                    weight.extend((0..offsets.len()).map(|offset| sums.get(output, offset)));
                }
            }
        }
        ParameterGradients { weight, bias }
    }
}

/// One row of the input's gradient, all channels, from the gradient window that begins with row `begin`.
///
/// Input column `j` of phase `p = j % stride` meets tap `kx` only where `p + padding - kx` divides by the stride, so
/// each phase is a convolution of its own.
#[inline(always)]
unsafe fn input_gradient_row<S: Simd>(
    geometry: Geometry,
    weights: &Packed,
    gradient: &[f32],
    begin: usize,
    row: usize,
    scratch: &mut [f32],
    output: &mut [f32],
) {
    let Geometry { stride, kernel, padding, height, width, .. } = geometry;
    let channels = geometry.groups * geometry.outputs;
    let pitch = geometry.gradient_pitch();
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
                        offset: (y / stride - begin) * channels * pitch + column as usize * LANES,
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
                Row {
                    window: gradient.as_ptr().add(group * geometry.outputs * pitch),
                    pitch,
                    inputs: geometry.outputs,
                    taps: &taps,
                    weights: weights.group(group),
                    taps_packed: geometry.taps(),
                    bias: None,
                    output: to,
                    output_pitch: to_pitch,
                    outputs: geometry.inputs,
                    len: columns * LANES,
                }
                .run::<S>();
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

#[inline(always)]
unsafe fn total<S: Simd>(values: &[f32]) -> f32 {
    // SAFETY: every chunk is one vector long.
    unsafe {
        let mut sum = S::splat(0.0);
        for vector in values.chunks_exact(S::WIDTH) {
            sum = S::add(sum, S::load(vector.as_ptr()));
        }
        S::sum(sum)
    }
}
