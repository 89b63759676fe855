//! The inner loop of the weight gradient: a few output channels times three shifted inputs, kept in registers over
//! all the pixels of a few rows.

use super::correlate::tiles;
use crate::simd::Simd;

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

impl Products<'_> {
    /// Adds the sums to `sums[output][offset]`.
    ///
    /// # Safety
    /// The instruction set of `S` is present, and every row read lies within the windows.
    #[inline(always)]
    pub(crate) unsafe fn add_to<S: Simd>(&self, sums: &mut [f32]) {
        debug_assert_eq!(sums.len(), self.outputs * self.offsets.len());
        for (index, offsets) in self.offsets.chunks(3).enumerate() {
            for (first, end) in tiles(self.outputs, S::WIDE) {
                let sums = &mut sums[first * self.offsets.len() + index * 3..];
                // SAFETY: the caller's promise.
                unsafe {
                    match offsets.len() {
                        3 => self.outputs_of::<S, 3>(first, end - first, offsets, sums),
                        2 => self.outputs_of::<S, 2>(first, end - first, offsets, sums),
                        _ => self.outputs_of::<S, 1>(first, end - first, offsets, sums),
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn outputs_of<S: Simd, const OFFSETS: usize>(
        &self,
        first: usize,
        outputs: usize,
        offsets: &[usize],
        sums: &mut [f32],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match (S::WIDE, outputs) {
                (true, 8) => self.tile::<S, 8, OFFSETS>(first, offsets, sums),
                (true, 7) => self.tile::<S, 7, OFFSETS>(first, offsets, sums),
                (_, 6) => {
                    if S::WIDE {
                        self.tile::<S, 6, OFFSETS>(first, offsets, sums);
                    } else {
                        self.tile::<S, 3, OFFSETS>(first, offsets, sums);
                        self.tile::<S, 3, OFFSETS>(first + 3, offsets, &mut sums[3 * self.offsets.len()..]);
                    }
                }
                (_, 5) => {
                    if S::WIDE {
                        self.tile::<S, 5, OFFSETS>(first, offsets, sums);
                    } else {
                        self.tile::<S, 3, OFFSETS>(first, offsets, sums);
                        self.tile::<S, 2, OFFSETS>(first + 3, offsets, &mut sums[3 * self.offsets.len()..]);
                    }
                }
                (_, 4) => self.tile::<S, 4, OFFSETS>(first, offsets, sums),
                (_, 3) => self.tile::<S, 3, OFFSETS>(first, offsets, sums),
                (_, 2) => self.tile::<S, 2, OFFSETS>(first, offsets, sums),
                _ => self.tile::<S, 1, OFFSETS>(first, offsets, sums),
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, const OUTPUTS: usize, const OFFSETS: usize>(
        &self,
        first: usize,
        offsets: &[usize],
        sums: &mut [f32],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut products = [[S::splat(0.0); OFFSETS]; OUTPUTS];
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
                            products[output][k] = S::mul_add(g, x[k], products[output][k]);
                        }
                    }
                    at += S::WIDTH;
                }
            }
            for output in 0..OUTPUTS {
                for k in 0..OFFSETS {
                    sums[output * self.offsets.len() + k] += S::sum(products[output][k]);
                }
            }
        }
    }
}
