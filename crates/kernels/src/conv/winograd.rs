//! Winograd's F(2x2, 3x3) (Lavin and Gray, arXiv 1509.09308): two rows of a 3x3 convolution of stride 1 with 16
//! multiplications a tile of four pixels instead of 36.
//!
//! A tile of 4x4 inputs becomes sixteen frequencies; at each frequency the channels are mixed by a matrix product,
//! which is [`Row`] with a single tap; sixteen frequencies become a tile of 2x2 outputs. With sixteen images a pixel
//! the transforms are plain additions of whole vectors.

use super::correlate::{Packed, Row, Tap};
use crate::buffer::Buffer;
use crate::simd::{LANES, Simd};

const FREQUENCIES: usize = 16;

/// What the two sides of a strip may take of the second-level cache, in floats.
const STRIP_FLOATS: usize = (320 << 10) / size_of::<f32>();

/// Whether the transforms cost less than the multiplications they save; in vector operations, as measured.
pub(crate) fn pays(inputs: usize, outputs: usize) -> bool {
    let direct = 36 * inputs * outputs;
    let transformed = 18 * inputs * outputs + 40 * inputs + 60 * outputs;
    transformed * 10 < direct * 9
}

/// Weights at every frequency, `G g Gt`, packed as sixteen groups of one tap.
///
/// `weight(output, input, tap)` gives the values of the kernel.
pub(crate) fn pack(outputs: usize, inputs: usize, weight: impl Fn(usize, usize, usize) -> f32) -> Packed {
    let mut frequencies = Vec::with_capacity(outputs * inputs);
    for output in 0..outputs {
        for input in 0..inputs {
            let line = |ky: usize| spread([0, 1, 2].map(|kx| weight(output, input, ky * 3 + kx)));
            let lines = [line(0), line(1), line(2)];
            // By column, then row.
            frequencies.push([0, 1, 2, 3].map(|j| spread(lines.map(|line| line[j]))));
        }
    }
    Packed::new(FREQUENCIES, outputs, inputs, 1, |frequency, output, input, _| {
        frequencies[output * inputs + input][frequency % 4][frequency / 4]
    })
}

/// `G` times three weights.
fn spread([a, b, c]: [f32; 3]) -> [f32; 4] {
    [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c]
}

/// Room for the frequencies of a strip, a few tiles at a time.
pub(crate) struct Strip {
    inputs: usize,
    outputs: usize,
    width: usize,
    /// Tiles at a time.
    tiles: usize,
    before: Buffer,
    after: Buffer,
}

impl Strip {
    pub(crate) fn new(inputs: usize, outputs: usize, width: usize) -> Self {
        let fitting = STRIP_FLOATS / (FREQUENCIES * LANES * (inputs + outputs));
        // Whole register tiles: they are three, four or six vectors wide.
        let fitting = if fitting >= 12 {
            fitting / 12 * 12
        } else if fitting >= 6 {
            6
        } else {
            3
        };
        let tiles = fitting.min(width.div_ceil(2));
        let strip = |channels| Buffer::stale(FREQUENCIES * frequency_pitch(channels, tiles));
        Self { inputs, outputs, width, tiles, before: strip(inputs), after: strip(outputs) }
    }

    /// Computes one or two rows of the output.
    ///
    /// # Safety
    /// The instruction set of `S` is present; `rows` are valid for `width` columns of every input channel; `output`
    /// is valid for `n_rows` rows of every output channel, `plane` floats apart; `weights` come from [`pack`].
    #[inline(always)]
    pub(crate) unsafe fn run<S: Simd>(
        &mut self,
        rows: &Rows,
        weights: &Packed,
        bias: Option<&[f32]>,
        output: *mut f32,
        plane: usize,
        n_rows: usize,
    ) {
        let tiles_in_all = self.width.div_ceil(2);
        let mut first = 0;
        while first < tiles_in_all {
            let tiles = self.tiles.min(tiles_in_all - first);
            // SAFETY: the caller's promise; the strip's buffers hold `tiles` tiles of every channel and frequency.
            unsafe {
                self.read::<S>(rows, first, tiles);
                for frequency in 0..FREQUENCIES {
                    Row {
                        window: self
                            .before
                            .as_ptr()
                            .add(frequency * frequency_pitch(self.inputs, self.tiles)),
                        pitch: self.tiles * LANES,
                        inputs: self.inputs,
                        taps: &[Tap { offset: 0, index: 0 }],
                        weights: weights.group(frequency),
                        taps_packed: 1,
                        bias: None,
                        output: self
                            .after
                            .as_mut_ptr()
                            .add(frequency * frequency_pitch(self.outputs, self.tiles)),
                        output_pitch: self.tiles * LANES,
                        outputs: self.outputs,
                        len: tiles * LANES,
                    }
                    .run::<S>();
                }
                self.write::<S>(first, tiles, bias, output, plane, n_rows);
            }
            first += tiles;
        }
    }

    /// The frequencies of the inputs, `Bt d B`.
    #[inline(always)]
    unsafe fn read<S: Simd>(&mut self, rows: &Rows, first: usize, tiles: usize) {
        let frequency_pitch = frequency_pitch(self.inputs, self.tiles);
        // SAFETY: the caller's promise; columns beyond the input are never read.
        unsafe {
            for input in 0..self.inputs {
                for lane in (0..LANES).step_by(S::WIDTH) {
                    let left = rows.column::<S>(input, 2 * first, self.width, lane);
                    let next = rows.column::<S>(input, 2 * first + 1, self.width, lane);
                    let mut columns = [left, next, left, next];
                    for tile in 0..tiles {
                        let at = 2 * (first + tile) + 2;
                        columns[2] = rows.column::<S>(input, at, self.width, lane);
                        columns[3] = rows.column::<S>(input, at + 1, self.width, lane);
                        let to = self.before.as_mut_ptr().add((input * self.tiles + tile) * LANES + lane);
                        for i in 0..4 {
                            let [d0, d1, d2, d3] =
                                [columns[0][i], columns[1][i], columns[2][i], columns[3][i]];
                            S::store(to.add(4 * i * frequency_pitch), S::sub(d0, d2));
                            S::store(to.add((4 * i + 1) * frequency_pitch), S::add(d1, d2));
                            S::store(to.add((4 * i + 2) * frequency_pitch), S::sub(d2, d1));
                            S::store(to.add((4 * i + 3) * frequency_pitch), S::sub(d1, d3));
                        }
                        columns[0] = columns[2];
                        columns[1] = columns[3];
                    }
                }
            }
        }
    }

    /// The outputs of the frequencies, `At m A`.
    #[inline(always)]
    unsafe fn write<S: Simd>(
        &self,
        first: usize,
        tiles: usize,
        bias: Option<&[f32]>,
        output: *mut f32,
        plane: usize,
        n_rows: usize,
    ) {
        let frequency_pitch = frequency_pitch(self.outputs, self.tiles);
        // SAFETY: the caller's promise; the last column and row are only written where there is one.
        unsafe {
            for channel in 0..self.outputs {
                let bias = S::splat(bias.map_or(0.0, |bias| bias[channel]));
                for tile in 0..tiles {
                    let column = 2 * (first + tile);
                    let to = output.add(channel * plane + column * LANES);
                    let second = self.width * LANES;
                    for lane in (0..LANES).step_by(S::WIDTH) {
                        let from = self.after.as_ptr().add((channel * self.tiles + tile) * LANES + lane);
                        let mut upper = [S::splat(0.0); 4];
                        let mut lower = upper;
                        for j in 0..4 {
                            let m0 = S::load(from.add(j * frequency_pitch));
                            let m1 = S::load(from.add((4 + j) * frequency_pitch));
                            let m2 = S::load(from.add((8 + j) * frequency_pitch));
                            let m3 = S::load(from.add((12 + j) * frequency_pitch));
                            upper[j] = S::add(S::add(m0, m1), m2);
                            lower[j] = S::sub(S::sub(m1, m2), m3);
                        }
                        // The bias reaches both outputs of a row through the second frequency alone.
                        upper[1] = S::add(upper[1], bias);
                        lower[1] = S::add(lower[1], bias);
                        S::store(to.add(lane), S::add(S::add(upper[0], upper[1]), upper[2]));
                        if column + 1 < self.width {
                            S::store(to.add(LANES + lane), S::sub(S::sub(upper[1], upper[2]), upper[3]));
                        }
                        if n_rows > 1 {
                            let to = to.add(second);
                            S::store(to.add(lane), S::add(S::add(lower[0], lower[1]), lower[2]));
                            if column + 1 < self.width {
                                S::store(to.add(LANES + lane), S::sub(S::sub(lower[1], lower[2]), lower[3]));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Floats from one frequency to the next; a line more than is used, or all sixteen would fall into one cache set.
#[inline(always)]
fn frequency_pitch(channels: usize, tiles: usize) -> usize {
    (channels * tiles + 1) * LANES
}

/// The four rows a strip looks at: for each, the first channel's first pixel and the floats from one channel to the
/// next. A row beyond the input is a row of zeros for all channels alike.
pub(crate) struct Rows {
    rows: [(*const f32, usize); 4],
}

impl Rows {
    /// Rows `top..top + 4` of those that `row` knows.
    #[inline(always)]
    pub(crate) fn new(
        top: isize,
        height: usize,
        zeros: &[f32],
        row: impl Fn(usize) -> (*const f32, usize),
    ) -> Self {
        let mut rows = [(zeros.as_ptr(), 0); 4];
        for (index, at) in rows.iter_mut().enumerate() {
            let y = top + index as isize;
            if (0..height as isize).contains(&y) {
                *at = row(y as usize);
            }
        }
        Self { rows }
    }

    /// The row transform of one column of four pixels; column 0 is the border left of the input.
    #[inline(always)]
    unsafe fn column<S: Simd>(&self, channel: usize, column: usize, width: usize, lane: usize) -> [S::V; 4] {
        let column = column.wrapping_sub(1);
        let [r0, r1, r2, r3] = self.rows;
        // SAFETY: the caller's promise; the border is not read.
        unsafe {
            if column >= width {
                return [S::splat(0.0); 4];
            }
            let at = column * LANES + lane;
            let d0 = S::load(r0.0.add(channel * r0.1 + at));
            let d1 = S::load(r1.0.add(channel * r1.1 + at));
            let d2 = S::load(r2.0.add(channel * r2.1 + at));
            let d3 = S::load(r3.0.add(channel * r3.1 + at));
            [S::sub(d0, d2), S::add(d1, d2), S::sub(d2, d1), S::sub(d1, d3)]
        }
    }

    /// Row `i` of the row transform of one column; column 0 is the border left of the input.
    #[inline(always)]
    pub(crate) unsafe fn frequency<S: Simd>(
        &self,
        channel: usize,
        column: usize,
        width: usize,
        lane: usize,
        i: usize,
    ) -> S::V {
        // SAFETY: the caller's promise; the border is not read.
        unsafe {
            match i {
                0 => S::sub(
                    self.pixel::<S>(0, channel, column, width, lane),
                    self.pixel::<S>(2, channel, column, width, lane),
                ),
                1 => S::add(
                    self.pixel::<S>(1, channel, column, width, lane),
                    self.pixel::<S>(2, channel, column, width, lane),
                ),
                2 => S::sub(
                    self.pixel::<S>(2, channel, column, width, lane),
                    self.pixel::<S>(1, channel, column, width, lane),
                ),
                _ => S::sub(
                    self.pixel::<S>(1, channel, column, width, lane),
                    self.pixel::<S>(3, channel, column, width, lane),
                ),
            }
        }
    }

    /// Row `i` of the transform of one column of two gradients, those of rows 1 and 2.
    #[inline(always)]
    pub(crate) unsafe fn gradient<S: Simd>(
        &self,
        channel: usize,
        column: usize,
        width: usize,
        lane: usize,
        i: usize,
    ) -> S::V {
        // SAFETY: the caller's promise; the border is not read.
        unsafe {
            match i {
                0 => self.pixel::<S>(1, channel, column, width, lane),
                1 => S::add(
                    self.pixel::<S>(1, channel, column, width, lane),
                    self.pixel::<S>(2, channel, column, width, lane),
                ),
                2 => S::sub(
                    self.pixel::<S>(1, channel, column, width, lane),
                    self.pixel::<S>(2, channel, column, width, lane),
                ),
                _ => S::sub(S::splat(0.0), self.pixel::<S>(2, channel, column, width, lane)),
            }
        }
    }

    /// One pixel, zero in the border.
    #[inline(always)]
    unsafe fn pixel<S: Simd>(
        &self,
        row: usize,
        channel: usize,
        column: usize,
        width: usize,
        lane: usize,
    ) -> S::V {
        let column = column.wrapping_sub(1);
        let (from, pitch) = self.rows[row];
        // SAFETY: the caller's promise; the border is not read.
        unsafe {
            if column >= width {
                S::splat(0.0)
            } else {
                S::load(from.add(channel * pitch + column * LANES + lane))
            }
        }
    }
}
