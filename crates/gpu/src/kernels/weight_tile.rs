//! How the gradient of a convolution's weights is cut into cubes and units.

use super::window::ConvShape;

/// The weight gradient as the kernel is specialised for it.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct WeightTile {
    pub(crate) shape: ConvShape,
    /// Output rows of a band.
    pub(crate) rows: usize,
    /// Input channels of a unit.
    pub(crate) inputs: usize,
    /// Rows of the kernel of a unit, and of a cube.
    pub(crate) taps: usize,
    /// Units over input channels, and over output channels in fours.
    pub(crate) across: usize,
    pub(crate) down: usize,
    /// Units that share the pixels of a band.
    pub(crate) slices: usize,
}

/// Units of a small cube, at most; a large one has twice as many.
const UNITS: usize = 128;
/// Vectors of four sums a unit may hold.
const REGISTERS: usize = 25;
/// Numbers in shared memory, at most; slices need some more to exchange their sums. A device has 8192 at least.
const SHARED: usize = 7168;
const SHARED_WITH_SLICES: usize = 8192;
/// Columns of a row that a unit takes together.
pub(super) const COLUMNS: usize = 4;

impl WeightTile {
    /// The tile with the fewest idle units; of equals the smaller, as more cubes are under way then.
    pub(crate) fn new(shape: ConvShape) -> Self {
        let idle = |tile: &Self| tile.units() - tile.across * tile.down * tile.slices;
        let (small, large) = (Self::of_units(shape, UNITS), Self::of_units(shape, 2 * UNITS));
        if idle(&large) * small.units() < idle(&small) * large.units() { large } else { small }
    }

    fn of_units(shape: ConvShape, units: usize) -> Self {
        let kernel = shape.kernel;
        let taps = (REGISTERS / kernel).clamp(1, kernel);
        let inputs = (18 / (taps * kernel)).clamp(1, shape.inputs.min(4));
        let all_down = shape.outputs.div_ceil(4);
        let all_across = shape.inputs.div_ceil(inputs);
        let down = balanced(all_down, 10);
        let across = balanced(all_across, units / down);
        let mut tile = Self { shape, rows: 4, inputs, taps, across, down, slices: 1 };
        while tile.rows > 1 && tile.shared() > SHARED {
            tile.rows /= 2;
        }
        while tile.across > 1 && tile.shared() > SHARED {
            tile.across = balanced(all_across, tile.across - 1);
        }
        tile.slices = (units / (tile.across * tile.down)).clamp(1, tile.quads());
        while tile.slices > 1 && tile.shared() > SHARED_WITH_SLICES {
            tile.slices -= 1;
        }
        tile
    }

    /// Cubes over weights.
    pub(crate) fn groups(&self) -> usize {
        self.input_groups() * self.tap_groups() * self.shape.outputs.div_ceil(4 * self.down)
    }

    /// Bands of a batch of `images`.
    pub(crate) fn bands(&self, images: usize) -> usize {
        images * self.shape.out_height.div_ceil(self.rows)
    }

    /// Units of a cube.
    pub(crate) fn units(&self) -> usize {
        (self.across * self.down * self.slices).next_multiple_of(32)
    }

    pub(super) fn input_groups(&self) -> usize {
        self.shape.inputs.div_ceil(self.inputs * self.across)
    }

    pub(super) fn tap_groups(&self) -> usize {
        self.shape.kernel.div_ceil(self.taps)
    }

    /// Groups of columns in a band.
    pub(super) fn quads(&self) -> usize {
        self.rows * self.shape.out_width.div_ceil(COLUMNS)
    }

    /// Rows and columns of the input that a band sees.
    pub(super) fn seen(&self) -> [usize; 2] {
        let ConvShape { kernel, stride, out_width, .. } = self.shape;
        let columns = out_width.next_multiple_of(COLUMNS);
        [(self.rows - 1) * stride + self.taps, (columns - 1) * stride + kernel]
    }

    /// Numbers from one input channel to the next in shared memory: odd, so that neighbours lie in other banks.
    pub(super) fn input_stride(&self) -> usize {
        let [rows, columns] = self.seen();
        (rows * columns) | 1
    }

    /// Vectors from four output channels to the next four.
    pub(super) fn output_stride(&self) -> usize {
        (self.quads() * COLUMNS) | 1
    }

    /// Vectors in shared memory for the gradient, and for sums that units exchange.
    pub(super) fn exchange(&self) -> usize {
        (self.down * self.output_stride()).max(3 * self.units())
    }

    /// Numbers in shared memory.
    fn shared(&self) -> usize {
        self.inputs * self.across * self.input_stride() + 4 * self.exchange()
    }
}

/// The length of equal pieces of `total` that are at most `most` long.
fn balanced(total: usize, most: usize) -> usize {
    total.div_ceil(total.div_ceil(most.max(1)))
}
