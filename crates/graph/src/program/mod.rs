//! A network as the steps of a program: what a device carries out, and what it takes of the device.
//!
//! Operators are lowered to few kernels: batch norm is folded into a convolution, a Dense is a convolution as large as what it
//! reads, the norm of a sum a depthwise convolution, channel attention a mean, two convolutions and a product, and a dropout
//! nothing. Values lie in one arena.

mod arena;
mod device_model;
mod kernel;
mod lowering;
mod memory;
mod work;

pub use arena::Lifetime;
pub use device_model::{DeviceModel, Largest, ModelError, Rates};
pub use kernel::{Conv, Kernel, Nonlinearity, Part, Source, Window};
pub use memory::{GROUP, MAX_LANES, Memory};
pub use work::{Routine, Work};

use crate::{Graph, Shape};

/// A network as steps on values, each of which has its place in one arena. `N` is what a convolution has of its numbers.
#[derive(Debug, Clone)]
pub struct Program<N> {
    /// The image, which is the first, and then the output of each step.
    pub values: Vec<Value>,
    /// What is computed, in order. The last one gives the logits.
    pub steps: Vec<Step<N>>,
    /// How many numbers the arena has.
    pub arena: usize,
}

/// Numbers that one step writes and others read.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// A name that no other value has.
    pub name: String,
    /// Channels, rows, columns.
    pub shape: Shape,
    /// Where its numbers begin in the arena.
    pub offset: usize,
}

/// One kernel on values.
#[derive(Debug, Clone)]
pub struct Step<N> {
    /// What is computed.
    pub kernel: Kernel<N>,
    /// The numbers of the values that it reads.
    pub inputs: Vec<usize>,
    /// The number of the value that it writes.
    pub output: usize,
    /// Where in the arena the lines begin that a window slides over, if they have a border: see [`Program::kept`].
    pub lines: usize,
}

impl Program<Source> {
    /// The steps of a network, with the arena planned.
    pub fn new(graph: &Graph) -> Self {
        let mut program = lowering::lowered(graph);
        program.place();
        program
    }

    /// The same with a convolution's numbers, made of where they come from, what the convolution reads and what it writes.
    ///
    /// # Errors
    /// The first error of `numbers`.
    pub fn with<N, E>(
        self,
        mut numbers: impl FnMut(&Conv<Source>, Shape, Shape) -> Result<N, E>,
    ) -> Result<Program<N>, E> {
        let Self { values, steps, arena } = self;
        let steps = steps.into_iter().map(|Step { kernel, inputs, output, lines }| {
            let (from, to) = (values[inputs[0]].shape, values[output].shape);
            let kernel = match kernel {
                Kernel::Conv(conv) => Kernel::Conv(Conv {
                    numbers: numbers(&conv, from, to)?,
                    window: conv.window,
                    groups: conv.groups,
                    activation: conv.activation,
                }),
                Kernel::Sum(activation) => Kernel::Sum(activation),
                Kernel::Concat => Kernel::Concat,
                Kernel::MaxPool(window) => Kernel::MaxPool(window),
                Kernel::AvgPool(window) => Kernel::AvgPool(window),
                Kernel::GlobalAvgPool => Kernel::GlobalAvgPool,
                Kernel::Gate => Kernel::Gate,
            };
            Ok(Step { kernel, inputs, output, lines })
        });
        let steps = steps.collect::<Result<_, E>>()?;
        Ok(Program { values, steps, arena })
    }
}

impl<N> Program<N> {
    /// The steps at which each value is written and last read; the logits live on.
    pub fn lifetimes(&self) -> Vec<Lifetime> {
        let mut lifetimes: Vec<Lifetime> = (0..self.values.len())
            .map(|value| Lifetime { first: value.saturating_sub(1), last: value.saturating_sub(1) })
            .collect();
        for (number, step) in self.steps.iter().enumerate() {
            for &input in &step.inputs {
                lifetimes[input].last = number;
            }
        }
        lifetimes
    }

    /// How many numbers a convolution keeps beside its input and output: as many lines of the image as its window has rows, with
    /// a border, so that every window is whole; of several groups one's lines at a time. One of one group without a border
    /// reads the image itself, and so does one of each channel alone.
    pub fn kept(&self, step: &Step<N>) -> usize {
        let (from, to) = (self.values[step.inputs[0]].shape, self.values[step.output].shape);
        match &step.kernel {
            Kernel::Conv(conv)
                if !conv.is_alone(from, to) && (conv.window.padding > 0 || conv.groups > 1) =>
            {
                conv.window.size.0 * (from.width + 2 * conv.window.padding) * from.channels / conv.groups
            }
            Kernel::Conv(_)
            | Kernel::Sum(_)
            | Kernel::Concat
            | Kernel::MaxPool(_)
            | Kernel::AvgPool(_)
            | Kernel::GlobalAvgPool
            | Kernel::Gate => 0,
        }
    }

    /// The value in whose place a step may write: one that it reads number by number and nobody reads later.
    pub fn overwritten(&self, number: usize, lifetimes: &[Lifetime]) -> Option<usize> {
        let step = &self.steps[number];
        let candidates = match &step.kernel {
            Kernel::Sum(_) => step.inputs.as_slice(),
            Kernel::Gate => &step.inputs[..1],
            Kernel::Conv(conv) => {
                let (from, to) = (self.values[step.inputs[0]].shape, self.values[step.output].shape);
                let is_pointwise = conv.window == Window::POINT;
                if is_pointwise && conv.is_depthwise(from, to) { &step.inputs[..1] } else { &[] }
            }
            Kernel::Concat | Kernel::MaxPool(_) | Kernel::AvgPool(_) | Kernel::GlobalAvgPool => &[],
        };
        candidates.iter().copied().find(|&input| lifetimes[input].last == number)
    }

    fn place(&mut self) {
        let lifetimes = self.lifetimes();
        // Values that share a place are one buffer.
        let mut buffer_of: Vec<usize> = vec![0];
        let mut buffers = vec![(lifetimes[0], self.values[0].shape.elements() as usize)];
        for number in 0..self.steps.len() {
            let value = self.steps[number].output;
            match self.overwritten(number, &lifetimes) {
                Some(input) => {
                    let buffer = buffer_of[input];
                    buffers[buffer].0.last = lifetimes[value].last;
                    buffer_of.push(buffer);
                }
                None => {
                    buffer_of.push(buffers.len());
                    buffers.push((lifetimes[value], self.values[value].shape.elements() as usize));
                }
            }
        }
        let n_values = buffers.len();
        for (number, step) in self.steps.iter().enumerate() {
            buffers.push((Lifetime { first: number, last: number }, self.kept(step)));
        }
        let (offsets, arena) = arena::placed(&buffers);
        for (value, buffer) in self.values.iter_mut().zip(buffer_of) {
            value.offset = offsets[buffer];
        }
        for (step, offset) in self.steps.iter_mut().zip(&offsets[n_values..]) {
            step.lines = *offset;
        }
        self.arena = arena;
    }
}
