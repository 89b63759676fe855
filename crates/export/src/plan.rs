//! A network as the steps of a program: what every format is written from.
//!
//! Batch norm is folded already ([`Deployed`]). Here operators are lowered to few kernels, so that each format has few:
//! a Dense is a convolution as large as what it reads, the norm of a sum a depthwise convolution, channel attention a mean,
//! two convolutions and a product, and a dropout nothing.

use std::collections::BTreeSet;

use netsynth_graph::ops::{Conv as ConvOp, Pool};
use netsynth_graph::{Graph, Norm, Op, Shape};
use netsynth_train::{Deployed, WeightsError};

use crate::arena::{self, Lifetime};

/// A network as steps on values, each of which has its place in one arena.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the network is called.
    pub name: String,
    /// The image, which is the first, and then the output of each step.
    pub values: Vec<Value>,
    /// What is computed, in order. The last one gives the logits.
    pub steps: Vec<Step>,
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
pub struct Step {
    /// What is computed.
    pub kernel: Kernel,
    /// The numbers of the values that it reads.
    pub inputs: Vec<usize>,
    /// The number of the value that it writes.
    pub output: usize,
    /// Where in the arena the lines begin that a window slides over, if they have a border: see [`Step::kept`].
    pub lines: usize,
}

/// What a step computes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kernel {
    /// A convolution, then its activation.
    Conv(Conv),
    /// The sum of values of one shape, then an activation.
    Sum(Activation),
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

/// A convolution with its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv {
    /// How it slides.
    pub window: Window,
    /// Groups of channels that share no weights.
    pub groups: usize,
    /// `[output channels, input channels / groups, rows, columns]`
    pub weight: Vec<f32>,
    /// One for each output channel.
    pub bias: Vec<f32>,
    /// What follows.
    pub activation: Activation,
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

/// A pointwise nonlinearity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
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

impl Step {
    /// What follows the kernel's sums.
    pub fn activation(&self) -> Activation {
        match &self.kernel {
            Kernel::Conv(conv) => conv.activation,
            Kernel::Sum(activation) => *activation,
            Kernel::Concat
            | Kernel::MaxPool(_)
            | Kernel::AvgPool(_)
            | Kernel::GlobalAvgPool
            | Kernel::Gate => Activation::Linear,
        }
    }
}

impl From<netsynth_graph::Activation> for Activation {
    fn from(activation: netsynth_graph::Activation) -> Self {
        match activation {
            netsynth_graph::Activation::Linear => Activation::Linear,
            netsynth_graph::Activation::Relu => Activation::Relu,
            netsynth_graph::Activation::Relu6 => Activation::Relu6,
            netsynth_graph::Activation::Swish => Activation::Swish,
        }
    }
}

impl Activation {
    /// Its value at `x`.
    pub fn of(self, x: f32) -> f32 {
        match self {
            Activation::Linear => x,
            Activation::Relu => x.max(0.0),
            Activation::Relu6 => x.clamp(0.0, 6.0),
            Activation::Swish => x / (1.0 + libm::expf(-x)),
            Activation::Sigmoid => 1.0 / (1.0 + libm::expf(-x)),
        }
    }
}

impl Window {
    fn of_pool(pool: &Pool) -> Self {
        Self { size: (pool.kernel, pool.kernel), stride: pool.stride, padding: pool.padding() }
    }

    fn of_conv(conv: &ConvOp) -> Self {
        Self { size: (conv.kernel, conv.kernel), stride: conv.stride, padding: conv.padding() }
    }

    /// A whole plane.
    pub(crate) fn whole(shape: Shape) -> Self {
        Self { size: (shape.height, shape.width), stride: 1, padding: 0 }
    }

    /// One number.
    pub(crate) const POINT: Self = Self { size: (1, 1), stride: 1, padding: 0 };

    /// Where a window at this output position begins and ends along a side: the rows or columns of the input that it
    /// covers, and which of its own the first one is.
    pub(crate) fn covered(
        &self,
        position: usize,
        size: usize,
        length: usize,
    ) -> (std::ops::Range<usize>, usize) {
        let start = position * self.stride;
        let first = start.saturating_sub(self.padding);
        let end = (start + size).saturating_sub(self.padding).min(length);
        (first..end.max(first), (first + self.padding) - start)
    }
}

impl Conv {
    /// Whether each output channel reads the input channel of its number, and no other.
    pub fn is_depthwise(&self, inputs: usize) -> bool {
        self.groups == inputs && self.groups == self.bias.len()
    }

    /// How many weights each output number sums over.
    pub fn taps(&self) -> usize {
        self.weight.len() / self.bias.len()
    }
}

impl Plan {
    /// The steps of a network, with the arena planned.
    ///
    /// # Errors
    /// Names a weight that does not fit its operator.
    pub fn new(network: &Deployed) -> Result<Self, WeightsError> {
        let graph = network.graph();
        let mut lowered = Lowered::new(graph.input());
        // The value of each node; a dropout's is what it reads.
        let mut value_of: Vec<usize> = Vec::with_capacity(graph.len());
        for node in 0..graph.len() {
            let inputs: Vec<usize> = graph
                .node(node)
                .inputs
                .iter()
                .map(|input| input.map_or(0, |source| value_of[source]))
                .collect();
            value_of.push(lowered.node(graph, node, network, inputs)?);
        }
        let Lowered { values, steps, .. } = lowered;
        let mut plan = Self { name: graph.name().to_owned(), values, steps, arena: 0 };
        plan.place();
        Ok(plan)
    }

    /// The shape of the image.
    pub fn input(&self) -> Shape {
        self.values[0].shape
    }

    /// The number of the value that holds the logits.
    pub fn output(&self) -> usize {
        self.values.len() - 1
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.values[self.output()].shape.channels
    }

    /// How many weights and biases all convolutions have.
    pub fn parameters(&self) -> (usize, usize) {
        let convs = self.steps.iter().filter_map(|step| match &step.kernel {
            Kernel::Conv(conv) => Some((conv.weight.len(), conv.bias.len())),
            Kernel::Sum(_)
            | Kernel::Concat
            | Kernel::MaxPool(_)
            | Kernel::AvgPool(_)
            | Kernel::GlobalAvgPool
            | Kernel::Gate => None,
        });
        convs.fold((0, 0), |(weights, biases), (more, others)| (weights + more, biases + others))
    }

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
    /// a border, so that every window is whole. Without a border it reads the image itself.
    pub fn kept(&self, step: &Step) -> usize {
        let from = self.values[step.inputs[0]].shape;
        match &step.kernel {
            Kernel::Conv(conv) if conv.groups == 1 && conv.window.padding > 0 => {
                conv.window.size.0 * (from.width + 2 * conv.window.padding) * from.channels
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
                let is_pointwise = conv.window == Window::POINT;
                let channels = self.values[step.inputs[0]].shape.channels;
                if is_pointwise && conv.is_depthwise(channels) { &step.inputs[..1] } else { &[] }
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
        let n_buffers = buffers.len();
        for (number, step) in self.steps.iter().enumerate() {
            buffers.push((Lifetime { first: number, last: number }, self.kept(step)));
        }
        let (offsets, arena) = arena::placed(&buffers);
        for (value, buffer) in self.values.iter_mut().zip(buffer_of) {
            value.offset = offsets[buffer];
        }
        for (step, offset) in self.steps.iter_mut().zip(&offsets[n_buffers..]) {
            step.lines = *offset;
        }
        self.arena = arena;
    }
}

/// Steps and values as they come.
struct Lowered {
    values: Vec<Value>,
    steps: Vec<Step>,
    names: BTreeSet<String>,
}

impl Lowered {
    fn new(input: Shape) -> Self {
        let name = netsynth_graph::INPUT.to_owned();
        let image = Value { name: name.clone(), shape: input, offset: 0 };
        Self { values: vec![image], steps: Vec::new(), names: BTreeSet::from([name]) }
    }

    /// The value that a node of the graph gives.
    fn node(
        &mut self,
        graph: &Graph,
        number: usize,
        network: &Deployed,
        inputs: Vec<usize>,
    ) -> Result<usize, WeightsError> {
        let (node, read) = (graph.node(number), graph.input_shape(number));
        let (name, shape, weights) = (node.name.as_str(), node.shape, network.weights());
        Ok(match &node.op {
            Op::Conv(op) => {
                let dims = [op.channels, read.channels / op.groups, op.kernel, op.kernel];
                let has_bias = op.bias || op.norm == Norm::Batch;
                let conv = Conv {
                    window: Window::of_conv(op),
                    groups: op.groups,
                    weight: weights.get(name, "weight", &dims)?,
                    bias: match has_bias {
                        true => weights.get(name, "bias", &[op.channels])?,
                        false => vec![0.0; op.channels],
                    },
                    activation: op.activation.into(),
                };
                self.push(name, shape, Kernel::Conv(conv), inputs)
            }
            Op::Add(op) => match op.norm {
                Norm::None => self.push(name, shape, Kernel::Sum(op.activation.into()), inputs),
                Norm::Batch => {
                    let sum =
                        self.push(&format!("{name}/sum"), shape, Kernel::Sum(Activation::Linear), inputs);
                    let conv = Conv {
                        window: Window::POINT,
                        groups: shape.channels,
                        weight: weights.get(name, "scale", &[shape.channels])?,
                        bias: weights.get(name, "shift", &[shape.channels])?,
                        activation: op.activation.into(),
                    };
                    self.push(name, shape, Kernel::Conv(conv), vec![sum])
                }
            },
            Op::Concat(_) => self.push(name, shape, Kernel::Concat, inputs),
            Op::MaxPool(pool) => self.push(name, shape, Kernel::MaxPool(Window::of_pool(pool)), inputs),
            Op::AvgPool(pool) => self.push(name, shape, Kernel::AvgPool(Window::of_pool(pool)), inputs),
            Op::GlobalAvgPool(_) => self.push(name, shape, Kernel::GlobalAvgPool, inputs),
            Op::Dropout(_) => inputs[0],
            Op::SqueezeExcite(op) => {
                let part = |part: &str| format!("{name}/{part}");
                let (mean_shape, hidden_shape) = (Shape::vector(read.channels), Shape::vector(op.reduced));
                let reduce =
                    dense(network, &format!("{name}.reduce"), mean_shape, op.reduced, op.activation.into())?;
                let expand = dense(
                    network,
                    &format!("{name}.expand"),
                    hidden_shape,
                    read.channels,
                    Activation::Sigmoid,
                )?;
                let mean = self.push(&part("mean"), mean_shape, Kernel::GlobalAvgPool, inputs.clone());
                let hidden = self.push(&part("reduce"), hidden_shape, Kernel::Conv(reduce), vec![mean]);
                let gate = self.push(&part("expand"), mean_shape, Kernel::Conv(expand), vec![hidden]);
                self.push(name, shape, Kernel::Gate, vec![inputs[0], gate])
            }
            Op::Dense(op) => {
                let conv = dense(network, name, read, op.units, op.activation.into())?;
                self.push(name, shape, Kernel::Conv(conv), inputs)
            }
        })
    }

    fn push(&mut self, name: &str, shape: Shape, kernel: Kernel, inputs: Vec<usize>) -> usize {
        let mut name = name.to_owned();
        // A node may be called like a part of another.
        while !self.names.insert(name.clone()) {
            name.push('\'');
        }
        let output = self.values.len();
        self.values.push(Value { name, shape, offset: 0 });
        self.steps.push(Step { kernel, inputs, output, lines: 0 });
        output
    }
}

/// A matrix product as a convolution whose window is all that it reads.
fn dense(
    network: &Deployed,
    name: &str,
    read: Shape,
    units: usize,
    activation: Activation,
) -> Result<Conv, WeightsError> {
    let inputs = read.elements() as usize;
    // [inputs, units], the inputs by channel, row and column.
    let matrix = network.weights().get(name, "weight", &[inputs, units])?;
    let weight = (0..units).flat_map(|unit| (0..inputs).map(move |input| (input, unit)));
    Ok(Conv {
        window: Window::whole(read),
        groups: 1,
        weight: weight.map(|(input, unit)| matrix[input * units + unit]).collect(),
        bias: network.weights().get(name, "bias", &[units])?,
        activation,
    })
}
