use super::MAX_LANES;
use crate::Shape;
use crate::ops::{Activation, Conv as ConvOp, Pool};

/// What a step computes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kernel<N> {
    /// A convolution, then its activation.
    Conv(Conv<N>),
    /// The sum of values of one shape, then an activation.
    Sum(Nonlinearity),
    /// The channels of several values, one after the other.
    Concat,
    /// The largest number of each window.
    MaxPool(Window),
    /// The mean of each window, without the border.
    AvgPool(Window),
    /// The mean of each channel's plane.
    GlobalAvgPool,
    /// The first value, each channel times the second's.
    Gate,
}

/// A convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv<N> {
    /// How it slides.
    pub window: Window,
    /// Groups of channels that share no weights.
    pub groups: usize,
    /// What follows.
    pub activation: Nonlinearity,
    /// Its numbers, or where they come from.
    pub numbers: N,
}

/// Where a convolution's numbers come from: a node of the graph, and what they are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The node.
    pub node: usize,
    /// What they are.
    pub part: Part,
}

/// What a convolution's numbers are in their node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A convolution's own.
    Conv,
    /// The norm of a sum.
    Norm,
    /// A matrix.
    Dense,
    /// The matrix of channel attention that makes fewer channels.
    Reduce,
    /// The matrix of channel attention that makes all of them again.
    Expand,
}

/// A window that slides over a plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its rows and columns.
    pub size: (usize, usize),
    /// Its step in rows and columns.
    pub stride: usize,
    /// Rows and columns added on each side.
    pub padding: usize,
}

/// A pointwise nonlinearity of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nonlinearity {
    /// None.
    Linear,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
    /// `x * sigmoid(x)`
    Swish,
    /// `1 / (1 + exp(-x))`, of channel attention.
    Sigmoid,
}

impl<N> Kernel<N> {
    /// What follows the kernel's sums.
    pub fn activation(&self) -> Nonlinearity {
        match self {
            Kernel::Conv(conv) => conv.activation,
            Kernel::Sum(activation) => *activation,
            Kernel::Concat
            | Kernel::MaxPool(_)
            | Kernel::AvgPool(_)
            | Kernel::GlobalAvgPool
            | Kernel::Gate => Nonlinearity::Linear,
        }
    }
}

impl<N> Conv<N> {
    /// Whether each output channel reads the input channel of its number, and no other.
    pub fn is_depthwise(&self, from: Shape, to: Shape) -> bool {
        self.groups == from.channels && self.groups == to.channels
    }

    /// Whether it is depthwise and there are several channels: a kernel of its own on a device.
    pub fn is_alone(&self, from: Shape, to: Shape) -> bool {
        self.groups > 1 && self.is_depthwise(from, to)
    }

    /// Whether Winograd's F(4x4, 3x3) is to compute it where a processor has vectors of floats: it can, and its transforms cost less than
    /// the multiplications that they save.
    pub fn is_winograd(&self, from: Shape, to: Shape) -> bool {
        /// The outputs' side of a tile.
        const SIDE: usize = 4;
        /// Tiles that are multiplied with the same weights at once: there are so many at least.
        const AT_ONCE: usize = 4;
        let is_possible = self.window.size == (3, 3)
            && self.window.stride == 1
            && self.groups == 1
            && from.channels >= MAX_LANES
            && to.channels >= MAX_LANES;
        let tiles = to.height.div_ceil(SIDE) * to.width.div_ceil(SIDE);
        is_possible && tiles >= AT_ONCE && {
            // In multiplications of vectors, as measured on a Zen 4 with AVX2.
            let (inputs, outputs) = (from.channels.div_ceil(MAX_LANES), to.channels.div_ceil(MAX_LANES));
            let products = from.channels * outputs;
            let direct = 9 * to.height * to.width * products;
            tiles * (40 * products + 400 * inputs + 180 * outputs) < direct
        }
    }
}

impl From<Activation> for Nonlinearity {
    fn from(activation: Activation) -> Self {
        match activation {
            Activation::Linear => Nonlinearity::Linear,
            Activation::Relu => Nonlinearity::Relu,
            Activation::Relu6 => Nonlinearity::Relu6,
            Activation::Swish => Nonlinearity::Swish,
        }
    }
}

impl Window {
    /// One number.
    pub const POINT: Self = Self { size: (1, 1), stride: 1, padding: 0 };

    /// A whole plane.
    pub fn whole(shape: Shape) -> Self {
        Self { size: (shape.height, shape.width), stride: 1, padding: 0 }
    }

    pub(super) fn of_pool(pool: &Pool) -> Self {
        Self { size: (pool.kernel, pool.kernel), stride: pool.stride, padding: pool.padding() }
    }

    pub(super) fn of_conv(conv: &ConvOp) -> Self {
        Self { size: (conv.kernel, conv.kernel), stride: conv.stride, padding: conv.padding() }
    }

    /// Where a window at this output position begins and ends along a side: the rows or columns of the input that it
    /// covers, and which of its own the first one is.
    pub fn covered(&self, position: usize, size: usize, length: usize) -> (std::ops::Range<usize>, usize) {
        let start = position * self.stride;
        let first = start.saturating_sub(self.padding);
        let end = (start + size).saturating_sub(self.padding).min(length);
        (first..end.max(first), (first + self.padding) - start)
    }
}
