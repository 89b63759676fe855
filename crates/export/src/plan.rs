//! A network as the steps of a program, with its numbers: what every format is written from.

use netsynth_graph::program::{self, Part, Program, Source};
pub use netsynth_graph::program::{Nonlinearity as Activation, Value, Window};
use netsynth_graph::{Norm, Op, Shape};
use netsynth_train::{Deployed, WeightsError};

/// What a step computes.
pub type Kernel = program::Kernel<Numbers>;
/// A convolution with its numbers.
pub type Conv = program::Conv<Numbers>;
/// One kernel on values.
pub type Step = program::Step<Numbers>;

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

/// A convolution's numbers, batch norm folded.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// `[output channels, input channels / groups, rows, columns]`
    pub weight: Vec<f32>,
    /// One for each output channel.
    pub bias: Vec<f32>,
}

impl Numbers {
    /// How many weights each output number sums over.
    pub fn taps(&self) -> usize {
        self.weight.len() / self.bias.len()
    }
}

/// An activation's value at `x`.
pub(crate) fn activated(activation: Activation, x: f32) -> f32 {
    match activation {
        Activation::Linear => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Swish => x / (1.0 + libm::expf(-x)),
        Activation::Sigmoid => 1.0 / (1.0 + libm::expf(-x)),
    }
}

impl Plan {
    /// The steps of a network, with the arena planned.
    ///
    /// # Errors
    /// Names a weight that does not fit its operator.
    pub fn new(network: &Deployed) -> Result<Self, WeightsError> {
        let graph = network.graph();
        let Program { values, steps, arena } =
            Program::new(graph).with(|conv, from, to| numbers(network, conv, from, to))?;
        Ok(Self { name: graph.name().to_owned(), values, steps, arena })
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
            Kernel::Conv(conv) => Some((conv.numbers.weight.len(), conv.numbers.bias.len())),
            Kernel::Sum(_)
            | Kernel::Concat
            | Kernel::MaxPool(_)
            | Kernel::AvgPool(_)
            | Kernel::GlobalAvgPool
            | Kernel::Gate => None,
        });
        convs.fold((0, 0), |(weights, biases), (more, others)| (weights + more, biases + others))
    }
}

/// The numbers of a convolution that reads and writes these shapes.
fn numbers(
    network: &Deployed,
    conv: &program::Conv<Source>,
    from: Shape,
    to: Shape,
) -> Result<Numbers, WeightsError> {
    let (graph, weights, Source { node, part }) = (network.graph(), network.weights(), conv.numbers);
    let node = graph.node(node);
    let name = node.name.as_str();
    let channels = to.channels;
    match part {
        Part::Conv => {
            let has_bias = match &node.op {
                Op::Conv(op) => op.bias || op.norm == Norm::Batch,
                _ => unreachable!("a convolution's own numbers are those of a convolution"),
            };
            let (rows, columns) = conv.window.size;
            Ok(Numbers {
                weight: weights.get(
                    name,
                    "weight",
                    &[channels, from.channels / conv.groups, rows, columns],
                )?,
                bias: match has_bias {
                    true => weights.get(name, "bias", &[channels])?,
                    false => vec![0.0; channels],
                },
            })
        }
        Part::Norm => Ok(Numbers {
            weight: weights.get(name, "scale", &[channels])?,
            bias: weights.get(name, "shift", &[channels])?,
        }),
        Part::Dense => dense(network, name, from, channels),
        Part::Reduce => dense(network, &format!("{name}.reduce"), from, channels),
        Part::Expand => dense(network, &format!("{name}.expand"), from, channels),
    }
}

/// A matrix as a convolution whose window is all that it reads.
fn dense(network: &Deployed, name: &str, read: Shape, units: usize) -> Result<Numbers, WeightsError> {
    let inputs = read.elements() as usize;
    // [inputs, units], the inputs by channel, row and column.
    let matrix = network.weights().get(name, "weight", &[inputs, units])?;
    let weight = (0..units).flat_map(|unit| (0..inputs).map(move |input| (input, unit)));
    Ok(Numbers {
        weight: weight.map(|(input, unit)| matrix[input * units + unit]).collect(),
        bias: network.weights().get(name, "bias", &[units])?,
    })
}
