//! The inner loop of the forward pass and of the input gradient: a few output channels times a few vectors of
//! pixels, kept in registers over all taps and input channels.

use crate::simd::{Kernel, Simd, level_is_wide};

/// A kernel tap: where its pixels begin in the window, and its position in the packed weights.
#[derive(Clone, Copy)]
pub(crate) struct Tap {
    pub(crate) offset: usize,
    pub(crate) index: usize,
}

/// How `outputs` are shared out among register tiles: as evenly as possible, at most as many as registers allow.
#[inline(always)]
pub(crate) fn tiles(outputs: usize, wide: bool) -> impl Iterator<Item = (usize, usize)> {
    let count = outputs.div_ceil(if wide { 8 } else { 6 });
    (0..count).map(move |tile| (tile * outputs / count, (tile + 1) * outputs / count))
}

/// Weights in the order the inner loop reads them: group, tile of outputs, tap, input, output.
#[derive(Debug)]
pub(crate) struct Packed {
    values: Vec<f32>,
    group: usize,
}

impl Packed {
    /// `weight(group, output, input, tap)` gives each value.
    pub(crate) fn new(
        groups: usize,
        outputs: usize,
        inputs: usize,
        taps: usize,
        weight: impl Fn(usize, usize, usize, usize) -> f32,
    ) -> Self {
        let group_len = outputs * inputs * taps;
        let mut values = Vec::with_capacity(groups * group_len);
        for group in 0..groups {
            for (first, end) in tiles(outputs, level_is_wide()) {
                for tap in 0..taps {
                    for input in 0..inputs {
                        values.extend((first..end).map(|output| weight(group, output, input, tap)));
                    }
                }
            }
        }
        Self { values, group: group_len }
    }

    /// Values that are in this order already, so many a group.
    pub(crate) fn of(values: Vec<f32>, group: usize) -> Self {
        Self { values, group }
    }

    /// The weights of a group.
    pub(crate) fn group(&self, group: usize) -> &[f32] {
        &self.values[group * self.group..][..self.group]
    }
}

/// One row of the output: `output[o] = bias[o] + sum over taps and inputs of weight * window`.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    /// The window's first float for this row, and the floats from one input channel to the next.
    pub(crate) window: *const f32,
    pub(crate) pitch: usize,
    pub(crate) inputs: usize,
    pub(crate) taps: &'a [Tap],
    /// The packed weights of the group, for `taps_packed` taps.
    pub(crate) weights: &'a [f32],
    pub(crate) taps_packed: usize,
    pub(crate) bias: Option<&'a [f32]>,
    /// The row's first float in the first output channel, and the floats from one channel to the next.
    pub(crate) output: *mut f32,
    pub(crate) output_pitch: usize,
    pub(crate) outputs: usize,
    /// Floats of the row: whole vectors.
    pub(crate) len: usize,
}

/// Computes the row. On top of what [`Kernel`] asks for: every tap is valid in the window for `inputs` channels and
/// `len` floats; the output is valid for `outputs` channels and `len` floats; the weights are packed for `S`.
impl Kernel for Row<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        for (first, end) in tiles(self.outputs, S::WIDE) {
            // SAFETY: `first..end` are outputs of this row, and the rest is this function's contract.
            unsafe {
                match (S::WIDE, end - first) {
                    (true, 8) => self.tile::<S, 8, 3>(first),
                    (true, 7) => self.tile::<S, 7, 3>(first),
                    (true, 6) => self.tile::<S, 6, 4>(first),
                    (true, 5) => self.tile::<S, 5, 4>(first),
                    (true, 4) => self.tile::<S, 4, 6>(first),
                    (true, 3) => self.tile::<S, 3, 6>(first),
                    (true, 2) => self.tile::<S, 2, 6>(first),
                    (true, _) => self.tile::<S, 1, 6>(first),
                    (false, 6) => self.tile::<S, 6, 2>(first),
                    (false, 5) => self.tile::<S, 5, 2>(first),
                    (false, 4) => self.tile::<S, 4, 3>(first),
                    (false, 3) => self.tile::<S, 3, 4>(first),
                    (false, 2) => self.tile::<S, 2, 6>(first),
                    (false, _) => self.tile::<S, 1, 6>(first),
                }
            }
        }
    }
}

impl Row<'_> {
    #[inline(always)]
    unsafe fn tile<S: Simd, const OUTPUTS: usize, const VECTORS: usize>(&self, first: usize) {
        let vectors = self.len / S::WIDTH;
        let mut vector = 0;
        // SAFETY: vectors beyond `len` are never touched; the rest is this function's contract.
        unsafe {
            while vector + VECTORS <= vectors {
                self.registers::<S, OUTPUTS, VECTORS>(first, vector);
                vector += VECTORS;
            }
            while vector + 2 <= vectors {
                self.registers::<S, OUTPUTS, 2>(first, vector);
                vector += 2;
            }
            while vector < vectors {
                self.registers::<S, OUTPUTS, 1>(first, vector);
                vector += 1;
            }
        }
    }

    #[inline(always)]
    unsafe fn registers<S: Simd, const OUTPUTS: usize, const VECTORS: usize>(
        &self,
        first: usize,
        vector: usize,
    ) {
        // SAFETY: the caller keeps `vector` within `len`, and every pointer within this function's contract.
        unsafe {
            let mut sums = [[S::splat(0.0); VECTORS]; OUTPUTS];
            if let Some(bias) = self.bias {
                for output in 0..OUTPUTS {
                    sums[output] = [S::splat(*bias.get_unchecked(first + output)); VECTORS];
                }
            }
            let weights = self.weights.as_ptr().add(first * self.taps_packed * self.inputs);
            let window = self.window.add(vector * S::WIDTH);
            for tap in self.taps {
                let mut weight = weights.add(tap.index * self.inputs * OUTPUTS);
                let mut pixels = window.add(tap.offset);
                for _ in 0..self.inputs {
                    let mut x = [S::splat(0.0); VECTORS];
                    for v in 0..VECTORS {
                        x[v] = S::load(pixels.add(v * S::WIDTH));
                    }
                    for output in 0..OUTPUTS {
                        let w = S::splat(*weight.add(output));
                        for v in 0..VECTORS {
                            sums[output][v] = S::mul_add(w, x[v], sums[output][v]);
                        }
                    }
                    weight = weight.add(OUTPUTS);
                    pixels = pixels.add(self.pitch);
                }
            }
            let output = self.output.add(first * self.output_pitch + vector * S::WIDTH);
            for o in 0..OUTPUTS {
                for v in 0..VECTORS {
                    S::store(output.add(o * self.output_pitch + v * S::WIDTH), sums[o][v]);
                }
            }
        }
    }
}
