use std::collections::BTreeSet;

use super::kernel::{Conv, Kernel, Nonlinearity, Part, Source, Window};
use super::{Program, Step, Value};
use crate::{Graph, INPUT, Norm, Op, Shape};

/// The steps of a network; nothing has its place yet.
pub(super) fn lowered(graph: &Graph) -> Program<Source> {
    let mut lowered = Lowered::new(graph.input());
    // The value of each node; a dropout's is what it reads.
    let mut value_of: Vec<usize> = Vec::with_capacity(graph.len());
    for node in 0..graph.len() {
        let inputs =
            graph.node(node).inputs.iter().map(|input| input.map_or(0, |source| value_of[source])).collect();
        value_of.push(lowered.node(graph, node, inputs));
    }
    let Lowered { values, steps, .. } = lowered;
    Program { values, steps, arena: 0 }
}

/// Steps and values as they come.
struct Lowered {
    values: Vec<Value>,
    steps: Vec<Step<Source>>,
    names: BTreeSet<String>,
}

impl Lowered {
    fn new(input: Shape) -> Self {
        let image = Value { name: INPUT.to_owned(), shape: input, offset: 0 };
        Self { values: vec![image], steps: Vec::new(), names: BTreeSet::from([INPUT.to_owned()]) }
    }

    /// The value that a node of the graph gives.
    fn node(&mut self, graph: &Graph, number: usize, inputs: Vec<usize>) -> usize {
        let (node, read) = (graph.node(number), graph.input_shape(number));
        let (name, shape) = (node.name.as_str(), node.shape);
        let conv = |part: Part, window: Window, groups: usize, activation: Nonlinearity| {
            Kernel::Conv(Conv { window, groups, activation, numbers: Source { node: number, part } })
        };
        match &node.op {
            Op::Conv(op) => {
                let kernel = conv(Part::Conv, Window::of_conv(op), op.groups, op.activation.into());
                self.push(name, shape, kernel, inputs)
            }
            Op::Add(op) => match op.norm {
                Norm::None => self.push(name, shape, Kernel::Sum(op.activation.into()), inputs),
                Norm::Batch => {
                    let sum = Kernel::Sum(Nonlinearity::Linear);
                    let sum = self.push(&format!("{name}/sum"), shape, sum, inputs);
                    let norm = conv(Part::Norm, Window::POINT, shape.channels, op.activation.into());
                    self.push(name, shape, norm, vec![sum])
                }
            },
            Op::Concat(_) => self.push(name, shape, Kernel::Concat, inputs),
            Op::MaxPool(pool) => self.push(name, shape, Kernel::MaxPool(Window::of_pool(pool)), inputs),
            Op::AvgPool(pool) => self.push(name, shape, Kernel::AvgPool(Window::of_pool(pool)), inputs),
            Op::GlobalAvgPool(_) => self.push(name, shape, Kernel::GlobalAvgPool, inputs),
            Op::Dropout(_) => inputs[0],
            Op::SqueezeExcite(op) => {
                let part = |part: &str| format!("{name}/{part}");
                let (all, few) = (Shape::vector(read.channels), Shape::vector(op.reduced));
                let mean = self.push(&part("mean"), all, Kernel::GlobalAvgPool, inputs.clone());
                let reduce = conv(Part::Reduce, Window::POINT, 1, op.activation.into());
                let hidden = self.push(&part("reduce"), few, reduce, vec![mean]);
                let expand = conv(Part::Expand, Window::POINT, 1, Nonlinearity::Sigmoid);
                let gate = self.push(&part("expand"), all, expand, vec![hidden]);
                self.push(name, shape, Kernel::Gate, vec![inputs[0], gate])
            }
            Op::Dense(op) => {
                let kernel = conv(Part::Dense, Window::whole(read), 1, op.activation.into());
                self.push(name, shape, kernel, inputs)
            }
        }
    }

    fn push(&mut self, name: &str, shape: Shape, kernel: Kernel<Source>, inputs: Vec<usize>) -> usize {
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
