//! The gradient of a convolution's weights, as partial sums over parts of the batch.
//!
//! A cube owns some output and input channels. It takes bands of rows of one image after the other: the input (with
//! the border that the kernel reaches, as zeros) and the output's gradient go to shared memory, then each unit adds
//! to the weights of four output channels, a few input channels and all their taps, in registers. Where the weights
//! need fewer units than the cube has, slices of units share the pixels; their sums are added in order, so the result
//! repeats to the bit. The optimiser adds the parts.

use cubecl::prelude::*;

use super::weight_tile::{COLUMNS, WeightTile};

/// Loads that a unit has under way while it fills shared memory.
const LOADS: usize = 8;

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
    let (across, down) = comptime!((tile.across, tile.down));
    let kernel = comptime!(shape.kernel);
    let stride = comptime!(shape.stride);
    let padding = comptime!(shape.padding);
    let n_sums = comptime!(inputs * taps * kernel);
    let units = comptime!(tile.units());
    let (input_stride, output_stride) = comptime!((tile.input_stride(), tile.output_stride()));
    let [seen_rows, seen_columns] = comptime!(tile.seen());
    let row_quads = comptime!(shape.out_width.div_ceil(COLUMNS));
    let columns = comptime!(row_quads * COLUMNS);
    let (input_groups, tap_groups) = comptime!((tile.input_groups(), tile.tap_groups()));

    let unit = UNIT_POS as usize;
    let training = CUBE_POS_Z as usize;
    let part = CUBE_POS_Y as usize;
    let group = CUBE_POS_X as usize;
    let first_tap = (group % tap_groups) * taps;
    let first_input = ((group / tap_groups) % input_groups) * comptime!(inputs * across);
    let first_output = (group / comptime!(tap_groups * input_groups)) * comptime!(4 * down);

    // The unit's weights: output channels `4 * own_down ..`, input channels `own_across, own_across + across, ..`.
    let slice = unit / comptime!(across * down);
    let own = unit % comptime!(across * down);
    let own_across = own % across;
    let own_down = own / across;

    let x_plane = comptime!(shape.height * shape.width);
    let g_plane = comptime!(shape.out_height * shape.out_width);
    let x_base = training * comptime!(shape.inputs) * images * x_plane;
    let g_base = training * comptime!(shape.outputs) * images * g_plane;

    let mut shared_x = Shared::<[f32]>::new_slice(comptime!(inputs * across * input_stride));
    let mut shared_g = Shared::<[Vector<f32, Const<4>>]>::new_slice(comptime!(tile.exchange()));
    let mut sums = Array::<Vector<f32, Const<4>>>::new(n_sums);
    #[unroll]
    for i in 0..n_sums {
        sums[i] = Vector::<f32, Const<4>>::new(0.0f32);
    }

    let image_bands = comptime!(shape.out_height.div_ceil(rows));
    let n_bands = images * image_bands;
    let share = (n_bands + parts - 1) / parts;
    let mut band = part * share;
    let mut end = band + share;
    if end > n_bands {
        end = n_bands;
    }
    while band < end {
        let image = band / image_bands;
        let row = (band % image_bands) * rows;
        sync_cube();

        let top = (row * stride + first_tap) as i32 - comptime!(padding as i32);
        // Loads of a round are all under way before the first is waited for.
        let n_seen = comptime!(inputs * across * seen_rows * seen_columns);
        for round in 0..comptime!(n_seen.div_ceil(units * LOADS)) {
            let mut values = Array::<f32>::new(LOADS);
            #[unroll]
            for load in 0..LOADS {
                let at = (round * LOADS + load) * units + unit;
                let from_column = (at % seen_columns) as i32 - comptime!(padding as i32);
                let from_row = top + ((at / seen_columns) % seen_rows) as i32;
                let channel = at / comptime!(seen_columns * seen_rows);
                let exists = from_row >= 0
                    && from_row < comptime!(shape.height as i32)
                    && from_column >= 0
                    && from_column < comptime!(shape.width as i32)
                    && first_input + channel < comptime!(shape.inputs);
                let plane = x_base + ((first_input + channel) * images + image) * x_plane;
                let index = plane as i32 + from_row * comptime!(shape.width as i32) + from_column;
                let value = x[select(exists, index, 0i32) as usize];
                values[load] = select(exists, value, 0.0f32);
            }
            #[unroll]
            for load in 0..LOADS {
                let at = (round * LOADS + load) * units + unit;
                if at < n_seen {
                    let channel = at / comptime!(seen_columns * seen_rows);
                    shared_x[at + channel * comptime!(input_stride - seen_rows * seen_columns)] =
                        values[load];
                }
            }
        }
        let mut at = unit;
        while at < comptime!(down * rows * columns) {
            let column = at % columns;
            let own_row = (at / columns) % rows;
            let quad = at / comptime!(columns * rows);
            let mut vector = Vector::<f32, Const<4>>::new(0.0f32);
            #[unroll]
            for lane in 0..4 {
                let channel = first_output + quad * 4 + lane;
                let exists = channel < comptime!(shape.outputs)
                    && row + own_row < comptime!(shape.out_height)
                    && column < comptime!(shape.out_width);
                let plane = g_base + (channel * images + image) * g_plane;
                let index = plane + (row + own_row) * comptime!(shape.out_width) + column;
                let value = gradient[select(exists, index, 0usize)];
                vector.insert(lane, select(exists, value, 0.0f32));
            }
            shared_g[quad * output_stride + own_row * columns + column] = vector;
            at += units;
        }
        sync_cube();

        if slice < comptime!(tile.slices) {
            let mut quad = slice;
            while quad < comptime!(tile.quads()) {
                let column = (quad % row_quads) * COLUMNS;
                let own_row = quad / row_quads;
                let g_at = own_down * output_stride + own_row * columns + column;
                let mut g = Array::<Vector<f32, Const<4>>>::new(COLUMNS);
                #[unroll]
                for c in 0..COLUMNS {
                    g[c] = shared_g[g_at + c];
                }
                #[unroll]
                for input in 0..inputs {
                    let x_at = (own_across + comptime!(input * across)) * input_stride
                        + own_row * comptime!(stride * seen_columns)
                        + column * stride;
                    #[unroll]
                    for tap_row in 0..taps {
                        let n_loaded = comptime!((COLUMNS - 1) * stride + kernel);
                        let mut loaded = Array::<f32>::new(n_loaded);
                        #[unroll]
                        for c in 0..n_loaded {
                            loaded[c] = shared_x[x_at + comptime!(tap_row * seen_columns + c)];
                        }
                        #[unroll]
                        for tap_column in 0..kernel {
                            let sum = comptime!((input * taps + tap_row) * kernel + tap_column);
                            #[unroll]
                            for c in 0..COLUMNS {
                                let value = loaded[comptime!(c * stride + tap_column)];
                                sums[sum] = fma(Vector::<f32, Const<4>>::new(value), g[c], sums[sum]);
                            }
                        }
                    }
                }
                quad += comptime!(tile.slices);
            }
        }
        band += 1;
    }

    // A round exchanges as many sums of every unit as fit where the gradient was.
    let round = comptime!(tile.exchange() / units);
    #[unroll]
    for i in 0..n_sums {
        let mut total = sums[i];
        if comptime!(tile.slices > 1) {
            if comptime!(i % round == 0) {
                sync_cube();
                #[unroll]
                for j in 0..comptime!(round.min(n_sums - i)) {
                    shared_g[unit + comptime!(j * units)] = sums[comptime!(i + j)];
                }
                sync_cube();
            }
            #[unroll]
            for other in 1..comptime!(tile.slices) {
                total += shared_g[own + comptime!(other * across * down + (i % round) * units)];
            }
        }
        let tap_column = comptime!(i % kernel);
        let tap_row = comptime!((i / kernel) % taps) + first_tap;
        let input = first_input + own_across + comptime!(i / (kernel * taps) * across);
        if slice == 0 && input < comptime!(shape.inputs) && tap_row < kernel {
            #[unroll]
            for lane in 0..4 {
                let output = first_output + own_down * 4 + lane;
                if output < comptime!(shape.outputs) {
                    let pair = output * comptime!(shape.inputs) + input;
                    let weight = (pair * kernel + tap_row) * kernel + tap_column;
                    partial[(part * trainings + training) * n_parameters + weight_at + weight] =
                        total.extract(lane);
                }
            }
        }
    }
}
