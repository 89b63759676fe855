//! Winograd's F(4x4, 3x3) for a single image: as in [`super::winograd`], but the lanes of a vector are neighbouring
//! tiles, so that every fourth row and every fourth column of the image are brought together first.

use super::correlate::{Packed, Row, Tap};
use super::geometry::Geometry;
use super::image::ForwardImage;
use super::winograd::{FREQUENCIES, REACH, SIDE, transform};
use crate::activation;
use crate::buffer::Buffer;
use crate::simd::{LANES, Simd};
use netsynth_graph::Activation;

/// What the frequencies of a strip may take of the second-level cache, in floats.
const STRIP_FLOATS: usize = (500 << 10) / size_of::<f32>();

/// Convolves the image.
///
/// # Safety
/// The instruction set of `S` is present, the slices are those of the geometry, and the weights are
/// those at the frequencies of a tile.
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(image: ForwardImage<'_>, weights: &Packed) {
    let Geometry { inputs, outputs, height, width, .. } = image.geometry;
    let strip = Strip::new(image.geometry, S::WIDTH);
    // A line more than is used, or all frequencies would fall into one cache set.
    let pitches = [inputs, outputs].map(|channels| channels * strip.tiles + LANES);
    let [inside, outside] = pitches.map(|pitch| FREQUENCIES * pitch);
    // Of the same size for every layer, so that each finds what the one before it gave back.
    let mut frequencies = Buffer::stale((inside + outside).max(STRIP_FLOATS));
    let (before, after) = frequencies.split_at_mut(inside);
    let mut pixels = Buffer::zeros(SIDE * SIDE * strip.phase);
    let mut found = Buffer::stale(SIDE * SIDE * strip.tiles + SIDE);
    for first_row in (0..height).step_by(SIDE * strip.rows) {
        for (input, plane) in image.input.chunks_exact(height * width).enumerate() {
            // SAFETY: this function's contract; the phases have room for a vector at any tile, and every frequency has one for
            // it.
            unsafe {
                strip.split::<S>(plane, first_row, &mut pixels);
                for at in (0..strip.tiles).step_by(S::WIDTH) {
                    let to = before.as_mut_ptr().add(input * strip.tiles + at);
                    read::<S>(&strip, pixels.as_ptr().add(at), to, pitches[0]);
                }
            }
        }
        for frequency in 0..FREQUENCIES {
            // SAFETY: the buffers hold the strip's tiles of every frequency and channel.
            unsafe {
                S::call(Row {
                    window: before.as_ptr().add(frequency * pitches[0]),
                    pitch: strip.tiles,
                    inputs,
                    taps: &[Tap { offset: 0, index: 0 }],
                    weights: weights.group(frequency),
                    taps_packed: 1,
                    bias: None,
                    output: after.as_mut_ptr().add(frequency * pitches[1]),
                    output_pitch: strip.tiles,
                    outputs,
                    len: strip.tiles,
                });
            }
        }
        for (output, plane) in image.output.chunks_exact_mut(height * width).enumerate() {
            let bias = image.bias.map_or(0.0, |bias| bias[output]);
            // SAFETY: this function's contract; the buffers hold all tiles of the strip.
            unsafe {
                for at in (0..strip.tiles).step_by(S::WIDTH) {
                    let from = after.as_ptr().add(output * strip.tiles + at);
                    let to = found.as_mut_ptr().add(at);
                    write::<S>(from, pitches[1], bias, image.activation, to, strip.tiles);
                }
                strip.join::<S>(&found, first_row, plane);
            }
        }
    }
}

/// Some rows of tiles, one after the other. At the end of each row but the last stands a tile that is computed for nothing:
/// the pixels right of a row are those left of the next.
struct Strip {
    height: usize,
    width: usize,
    /// Rows of tiles.
    rows: usize,
    /// From a tile to the one below.
    row: usize,
    /// Tiles, as whole vectors.
    tiles: usize,
    /// Floats of a phase of the input: of the pixels with the same row and column of a tile.
    phase: usize,
}

impl Strip {
    fn new(geometry: Geometry, vector: usize) -> Self {
        let Geometry { inputs, outputs, height, width, .. } = geometry;
        let (all, columns) = (height.div_ceil(SIDE), width.div_ceil(SIDE));
        let row = columns + 1;
        let fitting = (STRIP_FLOATS / (FREQUENCIES * (inputs + outputs) * row)).clamp(1, all);
        // As many in each strip.
        let rows = all.div_ceil(all.div_ceil(fitting));
        let tiles = ((rows - 1) * row + columns).next_multiple_of(vector);
        // A tile reaches into the one below and the one right of that, and tiles are written four at a time.
        Self { height, width, rows, row, tiles, phase: tiles + row + SIDE + 1 }
    }

    /// Where the phase of this row and column of a tile begins, or of the tile below or right of it.
    #[inline(always)]
    fn at(&self, row: usize, column: usize) -> usize {
        (row % SIDE * SIDE + column % SIDE) * self.phase + row / SIDE * self.row + column / SIDE
    }

    /// Brings the pixels of a plane's rows, from the one above `first_row` on, into phases, whose columns beyond the plane are
    /// zero already, or become so.
    ///
    /// # Safety
    /// The instruction set of `S` is present.
    #[inline(always)]
    unsafe fn split<S: Simd>(&self, plane: &[f32], first_row: usize, phases: &mut [f32]) {
        assert!(plane.len() == self.height * self.width && phases.len() >= SIDE * SIDE * self.phase);
        for row in 0..SIDE * self.rows + 2 {
            // The first column is the border.
            let mut to = [0; SIDE];
            for column in 0..SIDE {
                to[column] = self.at(row, column + 1);
            }
            let y = (first_row + row).wrapping_sub(1);
            if y >= self.height {
                to.iter().for_each(|&to| phases[to..][..self.row - 1].fill(0.0));
                continue;
            }
            for x in (0..self.width).step_by(SIDE * SIDE) {
                // SAFETY: the row ends with `count` pixels, and every phase has room for four tiles at its last one, or more.
                unsafe {
                    let to = to.map(|to| phases.as_mut_ptr().add(to + x / SIDE));
                    let count = (self.width - x).min(SIDE * SIDE);
                    S::deinterleave(plane.as_ptr().add(y * self.width + x), count, to);
                }
            }
        }
    }

    /// Puts phases of outputs into the rows of a plane, from `first_row` on.
    ///
    /// # Safety
    /// The instruction set of `S` is present.
    #[inline(always)]
    unsafe fn join<S: Simd>(&self, phases: &[f32], first_row: usize, plane: &mut [f32]) {
        assert!(plane.len() == self.height * self.width && phases.len() >= SIDE * SIDE * self.tiles + SIDE);
        for row in 0..(SIDE * self.rows).min(self.height - first_row) {
            let mut from = [0; SIDE];
            for column in 0..SIDE {
                from[column] = (row % SIDE * SIDE + column) * self.tiles + row / SIDE * self.row;
            }
            for x in (0..self.width).step_by(SIDE * SIDE) {
                // SAFETY: the row ends with `count` pixels, and the last phase has four tiles behind its end.
                unsafe {
                    let from = from.map(|from| phases.as_ptr().add(from + x / SIDE));
                    let count = (self.width - x).min(SIDE * SIDE);
                    S::interleave(from, plane.as_mut_ptr().add((first_row + row) * self.width + x), count);
                }
            }
        }
    }
}

/// The frequencies of one vector of tiles, `Bt d B`.
#[inline(always)]
unsafe fn read<S: Simd>(strip: &Strip, from: *const f32, to: *mut f32, pitch: usize) {
    // SAFETY: this function's contract.
    unsafe {
        let mut columns = [[S::splat(0.0); REACH]; REACH];
        for column in 0..REACH {
            let mut d = [S::splat(0.0); REACH];
            for row in 0..REACH {
                d[row] = S::load(from.add(strip.at(row, column)));
            }
            columns[column] = transform::<S>(d);
        }
        for i in 0..REACH {
            let mut line = [S::splat(0.0); REACH];
            for column in 0..REACH {
                line[column] = columns[column][i];
            }
            let line = transform::<S>(line);
            for j in 0..REACH {
                S::store(to.add((i * REACH + j) * pitch), line[j]);
            }
        }
    }
}

/// The outputs of a line of a tile, `At m`.
#[inline(always)]
unsafe fn outputs<S: Simd>(m: [S::V; REACH]) -> [S::V; SIDE] {
    // SAFETY: the caller's instruction set.
    unsafe {
        let (even, odd) = (S::add(m[1], m[2]), S::sub(m[1], m[2]));
        let (wide_even, wide_odd) = (S::add(m[3], m[4]), S::sub(m[3], m[4]));
        [
            S::add(m[0], S::add(even, wide_even)),
            S::mul_add(S::splat(2.0), wide_odd, odd),
            S::mul_add(S::splat(4.0), wide_even, even),
            S::add(m[5], S::mul_add(S::splat(8.0), wide_odd, odd)),
        ]
    }
}

/// The outputs of one vector of tiles, `At m A`, by phase.
#[inline(always)]
unsafe fn write<S: Simd>(
    from: *const f32,
    pitch: usize,
    bias: f32,
    activation: Activation,
    to: *mut f32,
    phase: usize,
) {
    // SAFETY: this function's contract.
    unsafe {
        let mut lines = [[S::splat(0.0); REACH]; SIDE];
        for j in 0..REACH {
            let mut column = [S::splat(0.0); REACH];
            for i in 0..REACH {
                column[i] = S::load(from.add((i * REACH + j) * pitch));
            }
            let column = outputs::<S>(column);
            for i in 0..SIDE {
                lines[i][j] = column[i];
            }
        }
        for i in 0..SIDE {
            // The bias reaches all outputs of a row through the second frequency alone.
            lines[i][1] = S::add(lines[i][1], S::splat(bias));
            let line = outputs::<S>(lines[i]);
            for j in 0..SIDE {
                S::store(to.add((i * SIDE + j) * phase), activation::apply::<S>(activation, line[j]));
            }
        }
    }
}
