//! The weight gradient by Winograd's method: where the forward pass multiplies frequencies of the input with
//! frequencies of the weights, the gradient of the weights at each frequency is the product of those of the input
//! and of the output's gradient, 36 multiplications a tile instead of 144.

use super::weight_gradient::{AddProducts, ProductSums, Products};
use super::winograd::{FREQUENCIES, REACH, Rows, SIDE, transform, transform_gradient};
use super::winograd_weights::TAPS;
use crate::buffer::Buffer;
use crate::simd::{LANES, Simd};

/// What six frequencies of input and gradient may take of the second-level cache, in floats.
const STRIPS_FLOATS: usize = (450 << 10) / size_of::<f32>();

/// The sums at all frequencies, and room for six of them over a few strips of four rows.
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

/// The rows of one strip: six of the input, of which the four in the middle have an output, and four of the output's
/// gradient in the middle of six.
pub(crate) struct StripRows {
    pub(crate) input: Rows,
    pub(crate) gradient: Rows,
}

impl FrequencySums {
    pub(crate) fn new(inputs: usize, outputs: usize, width: usize) -> Self {
        let tiles = width.div_ceil(SIDE);
        let strips = (STRIPS_FLOATS / (REACH * LANES * (inputs + outputs) * tiles)).max(1);
        let room = |channels| Buffer::stale(REACH * pitch(channels, strips * tiles));
        let sums = (0..FREQUENCIES).map(|_| ProductSums::new(outputs, inputs)).collect();
        Self { inputs, outputs, width, strips, input: room(inputs), gradient: room(outputs), sums }
    }

    /// Adds the products of some strips.
    ///
    /// # Safety
    /// The instruction set of `S` is present; all rows are valid for `width` columns of every channel.
    #[inline(always)]
    pub(crate) unsafe fn add<S: Simd>(&mut self, strips: &[StripRows]) {
        let strip_tiles = self.width.div_ceil(SIDE);
        let channel = self.strips * strip_tiles * LANES;
        let offsets: Vec<usize> = (0..self.inputs).map(|input| input * channel).collect();
        for strips in strips.chunks(self.strips) {
            for i in 0..REACH {
                for (index, strip) in strips.iter().enumerate() {
                    let at = index * strip_tiles * LANES;
                    // SAFETY: this function's contract; the buffers hold `self.strips` strips of every channel.
                    unsafe {
                        match i {
                            0 => self.read::<S, 0>(strip, channel, at),
                            1 => self.read::<S, 1>(strip, channel, at),
                            2 => self.read::<S, 2>(strip, channel, at),
                            3 => self.read::<S, 3>(strip, channel, at),
                            4 => self.read::<S, 4>(strip, channel, at),
                            _ => self.read::<S, 5>(strip, channel, at),
                        }
                    }
                }
                for j in 0..REACH {
                    // SAFETY: both buffers were just written for these strips.
                    unsafe {
                        S::call(AddProducts {
                            products: Products {
                                gradient: self.gradient.as_ptr().add(j * (self.outputs * channel + LANES)),
                                gradient_pitch: channel,
                                gradient_row: 0,
                                outputs: self.outputs,
                                input: self.input.as_ptr().add(j * (self.inputs * channel + LANES)),
                                input_row: 0,
                                offsets: &offsets,
                                rows: 1,
                                len: strips.len() * strip_tiles * LANES,
                            },
                            sums: &mut self.sums[REACH * i + j],
                        });
                    }
                }
            }
        }
    }

    /// Line `I` of the frequencies of a strip.
    #[inline(always)]
    unsafe fn read<S: Simd, const I: usize>(&mut self, strip: &StripRows, channel: usize, at: usize) {
        // SAFETY: this function's contract.
        unsafe {
            self.read_input::<S, I>(&strip.input, channel, at);
            self.read_gradient::<S, I>(&strip.gradient, channel, at);
        }
    }

    /// Six frequencies of a strip of the input: line `I` of `Bt d B`.
    #[inline(always)]
    unsafe fn read_input<S: Simd, const I: usize>(&mut self, rows: &Rows, channel: usize, at: usize) {
        let frequency = self.inputs * channel + LANES;
        // SAFETY: this function's contract.
        unsafe {
            for input in 0..self.inputs {
                let rows = rows.channel(input);
                for lane in (0..LANES).step_by(S::WIDTH) {
                    let mut to = self.input.as_mut_ptr().add(input * channel + at + lane);
                    // A tile begins one column left of its outputs, with the last two columns of the tile before.
                    let mut d = [S::splat(0.0); REACH];
                    d[5] = rows.input::<S, I>(lane);
                    let mut column = 0;
                    while column < self.width {
                        d[0] = d[4];
                        d[1] = d[5];
                        for index in 2..REACH {
                            let column = column + index - 1;
                            d[index] = S::splat(0.0);
                            if column < self.width {
                                d[index] = rows.input::<S, I>(column * LANES + lane);
                            }
                        }
                        let frequencies = transform::<S>(d);
                        for j in 0..REACH {
                            S::store(to.add(j * frequency), frequencies[j]);
                        }
                        to = to.add(LANES);
                        column += SIDE;
                    }
                }
            }
        }
    }

    /// Six frequencies of a strip of the gradient: line `I` of `A g At`.
    #[inline(always)]
    unsafe fn read_gradient<S: Simd, const I: usize>(&mut self, rows: &Rows, channel: usize, at: usize) {
        let frequency = self.outputs * channel + LANES;
        // SAFETY: this function's contract.
        unsafe {
            for output in 0..self.outputs {
                let rows = rows.channel(output);
                for lane in (0..LANES).step_by(S::WIDTH) {
                    let mut to = self.gradient.as_mut_ptr().add(output * channel + at + lane);
                    let mut column = 0;
                    while column < self.width {
                        let mut g = [S::splat(0.0); SIDE];
                        for index in 0..SIDE {
                            if column + index < self.width {
                                g[index] = rows.gradient::<S, I>((column + index) * LANES + lane);
                            }
                        }
                        let frequencies = transform_gradient::<S>(g);
                        for j in 0..REACH {
                            S::store(to.add(j * frequency), frequencies[j]);
                        }
                        to = to.add(LANES);
                        column += SIDE;
                    }
                }
            }
        }
    }

    /// The weight gradient, `Gt u G` at every output and input: `[output][input][tap]`.
    ///
    /// # Safety
    /// The instruction set of `S` is present.
    #[inline(always)]
    pub(crate) unsafe fn weights<S: Simd>(&self) -> Vec<f32> {
        let mut weights = vec![0.0; self.outputs * self.inputs * TAPS];
        let mut taps = [0.0; TAPS * LANES];
        for input in 0..self.inputs {
            for first in (0..self.outputs).step_by(S::WIDTH) {
                // SAFETY: the sums of a vector of outputs can be read whatever their number; `taps` holds nine vectors.
                unsafe {
                    let mut lines = [[S::splat(0.0); 3]; REACH];
                    for i in 0..REACH {
                        let mut u = [S::splat(0.0); REACH];
                        for j in 0..REACH {
                            u[j] = S::load(self.sums[REACH * i + j].at(first, input));
                        }
                        lines[i] = fold::<S>(u);
                    }
                    for kx in 0..3 {
                        let mut column = [S::splat(0.0); REACH];
                        for i in 0..REACH {
                            column[i] = lines[i][kx];
                        }
                        let column = fold::<S>(column);
                        for ky in 0..3 {
                            S::store(taps.as_mut_ptr().add((ky * 3 + kx) * S::WIDTH), column[ky]);
                        }
                    }
                }
                for lane in 0..S::WIDTH.min(self.outputs - first) {
                    let at = ((first + lane) * self.inputs + input) * TAPS;
                    for (tap, weight) in weights[at..][..TAPS].iter_mut().enumerate() {
                        *weight = taps[tap * S::WIDTH + lane];
                    }
                }
            }
        }
        weights
    }
}

/// `Gt` times six frequencies.
#[inline(always)]
unsafe fn fold<S: Simd>(u: [S::V; REACH]) -> [S::V; 3] {
    // SAFETY: the caller's instruction set.
    unsafe {
        let even = S::div(S::add(u[1], u[2]), S::splat(-6.0));
        let odd = S::div(S::sub(u[2], u[1]), S::splat(6.0));
        let wide_even = S::div(S::add(u[3], u[4]), S::splat(24.0));
        let wide_odd = S::div(S::sub(u[3], u[4]), S::splat(12.0));
        [
            S::add(S::add(S::mul(u[0], S::splat(0.25)), even), wide_even),
            S::add(odd, wide_odd),
            S::add(S::add(even, S::mul(S::splat(4.0), wide_even)), u[5]),
        ]
    }
}

/// Floats of a frequency; a line more than is used, or all would fall into one cache set.
fn pitch(channels: usize, tiles: usize) -> usize {
    (channels * tiles + 1) * LANES
}
