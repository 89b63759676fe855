//! A network's training step as a fixed list of launches.

use netsynth_graph::{Activation, Graph, Norm as NormKind, Op, Shape};

use crate::GpuError;
use crate::kernels::elementwise;
use crate::kernels::weight_tile::WeightTile;
use crate::kernels::window::{ConvShape, Direction, Window};
use crate::launch::{Dense, Launch, Norm, Planes, Value};
use crate::memory::Memory;
use crate::parameters::{Parameters, Role, has_bias};

/// Fewer units than this leave a large device waiting, so tiles are smaller.
const FEW_UNITS: usize = 1 << 16;
/// Cubes that a reduction should have.
const MANY_CUBES: usize = 1024;
/// Parts of a reduction, at most.
const MOST_PARTS: usize = 128;

/// A training step of `trainings` copies of a network: forward, loss, backward and optimiser.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) input: Shape,
    pub(crate) classes: usize,
    pub(crate) parameters: Parameters,
    pub(crate) launches: Vec<Launch>,
    pub(crate) memory: Memory,
    /// How many parts the gradient of each parameter has.
    pub(crate) parts: Vec<u32>,
    /// Channels with running statistics.
    pub(crate) n_running: usize,
}

impl Plan {
    pub(crate) fn new(graph: &Graph, trainings: usize, batch: usize) -> Result<Self, GpuError> {
        let parameters = Parameters::new(graph);
        let parts = vec![1; parameters.len()];
        let mut builder = Builder {
            graph,
            trainings,
            batch,
            parameters,
            parts,
            launches: Vec::new(),
            sizes: Vec::new(),
            n_running: 0,
        };
        builder.step()?;
        let memory = Memory::new(&builder.launches, &builder.sizes);
        Ok(Self {
            input: graph.input(),
            classes: graph.classes(),
            parameters: builder.parameters,
            launches: builder.launches,
            memory,
            parts: builder.parts,
            n_running: builder.n_running,
        })
    }

    /// Channels of the widest norm or bias: with the trainings they are an axis of a grid.
    pub(crate) fn widest(&self) -> usize {
        let channels = |launch: &Launch| match launch {
            Launch::Moments { norm, .. } => norm.planes.channels,
            Launch::BiasGradient { planes, .. } => planes.channels,
            _ => 1,
        };
        self.launches.iter().map(channels).max().unwrap_or(1)
    }

    /// Parts of the gradient buffer.
    pub(crate) fn most_parts(&self) -> usize {
        self.parts.iter().copied().max().unwrap_or(1) as usize
    }
}

struct Builder<'a> {
    graph: &'a Graph,
    trainings: usize,
    batch: usize,
    parameters: Parameters,
    parts: Vec<u32>,
    launches: Vec<Launch>,
    sizes: Vec<usize>,
    n_running: usize,
}

/// What the backward pass needs of a node.
struct Node {
    /// Its output.
    y: Value,
    /// Before norm and activation, where there is one of them.
    z: Value,
    norm: Option<Norm>,
    relu: bool,
}

impl Builder<'_> {
    fn step(&mut self) -> Result<(), GpuError> {
        let image = self.activation(planes(self.graph.input()));
        self.launches.push(Launch::Take { image });
        let mut nodes: Vec<Node> = Vec::with_capacity(self.graph.len());
        for node in 0..self.graph.len() {
            let forward = self.forward(node, &nodes, image)?;
            nodes.push(forward);
        }
        let last = self.graph.len() - 1;
        let gradient = self.activation(planes(self.graph.node(last).shape));
        self.launches.push(Launch::Loss { logits: nodes[last].y, gradient });
        let mut reaching: Vec<Vec<Value>> = vec![Vec::new(); self.graph.len()];
        reaching[last].push(gradient);
        for node in (0..self.graph.len()).rev() {
            let arrived = std::mem::take(&mut reaching[node]);
            for (input, gradient) in self.backward(node, &nodes, image, arrived) {
                reaching[input].push(gradient);
            }
        }
        self.launches.extend([Launch::Adam, Launch::Advance]);
        Ok(())
    }

    fn forward(&mut self, number: usize, nodes: &[Node], image: Value) -> Result<Node, GpuError> {
        let node = self.graph.node(number);
        let unsupported = |operator: String| GpuError::Unsupported { node: node.name.clone(), operator };
        let input = |at: usize| node.inputs[at].map_or(image, |source| nodes[source].y);
        let out = planes(node.shape);
        let relu = |activation: Activation| match activation {
            Activation::Linear => Ok(false),
            Activation::Relu => Ok(true),
            Activation::Relu6 | Activation::Swish => {
                Err(unsupported(format!("{} with {activation:?}", node.op.name())))
            }
        };
        match &node.op {
            Op::Conv(conv) => {
                if conv.groups != 1 {
                    return Err(unsupported(format!("Conv with groups {}", conv.groups)));
                }
                let relu = relu(conv.activation)?;
                let shape = self.conv_shape(number);
                let (pass, z) =
                    (self.window(shape, Direction::Forward, has_bias(conv)), self.activation(out));
                let weight_at = self.at(number, Role::Weight);
                let bias_at = self.parameters.at(number, Role::Bias).unwrap_or(0);
                self.launches.push(Launch::Window { pass, source: input(0), target: z, weight_at, bias_at });
                Ok(self.finish(number, z, conv.norm, relu))
            }
            Op::Add(add) => {
                let relu = relu(add.activation)?;
                let normed = add.norm == NormKind::Batch;
                let inputs: Vec<Value> = (0..node.inputs.len()).map(input).collect();
                let z = self.sum(out, &inputs, relu && !normed);
                match add.norm {
                    NormKind::None => Ok(Node { y: z, z, norm: None, relu }),
                    NormKind::Batch => Ok(self.finish(number, z, add.norm, relu)),
                }
            }
            Op::GlobalAvgPool(_) => {
                let y = self.activation(out);
                let planes = planes(self.input_shape(number));
                self.launches.push(Launch::Mean { planes, x: input(0), output: y });
                Ok(Node { y, z: y, norm: None, relu: false })
            }
            Op::Dense(op) => {
                let relu = relu(op.activation)?;
                let z = self.activation(out);
                let dense = self.dense(number, op.units);
                self.launches.push(Launch::Dense { dense, x: input(0), output: z });
                Ok(self.finish(number, z, NormKind::None, relu))
            }
            other => Err(unsupported(other.name().to_owned())),
        }
    }

    /// Norm and activation after a node's sums.
    fn finish(&mut self, node: usize, z: Value, norm: NormKind, relu: bool) -> Node {
        let planes = planes(self.graph.node(node).shape);
        match norm {
            NormKind::Batch => {
                let length = self.batch * planes.area;
                let rows = self.trainings * planes.channels;
                let parts = (MANY_CUBES / rows).clamp(1, 32).min(length.div_ceil(2048));
                let norm = Norm {
                    planes,
                    relu,
                    scale_at: self.at(node, Role::Scale),
                    shift_at: self.at(node, Role::Shift),
                    running_at: self.n_running,
                    statistics: self.value(rows * 2),
                    parts,
                };
                self.n_running += planes.channels;
                let (y, partial) = (self.activation(planes), self.value(rows * parts * 2));
                self.launches.push(Launch::Moments { norm, z, partial });
                self.launches.push(Launch::Normalise { norm, z, partial, y });
                Node { y, z, norm: Some(norm), relu }
            }
            NormKind::None if relu => {
                let y = self.sum(planes, &[z], true);
                Node { y, z, norm: None, relu }
            }
            NormKind::None => Node { y: z, z, norm: None, relu },
        }
    }

    /// What reaches the node's inputs, given what reached its output.
    fn backward(
        &mut self,
        number: usize,
        nodes: &[Node],
        image: Value,
        arrived: Vec<Value>,
    ) -> Vec<(usize, Value)> {
        let (node, forward) = (self.graph.node(number), &nodes[number]);
        let out = planes(node.shape);
        let gradient = match arrived.as_slice() {
            [one] => *one,
            several => self.sum(out, several, false),
        };
        let gradient = match forward.norm {
            Some(norm) => {
                let partial = self.value(self.trainings * out.channels * norm.parts * 2);
                let (z, z_gradient) = (forward.z, self.activation(out));
                self.launches.push(Launch::NormSums { norm, z, gradient, partial });
                self.launches.push(Launch::NormGradient { norm, z, gradient, partial, z_gradient });
                z_gradient
            }
            None if forward.relu => {
                let output = self.activation(out);
                self.launches.push(Launch::ReluGradient { planes: out, y: forward.y, gradient, output });
                output
            }
            None => gradient,
        };
        let first = node.inputs[0];
        let x = first.map_or(image, |source| nodes[source].y);
        let into = planes(self.input_shape(number));
        match &node.op {
            Op::Conv(conv) => {
                let shape = self.conv_shape(number);
                let weight_at = self.at(number, Role::Weight);
                if has_bias(conv) {
                    let bias_at = self.at(number, Role::Bias);
                    self.launches.push(Launch::BiasGradient { planes: out, gradient, bias_at });
                }
                self.weight_gradient(shape, x, gradient, weight_at);
                let Some(source) = first else { return Vec::new() };
                let (pass, target) =
                    (self.window(shape, Direction::InputGradient, false), self.activation(into));
                self.launches.push(Launch::Window { pass, source: gradient, target, weight_at, bias_at: 0 });
                vec![(source, target)]
            }
            Op::Dense(op) => {
                let dense = self.dense(number, op.units);
                self.launches.push(Launch::DenseWeightGradient { dense, x, gradient });
                let Some(source) = first else { return Vec::new() };
                let output = self.activation(into);
                self.launches.push(Launch::DenseInputGradient { dense, gradient, output });
                vec![(source, output)]
            }
            Op::GlobalAvgPool(_) => {
                let Some(source) = first else { return Vec::new() };
                let output = self.activation(into);
                self.launches.push(Launch::MeanGradient { planes: into, gradient, output });
                vec![(source, output)]
            }
            // A sum hands its gradient on as it is.
            _ => node.inputs.iter().flatten().map(|&source| (source, gradient)).collect(),
        }
    }

    fn weight_gradient(&mut self, shape: ConvShape, x: Value, gradient: Value, weight_at: usize) {
        let tile = WeightTile::new(shape);
        let cubes = self.trainings * tile.groups();
        let parts = MANY_CUBES.div_ceil(cubes).clamp(1, MOST_PARTS).min(tile.bands(self.batch));
        self.parts[weight_at..weight_at + shape.weights()].fill(parts as u32);
        self.launches.push(Launch::WeightGradient { tile, x, gradient, weight_at, parts });
    }

    /// A sum of any number of values, by as many launches as it takes.
    fn sum(&mut self, planes: Planes, inputs: &[Value], relu: bool) -> Value {
        let mut rest = inputs.to_vec();
        loop {
            let output = self.activation(planes);
            let taken: Vec<Value> = rest.drain(..rest.len().min(elementwise::INPUTS)).collect();
            let last = rest.is_empty();
            self.launches.push(Launch::Sum { planes, inputs: taken, output, relu: relu && last });
            if last {
                return output;
            }
            rest.insert(0, output);
        }
    }

    fn window(&self, shape: ConvShape, direction: Direction, bias: bool) -> Window {
        let large = Window::new(shape, direction, bias, false);
        let [pixels, channels] = large.cubes(self.batch);
        let units = self.trainings * pixels * channels * crate::kernels::window::UNITS;
        if units < FEW_UNITS { Window::new(shape, direction, bias, true) } else { large }
    }

    fn conv_shape(&self, number: usize) -> ConvShape {
        let (node, input) = (self.graph.node(number), self.input_shape(number));
        let (kernel, stride, padding) = match &node.op {
            Op::Conv(conv) => (conv.kernel, conv.stride, conv.padding()),
            _ => (1, 1, 0),
        };
        ConvShape {
            inputs: input.channels,
            outputs: node.shape.channels,
            height: input.height,
            width: input.width,
            out_height: node.shape.height,
            out_width: node.shape.width,
            kernel,
            stride,
            padding,
        }
    }

    fn dense(&self, node: usize, units: usize) -> Dense {
        let planes = planes(self.input_shape(node));
        Dense { planes, units, weight_at: self.at(node, Role::Weight), bias_at: self.at(node, Role::Bias) }
    }

    fn input_shape(&self, node: usize) -> Shape {
        self.graph.node(node).inputs[0].map_or(self.graph.input(), |source| self.graph.node(source).shape)
    }

    fn at(&self, node: usize, role: Role) -> usize {
        self.parameters
            .at(node, role)
            .unwrap_or_else(|| unreachable!("every layer's parameters have a place"))
    }

    fn activation(&mut self, planes: Planes) -> Value {
        self.value(self.trainings * self.batch * planes.channels * planes.area)
    }

    fn value(&mut self, size: usize) -> Value {
        self.sizes.push(size);
        Value(self.sizes.len() - 1)
    }
}

fn planes(shape: Shape) -> Planes {
    Planes { channels: shape.channels, area: shape.height * shape.width }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use netsynth_graph::ArchitectureSpec;

    use super::*;

    fn nano_b() -> Plan {
        let spec = ArchitectureSpec::from_ron(include_str!("../../../prototypes/nano-b.ron"));
        let graph = Graph::new(&spec.expect("the prototype reads")).expect("the prototype is a network");
        Plan::new(&graph, 3, 32).expect("every operator has a kernel")
    }

    #[test]
    fn values_that_are_alive_together_share_no_slot() {
        let plan = nano_b();
        let mut life: BTreeMap<Value, (usize, usize)> = BTreeMap::new();
        for (number, launch) in plan.launches.iter().enumerate() {
            for value in launch.values() {
                life.entry(value).or_insert((number, number)).1 = number;
            }
        }
        for (one, &(first, last)) in &life {
            for (other, &(begin, end)) in life.range(..*one) {
                let together = first <= end && begin <= last;
                let shared = plan.memory.slot_of[one.0] == plan.memory.slot_of[other.0];
                assert!(!(together && shared), "{one:?} and {other:?} are alive together in one slot");
            }
        }
        assert!(plan.memory.slots.len() * 3 < life.len() * 2, "memory is shared at all");
    }

    #[test]
    fn a_step_of_nano_b_has_few_launches() {
        assert_eq!(nano_b().launches.len(), 171);
    }
}
