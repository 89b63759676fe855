//! The gradient of a convolution's weights, as partial sums over parts of the batch.
//!
//! A cube owns four output channels, a few input channels and some rows of the kernel, all taps in registers of
//! every unit; its units share the pixels of the part. At the end the units' sums are added in their order, so the
//! result repeats to the bit. The optimiser adds the parts.

use cubecl::prelude::*;

use super::conv::ConvShape;

/// The weight gradient as the kernel is specialised for it.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct WeightTile {
    pub(crate) shape: ConvShape,
    /// Output rows of a column that are loaded together.
    pub(crate) rows: usize,
    /// Input channels a cube owns.
    pub(crate) inputs: usize,
    /// Rows of the kernel a cube owns.
    pub(crate) taps: usize,
}

/// Units of a cube.
pub(crate) const UNITS: usize = 64;
/// Vectors of four sums a unit may hold.
const REGISTERS: usize = 25;

impl WeightTile {
    pub(crate) fn new(shape: ConvShape) -> Self {
        let kernel = shape.kernel;
        let taps = (REGISTERS / kernel).clamp(1, kernel);
        let inputs = (REGISTERS.min(18) / (taps * kernel)).clamp(1, shape.inputs.min(8));
        Self { shape, rows: 4, inputs, taps }
    }

    /// Cubes over tiles of weights.
    pub(crate) fn tiles(&self) -> usize {
        let shape = &self.shape;
        shape.outputs.div_ceil(4) * shape.inputs.div_ceil(self.inputs) * shape.kernel.div_ceil(self.taps)
    }

    /// Groups of rows that the units of a part share, for a batch of `images`.
    pub(crate) fn bands(&self, images: usize) -> usize {
        images * self.shape.out_height.div_ceil(self.rows) * self.shape.out_width
    }
}

/// # Shapes
/// - x: `[trainings, inputs, images, height, width]`
/// - gradient: `[trainings, outputs, images, out_height, out_width]`
/// - partial: `[parts, trainings, n_parameters]`, with the weights `[outputs, inputs, kernel, kernel]` at `weight_at`
#[cube(launch_unchecked)]
pub(crate) fn weight_gradient(
    x: &[f32],
    gradient: &[f32],
    partial: &mut [f32],
    images: usize,
    trainings: usize,
    n_parameters: usize,
    weight_at: usize,
    parts: usize,
    #[comptime] tile: WeightTile,
) {
    let shape = comptime!(tile.shape);
    let rows = comptime!(tile.rows);
    let inputs = comptime!(tile.inputs);
    let taps = comptime!(tile.taps);
    let kernel = comptime!(shape.kernel);
    let stride = comptime!(shape.stride);
    let padding = comptime!(shape.padding);
    let n_rows = comptime!((rows - 1) * stride + taps);
    let n_sums = comptime!(inputs * taps * kernel);

    let unit = UNIT_POS as usize;
    let training = CUBE_POS_Z as usize;
    let part = CUBE_POS_Y as usize;
    let input_groups = comptime!(shape.inputs.div_ceil(inputs));
    let tap_groups = comptime!(shape.kernel.div_ceil(taps));
    let group = CUBE_POS_X as usize;
    let first_tap = (group % tap_groups) * taps;
    let first_input = ((group / tap_groups) % input_groups) * inputs;
    let first_output = (group / comptime!(tap_groups * input_groups)) * 4;

    let x_plane = comptime!(shape.height * shape.width);
    let g_plane = comptime!(shape.out_height * shape.out_width);
    let x_channel = images * x_plane;
    let g_channel = images * g_plane;
    let x_base = training * comptime!(shape.inputs) * x_channel;
    let g_base = training * comptime!(shape.outputs) * g_channel;

    let mut sums = Array::<Vector<f32, Const<4>>>::new(n_sums);
    #[unroll]
    for i in 0..n_sums {
        sums[i] = Vector::<f32, Const<4>>::new(0.0f32);
    }

    let row_bands = comptime!(shape.out_height.div_ceil(rows));
    let n_bands = images * comptime!(row_bands * shape.out_width);
    let share = (n_bands + parts - 1) / parts;
    let mut band = part * share + unit;
    let mut end = part * share + share;
    if end > n_bands {
        end = n_bands;
    }
    while band < end {
        let column = band % comptime!(shape.out_width);
        let rest = band / comptime!(shape.out_width);
        let row = (rest % row_bands) * rows;
        let image = rest / row_bands;

        // The output's gradient: [rows] of four channels.
        let mut g = Array::<Vector<f32, Const<4>>>::new(rows);
        #[unroll]
        for r in 0..rows {
            let mut vector = Vector::<f32, Const<4>>::new(0.0f32);
            #[unroll]
            for lane in 0..4 {
                let channel = first_output + lane;
                let exists = channel < comptime!(shape.outputs) && row + r < comptime!(shape.out_height);
                let index = g_base
                    + channel * g_channel
                    + image * g_plane
                    + (row + r) * comptime!(shape.out_width)
                    + column;
                let value = gradient[select(exists, index, 0usize)];
                vector.insert(lane, select(exists, value, 0.0f32));
            }
            g[r] = vector;
        }

        let top = (row * stride + first_tap) as i32 - comptime!(padding as i32);
        #[unroll]
        for input in 0..inputs {
            let channel = first_input + input;
            let base = x_base + channel * x_channel + image * x_plane;
            #[unroll]
            for tap_column in 0..kernel {
                let column_at =
                    column as i32 * comptime!(stride as i32) + comptime!(tap_column as i32 - padding as i32);
                let column_is = column_at >= 0
                    && column_at < comptime!(shape.width as i32)
                    && channel < comptime!(shape.inputs);
                let mut loaded = Array::<f32>::new(n_rows);
                #[unroll]
                for r in 0..n_rows {
                    let row_at = top + comptime!(r as i32);
                    let exists = column_is && row_at >= 0 && row_at < comptime!(shape.height as i32);
                    let index = base as i32 + row_at * comptime!(shape.width as i32) + column_at;
                    let value = x[select(exists, index, 0i32) as usize];
                    loaded[r] = select(exists, value, 0.0f32);
                }
                #[unroll]
                for tap_row in 0..taps {
                    let at = comptime!((input * taps + tap_row) * kernel + tap_column);
                    #[unroll]
                    for r in 0..rows {
                        let value = loaded[comptime!(r * stride + tap_row)];
                        sums[at] = fma(Vector::<f32, Const<4>>::new(value), g[r], sums[at]);
                    }
                }
            }
        }
        band += UNITS;
    }

    // Units' sums to shared memory; then each unit adds those of its weights, in the order of units.
    let mut shared = Shared::<[Vector<f32, Const<4>>]>::new_slice(comptime!(UNITS * n_sums));
    #[unroll]
    for i in 0..n_sums {
        shared[unit * n_sums + i] = sums[i];
    }
    sync_cube();
    let mut at = unit;
    while at < n_sums {
        let mut total = Vector::<f32, Const<4>>::new(0.0f32);
        for other in 0..UNITS {
            total += shared[other * n_sums + at];
        }
        let tap_column = at % kernel;
        let tap_row = (at / kernel) % taps + first_tap;
        let input = at / comptime!(kernel * taps) + first_input;
        if input < comptime!(shape.inputs) && tap_row < kernel {
            #[unroll]
            for lane in 0..4 {
                let output = first_output + lane;
                if output < comptime!(shape.outputs) {
                    let weight =
                        ((output * comptime!(shape.inputs) + input) * kernel + tap_row) * kernel + tap_column;
                    partial[(part * trainings + training) * n_parameters + weight_at + weight] =
                        total.extract(lane);
                }
            }
        }
        at += UNITS;
    }
}
