//! The inner loop of the weight gradient: a few output channels times three shifted inputs, kept in registers over
//! all the pixels of a few rows.

use super::correlate::tiles;
use super::forward::InputWindow;
use super::geometry::Geometry;
use super::gradient_window::GradientWindow;
use super::winograd::{self, Rows};
use super::winograd_gradient::{FrequencySums, StripRows};
use crate::buffer::Buffer;
use crate::simd::{Kernel, LANES, Simd};

/// The weight gradient of a block as it grows, span by span.
pub(crate) enum WeightSums {
    /// Sums at the taps of the kernel, by group.
    Direct { geometry: Geometry, window: InputWindow, offsets: Vec<usize>, sums: Vec<ProductSums> },
    /// Sums at the frequencies of a strip, and a row of zeros for what lies beyond the planes.
    Winograd { geometry: Geometry, sums: FrequencySums, zeros: Buffer },
}

impl WeightSums {
    /// Nothing yet; spans will be of at most `rows` rows.
    pub(crate) fn new(geometry: Geometry, rows: usize) -> Self {
        let Geometry { groups, inputs, outputs, kernel, stride, width, .. } = geometry;
        if geometry.is_winograd() {
            let sums = FrequencySums::new(inputs, outputs, width);
            return Self::Winograd { geometry, sums, zeros: Buffer::zeros(width * LANES) };
        }
        let window = InputWindow::new(geometry, (rows - 1) * stride + kernel);
        let mut offsets = Vec::with_capacity(inputs * geometry.taps());
        for input in 0..inputs {
            for tap in 0..geometry.taps() {
                let (ky, kx) = (tap / kernel, tap % kernel);
                offsets.push(ky * window.slot + input * window.pitch + geometry.column(kx));
            }
        }
        let sums = (0..groups).map(|_| ProductSums::new(outputs, offsets.len())).collect();
        Self::Direct { geometry, window, offsets, sums }
    }

    /// Adds the span that the gradient's window is at.
    ///
    /// # Safety
    /// The instruction set of `S` is present and `input` is a block of the geometry's.
    #[inline(always)]
    pub(crate) unsafe fn add<S: Simd>(&mut self, input: &[f32], gradient: &GradientWindow) {
        let (first, end) = gradient.span();
        match self {
            Self::Direct { geometry, window, offsets, sums } => {
                let Geometry { outputs, inputs, height, stride, kernel, padding, .. } = *geometry;
                for slot in 0..(end - first - 1) * stride + kernel {
                    match (first * stride + slot).checked_sub(padding).filter(|row| *row < height) {
                        Some(row) => window.read(input, row, slot),
                        None => window.clear(slot),
                    }
                }
                for (group, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: both windows hold the span's rows and, of the input, those that their taps meet.
                    unsafe {
                        S::call(AddProducts {
                            products: Products {
                                gradient: gradient.row(first).add(group * outputs * gradient.pitch()),
                                gradient_pitch: gradient.pitch(),
                                gradient_row: gradient.row_pitch(),
                                outputs,
                                input: window.values.as_ptr().add(group * inputs * window.pitch),
                                input_row: stride * window.slot,
                                offsets,
                                rows: end - first,
                                len: geometry.out_width() * LANES,
                            },
                            sums,
                        });
                    }
                }
            }
            Self::Winograd { geometry, sums, zeros } => {
                let Geometry { height, width, .. } = *geometry;
                let row = width * LANES;
                let mut strips = Vec::with_capacity((end - first).div_ceil(winograd::SIDE));
                for y in (first..end).step_by(winograd::SIDE) {
                    let top = y as isize - 1;
                    let input = |y: usize| (input[y * row..].as_ptr(), height * row);
                    // Of the gradient, only the four rows in the middle are looked at.
                    let span = |at: usize| {
                        let inside = (y..end).contains(&at);
                        if inside { (gradient.row(at), gradient.pitch()) } else { (zeros.as_ptr(), 0) }
                    };
                    strips.push(StripRows {
                        input: Rows::new(top, height, zeros, input),
                        gradient: Rows::new(top, height, zeros, span),
                    });
                }
                // SAFETY: the rows are those of the block and of the window.
                unsafe { sums.add::<S>(&strips) };
            }
        }
    }

    /// `[output][input of the group][tap]`
    ///
    /// # Safety
    /// The instruction set of `S` is present.
    #[inline(always)]
    pub(crate) unsafe fn into_weights<S: Simd>(self) -> Vec<f32> {
        match self {
            // SAFETY: this function's contract.
            Self::Winograd { sums, .. } => unsafe { sums.weights::<S>() },
            Self::Direct { geometry, offsets, sums, .. } => {
                let mut weights = Vec::with_capacity(geometry.weights());
                for sums in &sums {
                    for output in 0..geometry.outputs {
                        weights.extend((0..offsets.len()).map(|offset| sums.get(output, offset)));
                    }
                }
                weights
            }
        }
    }
}

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
        // A vector more than is used: sums are read by the vector.
        Self { values: vec![0.0; offsets * Self::pitch(outputs) + LANES], outputs }
    }

    fn pitch(outputs: usize) -> usize {
        outputs + 4
    }

    /// Where the sums of an offset begin for outputs from `output` on: a vector can be read there.
    pub(crate) fn at(&self, output: usize, offset: usize) -> *const f32 {
        self.values[offset * Self::pitch(self.outputs) + output..][..LANES].as_ptr()
    }

    /// The sum for an output and an offset.
    pub(crate) fn get(&self, output: usize, offset: usize) -> f32 {
        self.values[offset * Self::pitch(self.outputs) + output]
    }
}

/// Adds products to sums. On top of what [`Kernel`] asks for: every row read lies within the windows.
pub(crate) struct AddProducts<'a> {
    pub(crate) products: Products<'a>,
    pub(crate) sums: &'a mut ProductSums,
}

impl Kernel for AddProducts<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: this function's contract.
        unsafe { self.products.add_to::<S>(self.sums) };
    }
}

impl Products<'_> {
    #[inline(always)]
    unsafe fn add_to<S: Simd>(&self, sums: &mut ProductSums) {
        debug_assert_eq!(sums.outputs, self.outputs);
        let pitch = ProductSums::pitch(self.outputs);
        let chunk = (CHUNK_VECTORS * LANES / self.len).max(1);
        let mut row = 0;
        while row < self.rows {
            // SAFETY: the rows from `row` are rows of this product; the rest is this function's contract.
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
        // SAFETY: this function's contract.
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
        // SAFETY: this function's contract.
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
