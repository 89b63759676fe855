//! The inner loop of the weight gradient: a few output channels times three shifted inputs, kept in registers over
//! all the pixels of a few rows.

use super::correlate::tiles;
use crate::simd::{LANES, Simd};

/// Products of gradient rows with shifted input rows, summed over their pixels.
#[derive(Clone, Copy)]
pub(crate) struct Products<'a> {
    /// The first gradient row of the first output channel; floats to the next channel and to the next row.
    pub(crate) gradient: *const f32,
    pub(crate) gradient_pitch: usize,
    pub(crate) gradient_row: usize,
    pub(crate) outputs: usize,
    /// The first input row, floats to the next row, and the offset of every input the gradient meets.
    pub(crate) input: *const f32,
    pub(crate) input_row: usize,
    pub(crate) offsets: &'a [usize],
    pub(crate) rows: usize,
    /// Floats of a row: whole vectors.
    pub(crate) len: usize,
}

/// Vectors of a gradient row chunk: eight output channels of it stay in the first-level cache while all shifted
/// inputs pass by.
const CHUNK_VECTORS: usize = 48;

/// Sums of products, `[offset][output]`; rows are padded because they are added to four at a time.
pub(crate) struct ProductSums {
    values: Vec<f32>,
    outputs: usize,
}

impl ProductSums {
    pub(crate) fn new(outputs: usize, offsets: usize) -> Self {
        Self { values: vec![0.0; offsets * Self::pitch(outputs)], outputs }
    }

    fn pitch(outputs: usize) -> usize {
        outputs + 4
    }

    /// The sum for an output and an offset.
    pub(crate) fn get(&self, output: usize, offset: usize) -> f32 {
        self.values[offset * Self::pitch(self.outputs) + output]
    }
}

impl Products<'_> {
    /// Adds to the sums.
    ///
    /// # Safety
    /// The instruction set of `S` is present, and every row read lies within the windows.
    #[inline(always)]
    pub(crate) unsafe fn add_to<S: Simd>(&self, sums: &mut ProductSums) {
        debug_assert_eq!(sums.outputs, self.outputs);
        let pitch = ProductSums::pitch(self.outputs);
        let chunk = (CHUNK_VECTORS * LANES / self.len).max(1);
        let mut row = 0;
        while row < self.rows {
            // SAFETY: the rows from `row` are rows of this product; the rest is the caller's promise.
            unsafe {
                let part = Products {
                    gradient: self.gradient.add(row * self.gradient_row),
                    input: self.input.add(row * self.input_row),
                    rows: chunk.min(self.rows - row),
                    ..*self
                };
                for (first, end) in tiles(self.outputs, S::WIDE) {
                    for (index, offsets) in self.offsets.chunks(3).enumerate() {
                        let sums = &mut sums.values[index * 3 * pitch + first..];
                        match offsets.len() {
                            3 => part.outputs_of::<S, 3>(first, end - first, offsets, sums, pitch),
                            2 => part.outputs_of::<S, 2>(first, end - first, offsets, sums, pitch),
                            _ => part.outputs_of::<S, 1>(first, end - first, offsets, sums, pitch),
                        }
                    }
                }
            }
            row += chunk;
        }
    }

    #[inline(always)]
    unsafe fn outputs_of<S: Simd, const OFFSETS: usize>(
        &self,
        first: usize,
        outputs: usize,
        offsets: &[usize],
        sums: &mut [f32],
        pitch: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match (S::WIDE, outputs) {
                (true, 8) => self.tile::<S, 8, OFFSETS>(first, offsets, sums, pitch),
                (true, 7) => self.tile::<S, 7, OFFSETS>(first, offsets, sums, pitch),
                (true, 6) => self.tile::<S, 6, OFFSETS>(first, offsets, sums, pitch),
                (true, 5) => self.tile::<S, 5, OFFSETS>(first, offsets, sums, pitch),
                (_, 4) => self.tile::<S, 4, OFFSETS>(first, offsets, sums, pitch),
                (_, 3) => self.tile::<S, 3, OFFSETS>(first, offsets, sums, pitch),
                (_, 2) => self.tile::<S, 2, OFFSETS>(first, offsets, sums, pitch),
                (_, 1) => self.tile::<S, 1, OFFSETS>(first, offsets, sums, pitch),
                (_, outputs) => {
                    // Twelve accumulators: no more than four outputs at three offsets.
                    self.tile::<S, 3, OFFSETS>(first, offsets, sums, pitch);
                    let sums = &mut sums[3..];
                    if outputs == 6 {
                        self.tile::<S, 3, OFFSETS>(first + 3, offsets, sums, pitch);
                    } else {
                        self.tile::<S, 2, OFFSETS>(first + 3, offsets, sums, pitch);
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, const OUTPUTS: usize, const OFFSETS: usize>(
        &self,
        first: usize,
        offsets: &[usize],
        sums: &mut [f32],
        pitch: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut products = [[S::splat(0.0); OUTPUTS]; OFFSETS];
            for row in 0..self.rows {
                let gradient = self.gradient.add(first * self.gradient_pitch + row * self.gradient_row);
                let mut inputs = [self.input; OFFSETS];
                for k in 0..OFFSETS {
                    inputs[k] = self.input.add(row * self.input_row + offsets[k]);
                }
                let mut at = 0;
                while at < self.len {
                    let mut x = [S::splat(0.0); OFFSETS];
                    for k in 0..OFFSETS {
                        x[k] = S::load(inputs[k].add(at));
                    }
                    for output in 0..OUTPUTS {
                        let g = S::load(gradient.add(output * self.gradient_pitch + at));
                        for k in 0..OFFSETS {
                            products[k][output] = S::mul_add(g, x[k], products[k][output]);
                        }
                    }
                    at += S::WIDTH;
                }
            }
            let zero = S::splat(0.0);
            for k in 0..OFFSETS {
                let sums = &mut sums[k * pitch..][..OUTPUTS.next_multiple_of(4)];
                for output in (0..OUTPUTS).step_by(4) {
                    let product = |index: usize| if index < OUTPUTS { products[k][index] } else { zero };
                    let four =
                        [product(output), product(output + 1), product(output + 2), product(output + 3)];
                    for (sum, total) in sums[output..].iter_mut().zip(S::sum4(four)) {
                        *sum += total;
                    }
                }
            }
        }
    }
}
