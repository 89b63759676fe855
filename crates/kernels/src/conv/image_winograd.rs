//! Winograd's F(2x2, 3x3) for a single image: as in [`super::winograd`], but with tiles of 2x2, and the lanes of a
//! vector are neighbouring tiles, so the image is first split into its even and odd rows and columns.

use super::correlate::{Packed, Row, Tap};
use super::geometry::Geometry;
use super::image::{ForwardImage, Window};
use super::winograd_weights::Spread;
use crate::activation;
use crate::buffer::Buffer;
use crate::simd::{LANES, Simd};
use netsynth_graph::Activation;

const FREQUENCIES: usize = 16;

/// What the frequencies of some tiles may take of the second-level cache, in floats.
const TILES_FLOATS: usize = (400 << 10) / size_of::<f32>();

/// Tiles of 2x2 outputs.
pub(crate) struct F2;

impl Spread<4> for F2 {
    #[inline(always)]
    unsafe fn spread<S: Simd>([a, b, c]: [S::V; 3]) -> [S::V; 4] {
        // SAFETY: this function's contract.
        unsafe {
            let half = S::splat(0.5);
            let (plus, minus) = (S::add(S::add(a, b), c), S::add(S::sub(a, b), c));
            [a, S::mul(half, plus), S::mul(half, minus), c]
        }
    }
}

/// Convolves the image.
///
/// # Safety
/// The instruction set of `S` is present, the slices are those of the geometry, and the weights are
/// those of [`F2`].
#[inline(always)]
pub(crate) unsafe fn run<S: Simd>(image: ForwardImage<'_>, weights: &Packed) {
    let Geometry { inputs, outputs, height, width, .. } = image.geometry;
    // Rows and columns of two phases, as a stride of two would have them.
    let window = Window::new(Geometry { stride: 2, ..image.geometry });
    let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
    let tiles = (rows - 1) * window.row + columns;
    let fitting = TILES_FLOATS / (FREQUENCIES * (inputs + outputs));
    let chunk = (fitting / (6 * LANES) * 6 * LANES).max(3 * LANES).min(tiles.next_multiple_of(LANES));
    let mut values = Buffer::zeros(inputs * window.pitch + LANES);
    window.read(image.input, &mut values);
    let mut before = Buffer::stale(FREQUENCIES * (inputs * chunk + LANES));
    let mut after = Buffer::stale(FREQUENCIES * (outputs * chunk + LANES));
    // The four phases of the output of every channel.
    let phase = tiles.next_multiple_of(LANES);
    let mut phases = Buffer::stale(outputs * 4 * phase);
    let mut first = 0;
    while first < tiles {
        let len = chunk.min(phase - first);
        // SAFETY: tiles before `phase` are read from within the window, whose buffer has a line to spare, and
        // written within `phases`; the rest is this function's contract.
        unsafe {
            for input in 0..inputs {
                for at in (0..len).step_by(S::WIDTH) {
                    let from = values.as_ptr().add(input * window.pitch + first + at);
                    read::<S>(
                        &window,
                        from,
                        before.as_mut_ptr().add(input * chunk + at),
                        inputs * chunk + LANES,
                    );
                }
            }
            for frequency in 0..FREQUENCIES {
                S::call(Row {
                    window: before.as_ptr().add(frequency * (inputs * chunk + LANES)),
                    pitch: chunk,
                    inputs,
                    taps: &[Tap { offset: 0, index: 0 }],
                    weights: weights.group(frequency),
                    taps_packed: 1,
                    bias: None,
                    output: after.as_mut_ptr().add(frequency * (outputs * chunk + LANES)),
                    output_pitch: chunk,
                    outputs,
                    len,
                });
            }
            for output in 0..outputs {
                let bias = S::splat(image.bias.map_or(0.0, |bias| bias[output]));
                for at in (0..len).step_by(S::WIDTH) {
                    let from = after.as_ptr().add(output * chunk + at);
                    let to = phases.as_mut_ptr().add(output * 4 * phase + first + at);
                    write::<S>(from, outputs * chunk + LANES, bias, image.activation, to, phase);
                }
            }
        }
        first += len;
    }
    for (phases, plane) in phases.chunks_exact(4 * phase).zip(image.output.chunks_exact_mut(height * width)) {
        for (y, line) in plane.chunks_exact_mut(width).enumerate() {
            let at = y % 2 * 2 * phase + y / 2 * window.row;
            let (even, odd) = (&phases[at..][..columns], &phases[at + phase..][..columns]);
            let pairs = line.chunks_exact_mut(2);
            for ((pair, even), odd) in pairs.zip(even).zip(odd) {
                pair[0] = *even;
                pair[1] = *odd;
            }
            if width % 2 == 1 {
                line[width - 1] = even[columns - 1];
            }
        }
    }
}

/// The frequencies of one vector of tiles, `Bt d B`.
#[inline(always)]
unsafe fn read<S: Simd>(window: &Window, from: *const f32, to: *mut f32, frequency: usize) {
    // SAFETY: this function's contract.
    unsafe {
        let mut columns = [[S::splat(0.0); 4]; 4];
        for j in 0..4 {
            let d0 = S::load(from.add(window.tap(0, j)));
            let d1 = S::load(from.add(window.tap(1, j)));
            let d2 = S::load(from.add(window.tap(2, j)));
            let d3 = S::load(from.add(window.tap(3, j)));
            columns[j] = [S::sub(d0, d2), S::add(d1, d2), S::sub(d2, d1), S::sub(d1, d3)];
        }
        for i in 0..4 {
            let [d0, d1, d2, d3] = [columns[0][i], columns[1][i], columns[2][i], columns[3][i]];
            let to = to.add(4 * i * frequency);
            S::store(to, S::sub(d0, d2));
            S::store(to.add(frequency), S::add(d1, d2));
            S::store(to.add(2 * frequency), S::sub(d2, d1));
            S::store(to.add(3 * frequency), S::sub(d1, d3));
        }
    }
}

/// The outputs of one vector of tiles, `At m A`, by phase.
#[inline(always)]
unsafe fn write<S: Simd>(
    from: *const f32,
    frequency: usize,
    bias: S::V,
    activation: Activation,
    to: *mut f32,
    phase: usize,
) {
    // SAFETY: this function's contract.
    unsafe {
        let mut upper = [S::splat(0.0); 4];
        let mut lower = upper;
        for j in 0..4 {
            let m0 = S::load(from.add(j * frequency));
            let m1 = S::load(from.add((4 + j) * frequency));
            let m2 = S::load(from.add((8 + j) * frequency));
            let m3 = S::load(from.add((12 + j) * frequency));
            upper[j] = S::add(S::add(m0, m1), m2);
            lower[j] = S::sub(S::sub(m1, m2), m3);
        }
        for (row, m) in [upper, lower].into_iter().enumerate() {
            let m1 = S::add(m[1], bias);
            let to = to.add(2 * row * phase);
            S::store(to, activation::apply::<S>(activation, S::add(S::add(m[0], m1), m[2])));
            S::store(to.add(phase), activation::apply::<S>(activation, S::sub(S::sub(m1, m[2]), m[3])));
        }
    }
}
