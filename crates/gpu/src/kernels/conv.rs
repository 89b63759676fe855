//! Convolution forward, and the gradient of its input: one kernel, as both slide a window over planes.
//!
//! A unit owns `rows` output rows of one column and `4 * quads` output channels, all in registers. Units next to
//! each other own columns next to each other, so loads are coalesced; a loaded row serves every kernel row that
//! sees it. The weights of the cube's output channels wait in shared memory, four output channels a vector.

use cubecl::prelude::*;

use super::window::{Direction, UNITS, Window};

/// # Shapes
/// - source: `[trainings, channels, images, rows, columns]` of [`Window::source`]
/// - parameters: `[trainings, n_parameters]`, with the weights `[outputs, inputs, kernel, kernel]` at `weight_at`
///   and the biases at `bias_at`
/// - target: as the source, of [`Window::target`]
#[cube(launch_unchecked)]
pub(crate) fn slide(
    source: &[f32],
    parameters: &[f32],
    target: &mut [f32],
    images: usize,
    n_parameters: usize,
    weight_at: usize,
    bias_at: usize,
    #[comptime] pass: Window,
) {
    let [channels, source_height, source_width] = comptime!(pass.source());
    let [target_channels, target_height, target_width] = comptime!(pass.target());
    let kernel = comptime!(pass.shape.kernel);
    let stride = comptime!(pass.shape.stride);
    let padding = comptime!(pass.shape.padding);
    let rows = comptime!(pass.rows);
    let quads = comptime!(pass.quads);
    let chunk = comptime!(pass.chunk());
    let (first_row, n_rows) = comptime!(pass.source_rows());
    let forward = comptime!(pass.direction == Direction::Forward);

    let unit = UNIT_POS as usize;
    let training = CUBE_POS_Z as usize;
    let first_channel = CUBE_POS_Y as usize * comptime!(4 * quads);
    let weights = training * n_parameters + weight_at;

    // Which column of which image, and the first of its rows.
    let tile = CUBE_POS_X as usize * UNITS + unit;
    let bands = comptime!(target_height.div_ceil(rows));
    let n_tiles = images * comptime!(bands * target_width);
    let inside = tile < n_tiles;
    let tile = select(inside, tile, 0usize);
    let column = tile % target_width;
    let band = tile / target_width;
    let row = (band % bands) * rows;
    let image = band / bands;

    let plane = comptime!(source_height * source_width);
    let source_channel = images * plane;
    let source_image = training * channels * source_channel + image * plane;

    // The rows this unit reads, each with whether it exists.
    let mut row_at = Array::<i32>::new(n_rows);
    let mut row_is = Array::<bool>::new(n_rows);
    #[unroll]
    for r in 0..n_rows {
        let start = if forward { row * stride } else { row / stride };
        let at = start as i32 + comptime!(first_row as i32 + r as i32);
        row_is[r] = at >= 0 && at < comptime!(source_height as i32);
        row_at[r] = at * comptime!(source_width as i32);
    }

    let mut sums = Array::<Vector<f32, Const<4>>>::new(comptime!(rows * quads));
    #[unroll]
    for i in 0..comptime!(rows * quads) {
        sums[i] = Vector::<f32, Const<4>>::new(0.0f32);
    }

    let mut shared = Shared::<[Vector<f32, Const<4>>]>::new_slice(comptime!(chunk * kernel * kernel * quads));
    let n_chunks = comptime!(channels.div_ceil(chunk));
    for number in 0..n_chunks {
        let first = number * chunk;
        // Stage the weights as [source channel, kernel column, kernel row, quad].
        sync_cube();
        let n_vectors = comptime!(chunk * kernel * kernel * quads);
        let mut at = unit;
        while at < n_vectors {
            let quad = at % quads;
            let tap_row = (at / quads) % kernel;
            let tap_column = (at / comptime!(quads * kernel)) % kernel;
            let channel = first + at / comptime!(quads * kernel * kernel);
            let mut vector = Vector::<f32, Const<4>>::new(0.0f32);
            #[unroll]
            for lane in 0..4 {
                let other = first_channel + quad * 4 + lane;
                let exists = channel < channels && other < target_channels;
                let pair = if forward {
                    other * comptime!(pass.shape.inputs) + channel
                } else {
                    channel * comptime!(pass.shape.inputs) + other
                };
                let index = weights + pair * comptime!(kernel * kernel) + tap_row * kernel + tap_column;
                let value = parameters[select(exists, index, 0usize)];
                vector.insert(lane, select(exists, value, 0.0f32));
            }
            shared[at] = vector;
            at += UNITS;
        }
        sync_cube();

        let mut last = first + chunk;
        if last > channels {
            last = channels.runtime();
        }
        for channel in first..last {
            let base = source_image + channel * source_channel;
            #[unroll]
            for tap_column in 0..kernel {
                let mut column_is = inside;
                let column_at = if forward {
                    column as i32 * comptime!(stride as i32) + comptime!(tap_column as i32 - padding as i32)
                } else {
                    let reached = column as i32 + comptime!(padding as i32 - tap_column as i32);
                    if comptime!(stride > 1) {
                        column_is = column_is && reached >= 0 && reached % comptime!(stride as i32) == 0;
                    }
                    reached / comptime!(stride as i32)
                };
                column_is = column_is && column_at >= 0 && column_at < comptime!(source_width as i32);

                let mut loaded = Array::<f32>::new(n_rows);
                #[unroll]
                for r in 0..n_rows {
                    let exists = column_is && row_is[r];
                    let index = base as i32 + row_at[r] + column_at;
                    // A branch, which becomes a predicated load; two selects around a load cost half as much again.
                    let mut value = 0.0f32;
                    if exists {
                        value = source[index as usize];
                    }
                    loaded[r] = value;
                }
                let vectors = ((channel - first) * kernel + tap_column) * comptime!(kernel * quads);
                #[unroll]
                for tap_row in 0..kernel {
                    #[unroll]
                    for quad in 0..quads {
                        let weight = shared[vectors + comptime!(tap_row * quads + quad)];
                        #[unroll]
                        for r in 0..rows {
                            let seen = comptime!(pass.source_row(r, tap_row));
                            if comptime!(seen.is_some()) {
                                let value = loaded[comptime!(seen.unwrap_or_default())];
                                sums[comptime!(r * quads + quad)] = fma(
                                    Vector::<f32, Const<4>>::new(value),
                                    weight,
                                    sums[comptime!(r * quads + quad)],
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    if inside {
        let target_plane = comptime!(target_height * target_width);
        #[unroll]
        for quad in 0..quads {
            #[unroll]
            for lane in 0..4 {
                let channel = first_channel + comptime!(quad * 4 + lane);
                if channel < target_channels {
                    let mut bias = 0.0f32;
                    if comptime!(pass.bias) {
                        bias = parameters[training * n_parameters + bias_at + channel];
                    }
                    let plane_at = ((training * target_channels + channel) * images + image) * target_plane;
                    #[unroll]
                    for r in 0..rows {
                        if row + r < target_height {
                            let value = sums[comptime!(r * quads + quad)].extract(lane) + bias;
                            target[plane_at + (row + r) * target_width + column] = value;
                        }
                    }
                }
            }
        }
    }
}
