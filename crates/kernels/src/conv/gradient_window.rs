//! A few rows of the gradient of a convolution's output, computed as they are needed.

use super::geometry::Geometry;
use super::winograd;
use crate::buffer::Buffer;
use crate::simd::{LANES, Simd};

/// What the window may take of the second-level cache, in floats.
const WINDOW_FLOATS: usize = (192 << 10) / size_of::<f32>();

/// The gradient of the convolution's output, row by row.
pub(crate) trait GradientRows {
    /// Writes a row of a channel.
    ///
    /// # Safety
    /// The instruction set of `S` is present.
    unsafe fn write<S: Simd>(&self, channel: usize, row: usize, to: &mut [f32]);
}

/// Consecutive rows, all channels of a row together, with zero columns on both sides. It moves down the plane by a
/// span of rows at a time and keeps, on both sides of the span, the rows that the span's input gradient meets.
pub(crate) struct GradientWindow {
    geometry: Geometry,
    values: Buffer,
    channels: usize,
    /// Rows of a span, and rows beyond it on either side.
    rows: usize,
    halo: usize,
    /// The span.
    first: usize,
    end: usize,
    /// The rows that are there.
    begin: usize,
    stop: usize,
}

/// The rows of a span: whole strips, as many as fit into the cache. Where not even one row does, a strip all the same
/// if strips are what reads the window, and else a row; never more than there are.
fn span_rows(geometry: &Geometry) -> usize {
    let row = geometry.groups * geometry.outputs * geometry.gradient_pitch();
    let least = if geometry.is_winograd() { winograd::SIDE } else { 1 };
    (WINDOW_FLOATS / row).next_multiple_of(winograd::SIDE).max(least).min(geometry.out_height())
}

impl GradientWindow {
    /// A window before the first row.
    pub(crate) fn new(geometry: Geometry, for_input_gradient: bool) -> Self {
        let channels = geometry.groups * geometry.outputs;
        let rows = span_rows(&geometry);
        let halo = if for_input_gradient { (geometry.kernel - 1).div_ceil(geometry.stride) } else { 0 };
        let values = Buffer::zeros((rows + 2 * halo) * channels * geometry.gradient_pitch());
        Self { geometry, values, channels, rows, halo, first: 0, end: 0, begin: 0, stop: 0 }
    }

    /// The most rows of a span.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The first row of the span and the one after its last.
    pub(crate) fn span(&self) -> (usize, usize) {
        (self.first, self.end)
    }

    /// Floats from one channel of a row to the next.
    pub(crate) fn pitch(&self) -> usize {
        self.geometry.gradient_pitch()
    }

    /// Floats from one row to the next.
    pub(crate) fn row_pitch(&self) -> usize {
        self.channels * self.pitch()
    }

    /// Where a row begins, its left border included. What lies where a row is not would be rows of another place:
    /// asked for in every build, a few times a row.
    pub(crate) fn start(&self, row: usize) -> usize {
        assert!((self.begin..self.stop).contains(&row), "row {row} must be in the window");
        (row - self.begin) * self.row_pitch()
    }

    /// The first float of the window.
    pub(crate) fn as_ptr(&self) -> *const f32 {
        self.values.as_ptr()
    }

    /// The first pixel of a row, all of which is in the window.
    pub(crate) fn row(&self, row: usize) -> *const f32 {
        self.values[self.start(row)..][..self.row_pitch()][self.geometry.gradient_left() * LANES..].as_ptr()
    }

    /// Moves on to the next span; false when there is none.
    ///
    /// # Safety
    /// The instruction set of `S` is present.
    #[inline(always)]
    pub(crate) unsafe fn advance<S: Simd>(&mut self, source: &impl GradientRows) -> bool {
        let out_height = self.geometry.out_height();
        self.first = self.end;
        self.end = (self.first + self.rows).min(out_height);
        let begin = self.first.saturating_sub(self.halo);
        let stop = (self.end + self.halo).min(out_height);
        let row = self.row_pitch();
        self.values.copy_within(
            (begin - self.begin) * row..(self.stop - self.begin).max(begin - self.begin) * row,
            0,
        );
        self.begin = begin;
        let len = self.geometry.out_width() * LANES;
        for y in self.stop..stop {
            for channel in 0..self.channels {
                let at = (y - begin) * row + channel * self.pitch() + self.geometry.gradient_left() * LANES;
                // SAFETY: this function's contract.
                unsafe { source.write::<S>(channel, y, &mut self.values[at..][..len]) };
            }
        }
        self.stop = stop;
        self.first < out_height
    }

    /// Adds the sum of every channel over the span.
    ///
    /// # Safety
    /// The instruction set of `S` is present.
    #[inline(always)]
    pub(crate) unsafe fn add_totals<S: Simd>(&self, totals: &mut [f32]) {
        let len = self.geometry.out_width() * LANES;
        for row in self.first..self.end {
            for (channel, total) in totals.iter_mut().enumerate() {
                let at = self.start(row) + channel * self.pitch() + self.geometry.gradient_left() * LANES;
                // SAFETY: every chunk is one vector long.
                unsafe {
                    let mut sum = S::splat(0.0);
                    for vector in self.values[at..][..len].chunks_exact(S::WIDTH) {
                        sum = S::add(sum, S::load(vector.as_ptr()));
                    }
                    *total += S::sum(sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A span that does not end the plane ends with a strip, or a strip would look at rows that the window has
        /// not reached.
        #[test]
        fn a_span_is_whole_strips_or_all_there_is(
            (inputs, outputs) in (1usize..1500, 1usize..1500), height in 1usize..400, width in 1usize..400,
            batch in 1usize..70, (kernel, padding) in prop::sample::select(vec![(1, 0), (3, 1), (5, 2), (3, 0)]),
            stride in 1usize..4, depthwise: bool,
        ) {
            prop_assume!(kernel <= height.min(width) + 2 * padding);
            let (groups, inputs, outputs) = if depthwise { (outputs, 1, 1) } else { (1, inputs, outputs) };
            let geometry =
                Geometry { batch, groups, inputs, outputs, height, width, kernel, stride, padding };
            let rows = span_rows(&geometry);
            prop_assert!((1..=geometry.out_height()).contains(&rows));
            let whole = rows.is_multiple_of(winograd::SIDE) || rows == geometry.out_height();
            prop_assert!(whole || (rows == 1 && !geometry.is_winograd()), "{rows} rows");
        }
    }
}
