//! Convolution forward, and the gradient of its input: one kernel, as both slide a window over planes.
//!
//! A unit owns `rows` output rows of one column and `4 * quads` output channels, all in registers. Units next to
//! each other own columns next to each other, so loads are coalesced; a loaded row serves every kernel row that
//! sees it. The weights of the cube's output channels wait in shared memory, four output channels a vector.

use cubecl::prelude::*;

/// What a convolution of square kernel computes, for one image.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct ConvShape {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) out_height: usize,
    pub(crate) out_width: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

impl ConvShape {
    /// Weights of the kernel: `[outputs, inputs, kernel, kernel]`.
    pub(crate) fn weights(&self) -> usize {
        self.outputs * self.inputs * self.kernel * self.kernel
    }
}

/// Which way a window slides.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the input to the output.
    Forward,
    /// From the output's gradient to the input's.
    InputGradient,
}

/// A window pass as the kernel is specialised for it.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) shape: ConvShape,
    pub(crate) direction: Direction,
    /// Output rows a unit owns; a multiple of the stride for a gradient.
    pub(crate) rows: usize,
    /// Vectors of four output channels a unit owns.
    pub(crate) quads: usize,
    pub(crate) bias: bool,
}

/// Units of a cube.
pub(crate) const UNITS: usize = 128;
/// Vectors of weights in shared memory, at most: 16 KiB.
const SHARED: usize = 1024;

impl Window {
    /// The window with the register tile that wastes least of the output channels. `few` says that there is too
    /// little work to fill the device with large tiles.
    pub(crate) fn new(shape: ConvShape, direction: Direction, bias: bool, few: bool) -> Self {
        let outputs = match direction {
            Direction::Forward => shape.outputs,
            Direction::InputGradient => shape.inputs,
        };
        let total = outputs.div_ceil(4);
        let most = if few { 2 } else { 5 };
        let waste = |quads: usize| total.div_ceil(quads) * quads;
        let quads = (1..=most.min(total)).rev().min_by_key(|&quads| waste(quads)).unwrap_or(1);
        let rows: usize = if few { 2 } else { 4 };
        let rows = match direction {
            Direction::Forward => rows,
            Direction::InputGradient => rows.next_multiple_of(shape.stride),
        };
        Self { shape, direction, rows, quads, bias }
    }

    /// Channels, rows and columns read, and the same written.
    pub(crate) fn source(&self) -> [usize; 3] {
        let shape = &self.shape;
        match self.direction {
            Direction::Forward => [shape.inputs, shape.height, shape.width],
            Direction::InputGradient => [shape.outputs, shape.out_height, shape.out_width],
        }
    }

    pub(crate) fn target(&self) -> [usize; 3] {
        let shape = &self.shape;
        match self.direction {
            Direction::Forward => [shape.outputs, shape.out_height, shape.out_width],
            Direction::InputGradient => [shape.inputs, shape.height, shape.width],
        }
    }

    /// Cubes over pixels and over output channels, for a batch of `images`.
    pub(crate) fn cubes(&self, images: usize) -> [usize; 2] {
        let [channels, height, width] = self.target();
        let tiles = images * height.div_ceil(self.rows) * width;
        [tiles.div_ceil(UNITS), channels.div_ceil(4 * self.quads)]
    }

    /// Source channels whose weights fit into shared memory together.
    fn chunk(&self) -> usize {
        let one = self.shape.kernel * self.shape.kernel * self.quads;
        (SHARED / one).clamp(1, self.source()[0])
    }

    /// Where the source rows of a unit begin, in source rows from `first row * stride` (or `/ stride`), and how
    /// many there are.
    fn source_rows(&self) -> (isize, usize) {
        let ConvShape { kernel, stride, padding, .. } = self.shape;
        match self.direction {
            Direction::Forward => (-(padding as isize), (self.rows - 1) * stride + kernel),
            Direction::InputGradient => {
                let (rows, kernel, stride, padding) =
                    (self.rows as isize, kernel as isize, stride as isize, padding as isize);
                let first = (padding - kernel + 1).div_euclid(stride);
                let last = (rows - 1 + padding).div_euclid(stride);
                (first, (last - first + 1) as usize)
            }
        }
    }

    /// The source row, counted from the unit's first one, that target row `row` sees through kernel row `tap`.
    fn source_row(&self, row: usize, tap: usize) -> Option<usize> {
        let ConvShape { stride, padding, .. } = self.shape;
        match self.direction {
            Direction::Forward => Some(row * stride + tap),
            Direction::InputGradient => {
                let reached = (row + padding) as isize - tap as isize;
                let aligned = reached.rem_euclid(stride as isize) == 0;
                aligned.then(|| (reached.div_euclid(stride as isize) - self.source_rows().0) as usize)
            }
        }
    }
}

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
