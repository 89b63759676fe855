//! The weight gradient by Winograd's method: where the forward pass multiplies frequencies of the input with
//! frequencies of the weights, the gradient of the weights at each frequency is the product of those of the input
//! and of the output's gradient, sixteen multiplications a tile instead of 36.

use super::weight_gradient::{ProductSums, Products};
use super::winograd::Rows;
use crate::buffer::Buffer;
use crate::simd::{LANES, Simd};

/// What four frequencies of input and gradient may take of the second-level cache, in floats.
const STRIPS_FLOATS: usize = (400 << 10) / size_of::<f32>();

/// The sums at all frequencies, and room for four of them over a few strips of two rows.
pub(crate) struct FrequencySums {
    inputs: usize,
    outputs: usize,
    width: usize,
    /// Strips at a time.
    strips: usize,
    input: Buffer,
    gradient: Buffer,
    /// By frequency.
    sums: Vec<ProductSums>,
}

/// The rows of one strip: four of the input, of which the two in the middle have an output, and two of the output's
/// gradient in the middle of four.
pub(crate) struct StripRows {
    pub(crate) input: Rows,
    pub(crate) gradient: Rows,
}

impl FrequencySums {
    pub(crate) fn new(inputs: usize, outputs: usize, width: usize) -> Self {
        let tiles = width.div_ceil(2);
        let strips = (STRIPS_FLOATS / (4 * LANES * (inputs + outputs) * tiles)).max(1);
        let room = |channels| Buffer::stale(4 * pitch(channels, strips * tiles));
        let sums = (0..16).map(|_| ProductSums::new(outputs, inputs)).collect();
        Self { inputs, outputs, width, strips, input: room(inputs), gradient: room(outputs), sums }
    }

    /// Adds the products of some strips.
    ///
    /// # Safety
    /// The instruction set of `S` is present; all rows are valid for `width` columns of every channel.
    #[inline(always)]
    pub(crate) unsafe fn add<S: Simd>(&mut self, strips: &[StripRows]) {
        let strip_tiles = self.width.div_ceil(2);
        let channel = self.strips * strip_tiles * LANES;
        let offsets: Vec<usize> = (0..self.inputs).map(|input| input * channel).collect();
        for strips in strips.chunks(self.strips) {
            for i in 0..4 {
                for (index, strip) in strips.iter().enumerate() {
                    let at = index * strip_tiles * LANES;
                    // SAFETY: the caller's promise; the buffers hold `self.strips` strips of every channel.
                    unsafe {
                        self.read_input::<S>(&strip.input, i, channel, at);
                        self.read_gradient::<S>(&strip.gradient, i, channel, at);
                    }
                }
                for j in 0..4 {
                    // SAFETY: both buffers were just written for these strips.
                    unsafe {
                        Products {
                            gradient: self.gradient.as_ptr().add(j * (self.outputs * channel + LANES)),
                            gradient_pitch: channel,
                            gradient_row: 0,
                            outputs: self.outputs,
                            input: self.input.as_ptr().add(j * (self.inputs * channel + LANES)),
                            input_row: 0,
                            offsets: &offsets,
                            rows: 1,
                            len: strips.len() * strip_tiles * LANES,
                        }
                        .add_to::<S>(&mut self.sums[4 * i + j]);
                    }
                }
            }
        }
    }

    /// Four frequencies of a strip of the input: row `i` of `Bt d B`.
    #[inline(always)]
    unsafe fn read_input<S: Simd>(&mut self, rows: &Rows, i: usize, channel: usize, at: usize) {
        let frequency = self.inputs * channel + LANES;
        // SAFETY: the caller's promise.
        unsafe {
            for input in 0..self.inputs {
                for lane in (0..LANES).step_by(S::WIDTH) {
                    let mut to = self.input.as_mut_ptr().add(input * channel + at + lane);
                    let mut d0 = rows.frequency::<S>(input, 0, self.width, lane, i);
                    let mut d1 = rows.frequency::<S>(input, 1, self.width, lane, i);
                    for column in (2..self.width + 2).step_by(2) {
                        let d2 = rows.frequency::<S>(input, column, self.width, lane, i);
                        let d3 = rows.frequency::<S>(input, column + 1, self.width, lane, i);
                        S::store(to, S::sub(d0, d2));
                        S::store(to.add(frequency), S::add(d1, d2));
                        S::store(to.add(2 * frequency), S::sub(d2, d1));
                        S::store(to.add(3 * frequency), S::sub(d1, d3));
                        (d0, d1) = (d2, d3);
                        to = to.add(LANES);
                    }
                }
            }
        }
    }

    /// Four frequencies of a strip of the gradient: row `i` of `A g At`.
    #[inline(always)]
    unsafe fn read_gradient<S: Simd>(&mut self, rows: &Rows, i: usize, channel: usize, at: usize) {
        let frequency = self.outputs * channel + LANES;
        // SAFETY: the caller's promise.
        unsafe {
            let zero = S::splat(0.0);
            for output in 0..self.outputs {
                for lane in (0..LANES).step_by(S::WIDTH) {
                    let mut to = self.gradient.as_mut_ptr().add(output * channel + at + lane);
                    for column in (1..self.width + 1).step_by(2) {
                        let g0 = rows.gradient::<S>(output, column, self.width, lane, i);
                        let g1 = rows.gradient::<S>(output, column + 1, self.width, lane, i);
                        S::store(to, g0);
                        S::store(to.add(frequency), S::add(g0, g1));
                        S::store(to.add(2 * frequency), S::sub(g0, g1));
                        S::store(to.add(3 * frequency), S::sub(zero, g1));
                        to = to.add(LANES);
                    }
                }
            }
        }
    }

    /// The weight gradient, `Gt u G` at every output and input.
    pub(crate) fn weights(&self) -> Vec<f32> {
        let mut weights = Vec::with_capacity(self.outputs * self.inputs * 9);
        for output in 0..self.outputs {
            for input in 0..self.inputs {
                // Gt takes u0, u1, u2, u3 to u0 + (u1 + u2) / 2, (u1 - u2) / 2, (u1 + u2) / 2 + u3.
                let fold = |u: [f32; 4]| {
                    [u[0] + 0.5 * (u[1] + u[2]), 0.5 * (u[1] - u[2]), 0.5 * (u[1] + u[2]) + u[3]]
                };
                let sums: [[f32; 4]; 4] =
                    std::array::from_fn(|i| std::array::from_fn(|j| self.sums[4 * i + j].get(output, input)));
                let lines = sums.map(fold);
                let columns: [[f32; 3]; 3] =
                    std::array::from_fn(|kx| fold(std::array::from_fn(|i| lines[i][kx])));
                for ky in 0..3 {
                    weights.extend(columns.iter().map(|column| column[ky]));
                }
            }
        }
        weights
    }
}

/// Floats of a frequency; a line more than is used, or all would fall into one cache set.
fn pitch(channels: usize, tiles: usize) -> usize {
    (channels * tiles + 1) * LANES
}
