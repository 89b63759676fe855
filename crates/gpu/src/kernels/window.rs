//! The geometry of a convolution's passes, and how a pass is cut into cubes and units.

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
    pub(super) fn chunk(&self) -> usize {
        let one = self.shape.kernel * self.shape.kernel * self.quads;
        (SHARED / one).clamp(1, self.source()[0])
    }

    /// Where the source rows of a unit begin, in source rows from `first row * stride` (or `/ stride`), and how
    /// many there are.
    pub(super) fn source_rows(&self) -> (isize, usize) {
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
    pub(super) fn source_row(&self, row: usize, tap: usize) -> Option<usize> {
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
