//! The shape of one convolution, and where things lie in the windows its kernels read.

use super::winograd;
use crate::simd::LANES;

/// A square convolution on a blocked feature map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    /// Images.
    pub(crate) batch: usize,
    /// Groups; channels below are those of one group.
    pub(crate) groups: usize,
    /// Input channels of a group.
    pub(crate) inputs: usize,
    /// Output channels of a group.
    pub(crate) outputs: usize,
    /// Input rows.
    pub(crate) height: usize,
    /// Input columns.
    pub(crate) width: usize,
    /// Side of the kernel.
    pub(crate) kernel: usize,
    /// Step, the same both ways.
    pub(crate) stride: usize,
    /// Zeros around the input, less than the kernel's side.
    pub(crate) padding: usize,
}

impl Geometry {
    pub(crate) fn out_height(&self) -> usize {
        (self.height + 2 * self.padding - self.kernel) / self.stride + 1
    }

    pub(crate) fn out_width(&self) -> usize {
        (self.width + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Blocks of [`LANES`] images, the last one possibly part empty.
    pub(crate) fn blocks(&self) -> usize {
        self.batch.div_ceil(LANES)
    }

    pub(crate) fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

    /// Whether Winograd's method applies and pays.
    pub(crate) fn is_winograd(&self) -> bool {
        let same = self.kernel == 3 && self.stride == 1 && self.padding == 1 && self.groups == 1;
        same && winograd::pays(self.inputs, self.outputs)
    }

    /// Whether it pays for a single image, too, whose tiles share a vector: four of them leave most of it empty.
    pub(crate) fn is_winograd_image(&self) -> bool {
        let tiles = self.height.div_ceil(winograd::SIDE) * self.width.div_ceil(winograd::SIDE);
        self.is_winograd() && tiles > 4
    }

    /// Floats of the weights.
    pub(crate) fn weights(&self) -> usize {
        self.groups * self.outputs * self.inputs * self.taps()
    }

    /// Floats of a block of the input.
    pub(crate) fn input_block(&self) -> usize {
        self.groups * self.inputs * self.height * self.width * LANES
    }

    /// Floats of a block of the output.
    pub(crate) fn output_block(&self) -> usize {
        self.groups * self.outputs * self.out_height() * self.out_width() * LANES
    }

    /// Columns of one phase of a padded input row: column j of the padded row lies at `j / stride` of phase
    /// `j % stride`, so that the columns a tap meets are neighbours whatever the stride.
    pub(crate) fn phase(&self) -> usize {
        (self.width + 2 * self.padding).div_ceil(self.stride)
    }

    /// Floats of a padded input row.
    pub(crate) fn input_pitch(&self) -> usize {
        self.stride * self.phase() * LANES
    }

    /// Where the columns that tap column `kx` meets begin in a padded input row.
    pub(crate) fn column(&self, kx: usize) -> usize {
        ((kx % self.stride) * self.phase() + kx / self.stride) * LANES
    }

    /// Zero columns left of a gradient row, for the input gradient.
    pub(crate) fn gradient_left(&self) -> usize {
        (self.kernel - 1 - self.padding).div_ceil(self.stride)
    }

    /// Floats of a padded gradient row.
    pub(crate) fn gradient_pitch(&self) -> usize {
        let last = (self.width - 1 + self.padding) / self.stride;
        (self.gradient_left() + self.out_width().max(last + 1)) * LANES
    }
}
