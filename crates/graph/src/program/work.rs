use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conv, Kernel, Nonlinearity, Program, Step, Window};
use crate::Shape;

/// Steps that a device carries out in the same way, only for longer or shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Routine {
    /// A convolution of one number and one group of channels.
    Pointwise,
    /// A convolution of 3x3 that steps by 1.
    Conv3x3,
    /// One that Winograd's convolution is for. Models of the first version do not know it: it was as any of 3x3.
    Winograd,
    /// A larger or another convolution that steps by 1.
    Conv,
    /// A convolution that steps by more.
    StridedConv,
    /// A convolution of one group that ends in one pixel: a matrix product.
    Dense,
    /// A convolution of each channel alone.
    Depthwise,
    /// A convolution of several groups.
    Grouped,
    /// A sum of values.
    Sum,
    /// Channels behind one another.
    Concat,
    /// The largest number or the mean of windows.
    Pool,
    /// The mean of whole planes.
    Mean,
    /// Channels times numbers.
    Gate,
}

/// What a step does that takes time, for one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// How.
    pub routine: Routine,
    /// Multiply-accumulates, or numbers that are added or compared.
    pub operations: u64,
    /// Bytes that are read and written, each once, in 32-bit floats: of inputs, weights and output.
    pub bytes: u64,
    /// Exponentials.
    pub exponentials: u64,
}

impl Routine {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Pointwise,
        Self::Conv3x3,
        Self::Winograd,
        Self::Conv,
        Self::StridedConv,
        Self::Dense,
        Self::Depthwise,
        Self::Grouped,
        Self::Sum,
        Self::Concat,
        Self::Pool,
        Self::Mean,
        Self::Gate,
    ];

    fn of_conv<N>(conv: &Conv<N>, from: Shape, to: Shape) -> Self {
        if conv.is_depthwise(from, to) && conv.groups > 1 {
            Self::Depthwise
        } else if conv.groups > 1 {
            Self::Grouped
        } else if (to.height, to.width) == (1, 1) && conv.window == Window::whole(from) {
            Self::Dense
        } else if conv.window.stride > 1 {
            Self::StridedConv
        } else {
            match conv.window.size {
                (1, 1) => Self::Pointwise,
                (3, 3) if conv.is_winograd(from, to) => Self::Winograd,
                (3, 3) => Self::Conv3x3,
                _ => Self::Conv,
            }
        }
    }
}

impl Work {
    /// Of a step of a program.
    pub fn of<N>(program: &Program<N>, step: &Step<N>) -> Self {
        let (from, to) = (program.values[step.inputs[0]].shape, program.values[step.output].shape);
        let read: u64 = step.inputs.iter().map(|&input| program.values[input].shape.elements()).sum();
        let written = to.elements();
        let windows = |window: &Window| (window.size.0 * window.size.1) as u64 * written;
        let (routine, operations, constants) = match &step.kernel {
            Kernel::Conv(conv) => {
                let taps = (conv.window.size.0 * conv.window.size.1 * from.channels / conv.groups) as u64;
                let constants = (taps + 1) * to.channels as u64;
                (Routine::of_conv(conv, from, to), taps * written, constants)
            }
            Kernel::Sum(_) => (Routine::Sum, read, 0),
            Kernel::Concat => (Routine::Concat, read, 0),
            Kernel::MaxPool(window) | Kernel::AvgPool(window) => (Routine::Pool, windows(window), 0),
            Kernel::GlobalAvgPool => (Routine::Mean, read, 0),
            Kernel::Gate => (Routine::Gate, written, 0),
        };
        let exponentials = match step.kernel.activation() {
            Nonlinearity::Linear | Nonlinearity::Relu | Nonlinearity::Relu6 => 0,
            Nonlinearity::Swish | Nonlinearity::Sigmoid => written,
        };
        Self { routine, operations, bytes: 4 * (read + written + constants), exponentials }
    }
}
