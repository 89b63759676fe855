//! Winograd's F(4x4, 3x3) (Lavin and Gray, arXiv 1509.09308, with the points 0, 1, -1, 2, -2): four rows of a 3x3
//! convolution of stride 1 with 36 multiplications a tile of sixteen pixels instead of 144.
//!
//! A tile of 6x6 inputs becomes 36 frequencies; at each frequency the channels are mixed by a matrix product, which
//! is [`Row`] with a single tap; 36 frequencies become a tile of 4x4 outputs. With sixteen images a pixel the
//! transforms are plain additions of whole vectors.

use super::correlate::{self, Packed, Row, Tap};
use crate::buffer::Buffer;
use crate::simd::{LANES, Simd};

/// The side of a tile of outputs.
pub(crate) const SIDE: usize = 4;
/// The side of a tile of inputs, and of a tile's frequencies.
pub(crate) const REACH: usize = SIDE + 2;
pub(crate) const FREQUENCIES: usize = REACH * REACH;

/// What the frequencies of a strip's inputs may take of the second-level cache, in floats.
const STRIP_FLOATS: usize = (450 << 10) / size_of::<f32>();

/// Whether the transforms cost less than the multiplications they save; in vector operations, as measured.
pub(crate) fn pays(inputs: usize, outputs: usize) -> bool {
    let direct = 144 * inputs * outputs;
    let transformed = 40 * inputs * outputs + 160 * inputs + 240 * outputs;
    transformed * 10 < direct * 9
}

/// The frequencies of a line of a tile, `Bt d`.
#[inline(always)]
pub(crate) unsafe fn transform<S: Simd>(d: [S::V; REACH]) -> [S::V; REACH] {
    // SAFETY: the caller's instruction set.
    unsafe {
        let [[f0, f5], [f1, f2], [f3, f4]] = [pair::<S>(0, d), pair::<S>(1, d), pair::<S>(2, d)];
        [f0, f1, f2, f3, f4, f5]
    }
}

/// The positions of the frequencies that [`pair`] gives.
const PAIRS: [[usize; 2]; 3] = [[0, 5], [1, 2], [3, 4]];

/// Two of the frequencies of a line: those that share most of their arithmetic.
#[inline(always)]
unsafe fn pair<S: Simd>(pair: usize, d: [S::V; REACH]) -> [S::V; 2] {
    // SAFETY: the caller's instruction set.
    unsafe {
        match pair {
            0 => {
                let (four, minus_five) = (S::splat(4.0), S::splat(-5.0));
                [
                    S::mul_add(four, d[0], S::mul_add(minus_five, d[2], d[4])),
                    S::mul_add(four, d[1], S::mul_add(minus_five, d[3], d[5])),
                ]
            }
            1 => {
                let minus_four = S::splat(-4.0);
                let (even, odd) = (S::mul_add(minus_four, d[2], d[4]), S::mul_add(minus_four, d[1], d[3]));
                [S::add(even, odd), S::sub(even, odd)]
            }
            _ => {
                let (even, odd) = (S::sub(d[4], d[2]), S::sub(d[3], d[1]));
                [S::mul_add(S::splat(2.0), odd, even), S::mul_add(S::splat(-2.0), odd, even)]
            }
        }
    }
}

/// The frequencies of a line of a tile of gradients, `A g`.
#[inline(always)]
pub(crate) unsafe fn transform_gradient<S: Simd>(g: [S::V; SIDE]) -> [S::V; REACH] {
    // SAFETY: the caller's instruction set.
    unsafe {
        let (even, odd) = (S::add(g[0], g[2]), S::add(g[1], g[3]));
        let wide_even = S::mul_add(S::splat(4.0), g[2], g[0]);
        let wide_odd = S::mul(S::splat(2.0), S::mul_add(S::splat(4.0), g[3], g[1]));
        [
            g[0],
            S::add(even, odd),
            S::sub(even, odd),
            S::add(wide_even, wide_odd),
            S::sub(wide_even, wide_odd),
            g[3],
        ]
    }
}

/// Room for the frequencies of a strip, a few tiles at a time.
pub(crate) struct Strip {
    inputs: usize,
    outputs: usize,
    width: usize,
    /// Tiles at a time.
    tiles: usize,
    before: Buffer,
    /// Of the few output channels that are computed together.
    after: Buffer,
}

impl Strip {
    pub(crate) fn new(inputs: usize, outputs: usize, width: usize) -> Self {
        // Whole register tiles, most of which are three vectors wide.
        let fitting = (STRIP_FLOATS / (FREQUENCIES * LANES * inputs) / 3 * 3).max(3);
        let tiles = fitting.min(width.div_ceil(SIDE));
        let together = correlate::tiles(outputs, crate::simd::level_is_wide())
            .map(|(first, end)| end - first)
            .max()
            .unwrap_or_default();
        let strip = |channels| Buffer::stale(FREQUENCIES * frequency_pitch(channels, tiles));
        Self { inputs, outputs, width, tiles, before: strip(inputs), after: strip(together) }
    }

    /// Computes up to four rows of the output.
    ///
    /// # Safety
    /// The instruction set of `S` is present; `rows` are valid for `width` columns of every input channel; `output`
    /// is valid for `n_rows` rows of every output channel, `plane` floats apart; `weights` are those at its frequencies.
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
        let tiles_in_all = self.width.div_ceil(SIDE);
        let (before_pitch, after_pitch) =
            (frequency_pitch(self.inputs, self.tiles), self.after.len() / FREQUENCIES);
        let mut first_tile = 0;
        while first_tile < tiles_in_all {
            let tiles = self.tiles.min(tiles_in_all - first_tile);
            // SAFETY: this function's contract; the strip's buffers hold `tiles` tiles of every frequency, of all inputs
            // and of as many outputs as are computed together.
            unsafe {
                self.read::<S>(rows, first_tile, tiles);
                for (first, end) in correlate::tiles(self.outputs, S::WIDE) {
                    for frequency in 0..FREQUENCIES {
                        S::call(Row {
                            window: self.before.as_ptr().add(frequency * before_pitch),
                            pitch: self.tiles * LANES,
                            inputs: self.inputs,
                            taps: &[Tap { offset: 0, index: 0 }],
                            weights: &weights.group(frequency)[first * self.inputs..],
                            taps_packed: 1,
                            bias: None,
                            output: self.after.as_mut_ptr().add(frequency * after_pitch),
                            output_pitch: self.tiles * LANES,
                            outputs: end - first,
                            len: tiles * LANES,
                        });
                    }
                    for channel in first..end {
                        let bias = bias.map_or(0.0, |bias| bias[channel]);
                        let from = self.after.as_ptr().add((channel - first) * self.tiles * LANES);
                        for tile in 0..tiles {
                            let column = SIDE * (first_tile + tile);
                            let to = output.add(channel * plane + column * LANES);
                            let n_columns = SIDE.min(self.width - column);
                            for lane in (0..LANES).step_by(S::WIDTH) {
                                let from = from.add(tile * LANES + lane);
                                let to = to.add(lane);
                                self.write::<S, 0>(from, after_pitch, bias, to, n_rows, n_columns);
                                self.write::<S, 1>(from, after_pitch, bias, to, n_rows, n_columns);
                            }
                        }
                    }
                }
            }
            first_tile += tiles;
        }
    }

    /// The frequencies of the inputs, `Bt d B`.
    #[inline(always)]
    unsafe fn read<S: Simd>(&mut self, rows: &Rows, first: usize, tiles: usize) {
        let pitch = frequency_pitch(self.inputs, self.tiles);
        // SAFETY: this function's contract.
        unsafe {
            for input in 0..self.inputs {
                for tile in 0..tiles {
                    // Columns are counted from the border left of the input.
                    let column = SIDE * (first + tile);
                    let inner = column > 0 && column + REACH <= self.width + 1;
                    for lane in (0..LANES).step_by(S::WIDTH) {
                        let to = self.before.as_mut_ptr().add((input * self.tiles + tile) * LANES + lane);
                        if inner {
                            rows.read::<S, true>(input, column, self.width, lane, to, pitch);
                        } else {
                            rows.read::<S, false>(input, column, self.width, lane, to, pitch);
                        }
                    }
                }
            }
        }
    }

    /// Two rows of a tile of outputs, `At m A`: the even ones, which share their sums, or the odd ones.
    #[inline(always)]
    unsafe fn write<S: Simd, const ODD: usize>(
        &self,
        from: *const f32,
        pitch: usize,
        bias: f32,
        to: *mut f32,
        n_rows: usize,
        n_columns: usize,
    ) {
        // SAFETY: this function's contract; columns and rows are only written where there are any.
        unsafe {
            let mut lines = [[S::splat(0.0); REACH]; 2];
            for j in 0..REACH {
                let m = |i: usize| from.add((i * REACH + j) * pitch);
                let (m1, m2) = (S::load(m(1)), S::load(m(2)));
                let (m3, m4) = (S::load(m(3)), S::load(m(4)));
                if ODD == 0 {
                    let (near, far) = (S::add(m1, m2), S::add(m3, m4));
                    lines[0][j] = S::add(S::load(m(0)), S::add(near, far));
                    lines[1][j] = S::mul_add(S::splat(4.0), far, near);
                } else {
                    let (near, far) = (S::sub(m1, m2), S::sub(m3, m4));
                    lines[0][j] = S::mul_add(S::splat(2.0), far, near);
                    lines[1][j] = S::add(S::load(m(5)), S::mul_add(S::splat(8.0), far, near));
                }
            }
            for (line, m) in lines.into_iter().enumerate() {
                let row = 2 * line + ODD;
                if row >= n_rows {
                    continue;
                }
                // The bias reaches all outputs of a row through the second frequency alone.
                let m1 = S::add(m[1], S::splat(bias));
                let to = to.add(row * self.width * LANES);
                let (even, odd) = (S::add(m1, m[2]), S::sub(m1, m[2]));
                let (wide_even, wide_odd) = (S::add(m[3], m[4]), S::sub(m[3], m[4]));
                S::store(to, S::add(m[0], S::add(even, wide_even)));
                if n_columns > 1 {
                    S::store(to.add(LANES), S::mul_add(S::splat(2.0), wide_odd, odd));
                }
                if n_columns > 2 {
                    S::store(to.add(2 * LANES), S::mul_add(S::splat(4.0), wide_even, even));
                }
                if n_columns > 3 {
                    S::store(to.add(3 * LANES), S::add(m[5], S::mul_add(S::splat(8.0), wide_odd, odd)));
                }
            }
        }
    }
}

/// Floats of a frequency; a line more than is used, or all of them would fall into one cache set.
#[inline(always)]
fn frequency_pitch(channels: usize, tiles: usize) -> usize {
    (channels * tiles + 1) * LANES
}

/// The six rows a strip looks at: for each, the first channel's first pixel and the floats from one channel to the
/// next. A row beyond the input is a row of zeros for all channels alike.
pub(crate) struct Rows {
    rows: [(*const f32, usize); REACH],
}

impl Rows {
    /// Rows `top..top + 6` of those that `row` knows.
    #[inline(always)]
    pub(crate) fn new(
        top: isize,
        height: usize,
        zeros: &[f32],
        row: impl Fn(usize) -> (*const f32, usize),
    ) -> Self {
        let mut rows = [(zeros.as_ptr(), 0); REACH];
        for (index, at) in rows.iter_mut().enumerate() {
            let y = top + index as isize;
            if (0..height as isize).contains(&y) {
                *at = row(y as usize);
            }
        }
        Self { rows }
    }

    /// Writes a tile's frequencies, two columns of them at a time; column 0 of the rows is the border left of the
    /// input.
    ///
    /// # Safety
    /// The instruction set of `S` is present; the rows are valid; an `INNER` tile lies within the input.
    #[inline(always)]
    unsafe fn read<S: Simd, const INNER: bool>(
        &self,
        channel: usize,
        column: usize,
        width: usize,
        lane: usize,
        to: *mut f32,
        pitch: usize,
    ) {
        // SAFETY: this function's contract; the border is not read.
        unsafe {
            for (pair, positions) in PAIRS.into_iter().enumerate() {
                let mut lines = [[S::splat(0.0); REACH]; 2];
                for (row, (from, row_pitch)) in self.rows.into_iter().enumerate() {
                    let from = from.add(channel * row_pitch + lane);
                    let mut d = [S::splat(0.0); REACH];
                    for (index, d) in d.iter_mut().enumerate() {
                        let column = (column + index).wrapping_sub(1);
                        if INNER || column < width {
                            *d = S::load(from.add(column * LANES));
                        }
                    }
                    let [first, second] = self::pair::<S>(pair, d);
                    lines[0][row] = first;
                    lines[1][row] = second;
                }
                for (line, j) in lines.into_iter().zip(positions) {
                    for (i, value) in transform::<S>(line).into_iter().enumerate() {
                        S::store(to.add((i * REACH + j) * pitch), value);
                    }
                }
            }
        }
    }

    /// Where a channel's pixels begin in every row.
    ///
    /// # Safety
    /// The rows are valid for the channel.
    #[inline(always)]
    pub(crate) unsafe fn channel(&self, channel: usize) -> ChannelRows {
        // SAFETY: this function's contract.
        ChannelRows(self.rows.map(|(from, pitch)| unsafe { from.add(channel * pitch) }))
    }
}

/// The six rows of one channel.
#[derive(Clone, Copy)]
pub(crate) struct ChannelRows([*const f32; REACH]);

impl ChannelRows {
    /// Line `I` of the transform of one column of an input.
    ///
    /// # Safety
    /// The instruction set of `S` is present and the rows are valid at `pixel`, the column's first float.
    #[inline(always)]
    pub(crate) unsafe fn input<S: Simd, const I: usize>(&self, pixel: usize) -> S::V {
        // SAFETY: this function's contract. What a line does not need is never loaded: the transform is inlined, and
        // `I` is known.
        unsafe {
            let mut d = [S::splat(0.0); REACH];
            for row in 0..REACH {
                d[row] = S::load(self.0[row].add(pixel));
            }
            transform::<S>(d)[I]
        }
    }

    /// Line `I` of `A g`, the transform of one column of the gradients of the four rows in the middle.
    ///
    /// # Safety
    /// As for [`ChannelRows::input`].
    #[inline(always)]
    pub(crate) unsafe fn gradient<S: Simd, const I: usize>(&self, pixel: usize) -> S::V {
        // SAFETY: this function's contract.
        unsafe {
            let mut g = [S::splat(0.0); SIDE];
            for row in 0..SIDE {
                g[row] = S::load(self.0[row + 1].add(pixel));
            }
            transform_gradient::<S>(g)[I]
        }
    }
}
