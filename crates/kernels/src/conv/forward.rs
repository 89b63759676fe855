//! The forward pass of one block of images: rows are copied once into a small padded window, from which every
//! output row is computed.

use super::Weights;
use super::correlate::{Row, Tap};
use super::geometry::Geometry;
use super::winograd::{self, Rows, Strip};
use crate::activation;
use crate::buffer::Buffer;
use crate::moments::Moments;
use crate::simd::{Kernel, LANES, Simd};
use netsynth_graph::Activation;

/// The convolution of one block.
pub(crate) struct ForwardBlock<'a> {
    pub(crate) geometry: Geometry,
    /// `[channels][height][width][LANES]`
    pub(crate) input: &'a [f32],
    pub(crate) weights: &'a Weights,
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) activation: Activation,
    /// `[channels][out height][out width][LANES]`
    pub(crate) output: &'a mut [f32],
    /// Gathers the moments of the output.
    pub(crate) moments: Option<Moments>,
}

impl Kernel for ForwardBlock<'_> {
    type Output = Option<Moments>;

    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) -> Option<Moments> {
        let geometry = self.geometry;
        let (out_height, row) = (geometry.out_height(), geometry.out_width() * LANES);
        let channels = geometry.groups * geometry.outputs;
        let plane = out_height * row;
        assert_eq!(self.input.len(), geometry.input_block());
        assert_eq!(self.output.len(), channels * plane);
        let (step, mut strip) = match self.weights {
            Weights::Direct(_) => (1, None),
            Weights::Winograd(_) => {
                (winograd::SIDE, Some(Strip::new(geometry.inputs, geometry.outputs, geometry.width)))
            }
        };
        let zeros = Buffer::zeros(row);
        let mut window = InputWindow::new(geometry, geometry.kernel);
        let mut taps = Vec::with_capacity(geometry.taps());
        for y in (0..out_height).step_by(step) {
            let top = (y * geometry.stride) as isize - geometry.padding as isize;
            let n_rows = step.min(out_height - y);
            // SAFETY: the window holds the rows that this step meets, of every channel; taps name rows that were
            // just read and columns of the padded width; the assertions above bound the planes.
            unsafe {
                match (self.weights, &mut strip) {
                    (Weights::Winograd(weights), Some(strip)) => {
                        let at = |y: usize| (self.input.as_ptr().add(y * row), plane);
                        let rows = Rows::new(top, geometry.height, &zeros, at);
                        let output = self.output.as_mut_ptr().add(y * row);
                        strip.run::<S>(&rows, weights, self.bias, output, plane, n_rows);
                    }
                    (Weights::Direct(weights) | Weights::Winograd(weights), _) => {
                        window.read_up_to(self.input, top + geometry.kernel as isize);
                        taps.clear();
                        for ky in 0..geometry.kernel {
                            let Some(offset) = window.row(top + ky as isize) else { continue };
                            taps.extend((0..geometry.kernel).map(|kx| Tap {
                                offset: offset + geometry.column(kx),
                                index: ky * geometry.kernel + kx,
                            }));
                        }
                        for group in 0..geometry.groups {
                            S::call(Row {
                                window: window.values.as_ptr().add(group * geometry.inputs * window.pitch),
                                pitch: window.pitch,
                                inputs: geometry.inputs,
                                taps: &taps,
                                weights: weights.group(group),
                                taps_packed: geometry.taps(),
                                bias: self.bias.map(|bias| &bias[group * geometry.outputs..]),
                                output: self
                                    .output
                                    .as_mut_ptr()
                                    .add(group * geometry.outputs * plane + y * row),
                                output_pitch: plane,
                                outputs: geometry.outputs,
                                len: row,
                            });
                        }
                    }
                }
                for channel in 0..channels {
                    let values = &mut self.output[channel * plane + y * row..][..n_rows * row];
                    if let Some(moments) = &mut self.moments {
                        moments.add::<S>(channel, values);
                    }
                    if self.activation != Activation::Linear {
                        activate::<S>(self.activation, values);
                    }
                }
            }
        }
        self.moments
    }
}

/// The activation of every value, in place; whole vectors.
///
/// # Safety
/// The instruction set of `S` is present.
#[inline(always)]
pub(crate) unsafe fn activate<S: Simd>(activation: Activation, values: &mut [f32]) {
    for vector in values.chunks_exact_mut(S::WIDTH) {
        // SAFETY: the chunk is one vector long.
        unsafe { S::store(vector.as_mut_ptr(), activation::apply::<S>(activation, S::load(vector.as_ptr()))) }
    }
}

/// Some consecutive rows of a block of the input, all channels of a row together, with zero columns on both sides
/// and columns of the same phase side by side (see [`Geometry::phase`]). Rows live in slots, `row % slots`.
pub(crate) struct InputWindow {
    geometry: Geometry,
    pub(crate) values: Buffer,
    /// Floats from one channel to the next, and from one slot to the next.
    pub(crate) pitch: usize,
    pub(crate) slot: usize,
    slots: usize,
    /// The first row not read yet.
    next: usize,
}

impl InputWindow {
    pub(crate) fn new(geometry: Geometry, slots: usize) -> Self {
        let pitch = geometry.input_pitch();
        let slot = geometry.groups * geometry.inputs * pitch;
        Self { geometry, values: Buffer::zeros(slots * slot), pitch, slot, slots, next: 0 }
    }

    /// Reads the rows before `end` that were not read yet; only the last `slots` of them.
    pub(crate) fn read_up_to(&mut self, input: &[f32], end: isize) {
        let end = end.clamp(0, self.geometry.height as isize) as usize;
        self.next = self.next.max(end.saturating_sub(self.slots));
        while self.next < end {
            self.read(input, self.next, self.next % self.slots);
            self.next += 1;
        }
    }

    /// Where a row lies that was read, if the input has it.
    #[inline(always)]
    pub(crate) fn row(&self, row: isize) -> Option<usize> {
        (0..self.geometry.height as isize).contains(&row).then(|| row as usize % self.slots * self.slot)
    }

    /// Copies a row of every channel into a slot.
    pub(crate) fn read(&mut self, input: &[f32], row: usize, slot: usize) {
        let Geometry { height, width, padding, stride, .. } = self.geometry;
        let phase = self.geometry.phase();
        for channel in 0..self.geometry.groups * self.geometry.inputs {
            let from = &input[(channel * height + row) * width * LANES..][..width * LANES];
            let to = &mut self.values[slot * self.slot + channel * self.pitch..][..self.pitch];
            if stride == 1 {
                to[padding * LANES..][..width * LANES].copy_from_slice(from);
            } else {
                for (column, pixel) in from.chunks_exact(LANES).enumerate() {
                    let column = column + padding;
                    let at = (column % stride * phase + column / stride) * LANES;
                    to[at..][..LANES].copy_from_slice(pixel);
                }
            }
        }
    }

    /// Zeroes a slot: a row beyond the input.
    pub(crate) fn clear(&mut self, slot: usize) {
        self.values[slot * self.slot..][..self.slot].fill(0.0);
    }
}
