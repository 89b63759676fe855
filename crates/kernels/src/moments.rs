//! Mean and variance of a channel, gathered in pieces and put together in a fixed order.

use crate::simd::{LANES, Simd};

/// Which lanes of a block hold images, as factors.
pub(crate) fn lane_mask(batch: usize, block: usize) -> [f32; LANES] {
    std::array::from_fn(|lane| if block * LANES + lane < batch { 1.0 } else { 0.0 })
}

/// The moments of a block's channels: sums of deviations from a pivot, so that nothing cancels where the mean is
/// large against the deviation. The pivot is the first value met.
pub(crate) struct Moments {
    mask: [f32; LANES],
    pivots: Vec<Option<f32>>,
    sums: Vec<f64>,
    squares: Vec<f64>,
    counts: Vec<f64>,
}

impl Moments {
    pub(crate) fn new(channels: usize, mask: [f32; LANES]) -> Self {
        Self {
            mask,
            pivots: vec![None; channels],
            sums: vec![0.0; channels],
            squares: vec![0.0; channels],
            counts: vec![0.0; channels],
        }
    }

    /// Adds whole pixels of a channel; a few rows at most, as they are first summed in single precision.
    ///
    /// # Safety
    /// The instruction set of `S` is present.
    #[inline(always)]
    pub(crate) unsafe fn add<S: Simd>(&mut self, channel: usize, values: &[f32]) {
        let pivot = *self.pivots[channel].get_or_insert(values[0]);
        // SAFETY: every chunk is one vector long.
        unsafe {
            let pivot = S::splat(pivot);
            let (mut sum, mut square) = (S::splat(0.0), S::splat(0.0));
            for pixel in values.chunks_exact(LANES) {
                for (mask, vector) in self.mask.chunks_exact(S::WIDTH).zip(pixel.chunks_exact(S::WIDTH)) {
                    let x = S::mul(S::sub(S::load(vector.as_ptr()), pivot), S::load(mask.as_ptr()));
                    sum = S::add(sum, x);
                    square = S::mul_add(x, x, square);
                }
            }
            self.sums[channel] += f64::from(S::sum(sum));
            self.squares[channel] += f64::from(S::sum(square));
        }
        self.counts[channel] += (values.len() / LANES) as f64 * self.mask.iter().sum::<f32>() as f64;
    }

    /// Count, mean and sum of squared deviations from the mean.
    fn of(&self, channel: usize) -> (f64, f64, f64) {
        let count = self.counts[channel];
        let shift = self.sums[channel] / count;
        let mean = f64::from(self.pivots[channel].unwrap_or_default()) + shift;
        (count, mean, (self.squares[channel] - shift * self.sums[channel]).max(0.0))
    }
}

/// The mean and biased variance of every channel over all blocks, by Chan, Golub and LeVeque's pairwise update.
pub(crate) fn combine(blocks: &[Moments]) -> (Vec<f32>, Vec<f32>) {
    let channels = blocks.first().map_or(0, |block| block.sums.len());
    (0..channels)
        .map(|channel| {
            let (count, mean, deviation) = blocks.iter().map(|block| block.of(channel)).fold(
                (0.0, 0.0, 0.0),
                |(count, mean, deviation), (more, other, other_deviation)| {
                    let total: f64 = count + more;
                    let distance = other - mean;
                    (
                        total,
                        mean + distance * more / total,
                        deviation + other_deviation + distance * distance * count * more / total,
                    )
                },
            );
            (mean as f32, (deviation / count) as f32)
        })
        .unzip()
}
