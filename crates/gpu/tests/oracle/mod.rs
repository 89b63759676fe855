//! The reference: the same training step on the CPU, in 64 bits and in plain loops, written from the definitions.
//!
//! It shares nothing with the kernels but the layout of the parameters.

mod operators;

use netsynth_gpu::{Parameters, Role};
use netsynth_graph::{Activation, Graph, Norm, Op};

use operators::{Map, add_into, batch_norm, batch_norm_gradient, conv, conv_gradient, relu, relu_gradient};

pub(crate) const EPSILON: f64 = 1e-3;
pub(crate) const MOMENTUM: f64 = 0.1;

/// One training.
pub(crate) struct Oracle<'a> {
    graph: &'a Graph,
    layout: &'a Parameters,
    pub(crate) parameters: Vec<f64>,
    pub(crate) gradients: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    pub(crate) average: Vec<f64>,
    /// `[channels, 4]`: mean, variance, and the averages of both.
    pub(crate) running: Vec<f64>,
    /// Of the learning rate, for each parameter.
    factors: &'a [f32],
    steps: i32,
}

/// A step's constants.
#[derive(Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
    pub l2: f64,
    pub(crate) average: f64,
}

/// What the backward pass needs of a node.
struct Node {
    /// Before norm and activation.
    z: Map,
    y: Map,
    /// Mean and inverse deviation of each channel.
    statistics: Vec<(f64, f64)>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(
        graph: &'a Graph,
        layout: &'a Parameters,
        parameters: &[f32],
        factors: &'a [f32],
    ) -> Self {
        let parameters: Vec<f64> = parameters.iter().map(|&value| value.into()).collect();
        let normed: usize = graph
            .nodes()
            .filter(|node| norm_and_activation(&node.op).0 == Norm::Batch)
            .map(|node| node.shape.channels)
            .sum();
        Self {
            graph,
            layout,
            gradients: vec![0.0; parameters.len()],
            first: vec![0.0; parameters.len()],
            second: vec![0.0; parameters.len()],
            average: parameters.clone(),
            parameters,
            running: [0.0, 1.0, 0.0, 1.0].repeat(normed),
            factors,
            steps: 0,
        }
    }

    /// One step; returns the loss.
    ///
    /// # Shapes
    /// - images: `[images, channels, height, width]`
    /// - targets: `[images, classes]`
    pub(crate) fn step(&mut self, images: &[f32], targets: &[f32], rates: Rates) -> f64 {
        let input = self.graph.input();
        let count = images.len() / input.elements() as usize;
        let image = Map {
            images: count,
            channels: input.channels,
            height: input.height,
            width: input.width,
            values: images.iter().map(|&value| value.into()).collect(),
        };
        let mut nodes: Vec<Node> = Vec::new();
        let mut running_at = 0;
        for number in 0..self.graph.len() {
            let node = self.forward(number, &nodes, &image, &mut running_at, rates);
            nodes.push(node);
        }
        let last = nodes.len() - 1;
        let (loss, gradient) = cross_entropy(&nodes[last].y, targets);
        self.gradients.fill(0.0);
        let mut reaching: Vec<Option<Map>> = (0..nodes.len()).map(|_| None).collect();
        reaching[last] = Some(gradient);
        for number in (0..nodes.len()).rev() {
            let gradient = reaching[number].take().expect("every node is read");
            for (source, gradient) in self.backward(number, &nodes, &image, gradient) {
                match &mut reaching[source] {
                    Some(sum) => add_into(sum, &gradient),
                    none => *none = Some(gradient),
                }
            }
        }
        self.adam(rates);
        loss
    }

    fn forward(
        &mut self,
        number: usize,
        nodes: &[Node],
        image: &Map,
        running_at: &mut usize,
        rates: Rates,
    ) -> Node {
        let node = self.graph.node(number);
        let read = |at: usize| node.inputs[at].map_or(image, |source| &nodes[source].y);
        let z = match &node.op {
            Op::Conv(op) => {
                let bias = self.run(number, Role::Bias).map(<[f64]>::to_vec);
                conv(
                    read(0),
                    self.weights(number),
                    bias.as_deref(),
                    op.channels,
                    op.kernel,
                    op.stride,
                    op.padding(),
                )
            }
            Op::Add(_) => {
                let mut sum = read(0).clone();
                (1..node.inputs.len()).for_each(|at| add_into(&mut sum, read(at)));
                sum
            }
            Op::GlobalAvgPool(_) => operators::mean(read(0)),
            Op::Dense(op) => {
                let bias = self.run(number, Role::Bias).expect("a dense layer has biases");
                operators::dense(read(0), self.weights(number), bias, op.units)
            }
            other => panic!("the reference has no {}", other.name()),
        };
        let (norm, activation) = norm_and_activation(&node.op);
        let mut y = z.clone();
        let mut statistics = Vec::new();
        if norm == Norm::Batch {
            let scale = self.run(number, Role::Scale).expect("a norm has scales");
            let shift = self.run(number, Role::Shift).expect("a norm has shifts");
            let (normed, seen) = batch_norm(&z, scale, shift, EPSILON);
            y = normed;
            statistics =
                seen.iter().map(|(mean, variance)| (*mean, 1.0 / (variance + EPSILON).sqrt())).collect();
            let kept = self.average_decay(rates);
            for (mean, variance) in seen {
                let row = &mut self.running[*running_at * 4..*running_at * 4 + 4];
                row[0] += MOMENTUM * (mean - row[0]);
                row[1] += MOMENTUM * (variance - row[1]);
                row[2] += (1.0 - kept) * (row[0] - row[2]);
                row[3] += (1.0 - kept) * (row[1] - row[3]);
                *running_at += 1;
            }
        }
        if activation == Activation::Relu {
            relu(&mut y);
        }
        Node { z, y, statistics }
    }

    fn backward(&mut self, number: usize, nodes: &[Node], image: &Map, gradient: Map) -> Vec<(usize, Map)> {
        let (node, forward) = (self.graph.node(number), &nodes[number]);
        let (norm, activation) = norm_and_activation(&node.op);
        let mut gradient = gradient;
        if activation == Activation::Relu {
            relu_gradient(&mut gradient, &forward.y);
        }
        if norm == Norm::Batch {
            let scale = self.run(number, Role::Scale).expect("a norm has scales").to_vec();
            let (into, of_scale, of_shift) =
                batch_norm_gradient(&forward.z, &gradient, &forward.statistics, &scale);
            self.put(number, Role::Scale, &of_scale);
            self.put(number, Role::Shift, &of_shift);
            gradient = into;
        }
        let x = node.inputs[0].map_or(image, |source| &nodes[source].y);
        let into = match &node.op {
            Op::Conv(op) => {
                let (into, weights) =
                    conv_gradient(x, &gradient, self.weights(number), op.kernel, op.stride, op.padding());
                self.put(number, Role::Weight, &weights);
                if self.layout.at(number, Role::Bias).is_some() {
                    let bias: Vec<f64> =
                        (0..op.channels).map(|channel| gradient.channel_sum(channel)).collect();
                    self.put(number, Role::Bias, &bias);
                }
                into
            }
            Op::Dense(_) => {
                let (into, weights, bias) = operators::dense_gradient(x, &gradient, self.weights(number));
                self.put(number, Role::Weight, &weights);
                self.put(number, Role::Bias, &bias);
                into
            }
            Op::GlobalAvgPool(_) => operators::mean_gradient(x, &gradient),
            _ => return node.inputs.iter().flatten().map(|&source| (source, gradient.clone())).collect(),
        };
        node.inputs[0].map(|source| (source, into)).into_iter().collect()
    }

    fn adam(&mut self, rates: Rates) {
        let kept = self.average_decay(rates);
        self.steps += 1;
        let (beta_1, beta_2) = (f64::from(0.9_f32), f64::from(0.999_f32));
        let correction_1 = 1.0 - beta_1.powi(self.steps);
        let correction_2 = 1.0 - beta_2.powi(self.steps);
        for at in 0..self.parameters.len() {
            let is_weight = at < self.layout.n_weights();
            let (l2, decay) = if is_weight { (rates.l2, rates.weight_decay) } else { (0.0, 0.0) };
            let old = self.parameters[at];
            let gradient = self.gradients[at] + 2.0 * l2 * old;
            self.first[at] = beta_1 * self.first[at] + (1.0 - beta_1) * gradient;
            self.second[at] = beta_2 * self.second[at] + (1.0 - beta_2) * gradient * gradient;
            let step = self.first[at] / correction_1 / ((self.second[at] / correction_2).sqrt() + 1e-7);
            let rate = rates.learning_rate * f64::from(self.factors[at]);
            self.parameters[at] = old - rate * (decay * old + step);
            self.average[at] += (1.0 - kept) * (self.parameters[at] - self.average[at]);
        }
    }

    fn average_decay(&self, rates: Rates) -> f64 {
        rates.average
    }

    fn run(&self, node: usize, role: Role) -> Option<&[f64]> {
        let run = self.layout.runs().iter().find(|run| run.node == node && run.role == role)?;
        Some(&self.parameters[run.at..run.at + run.len])
    }

    fn weights(&self, node: usize) -> &[f64] {
        self.run(node, Role::Weight).expect("the layer has weights")
    }

    fn put(&mut self, node: usize, role: Role, values: &[f64]) {
        let at = self.layout.at(node, role).expect("the layer has these parameters");
        self.gradients[at..at + values.len()].copy_from_slice(values);
    }
}

fn norm_and_activation(op: &Op) -> (Norm, Activation) {
    match op {
        Op::Conv(op) => (op.norm, op.activation),
        Op::Add(op) => (op.norm, op.activation),
        Op::Dense(op) => (Norm::None, op.activation),
        _ => (Norm::None, Activation::Linear),
    }
}

/// The mean loss over the images, and the gradient of the logits.
fn cross_entropy(logits: &Map, targets: &[f32]) -> (f64, Map) {
    let (count, classes) = (logits.images, logits.channels);
    let mut gradient = logits.clone();
    let mut loss = 0.0;
    for image in 0..count {
        let row = &logits.values[image * classes..(image + 1) * classes];
        let targets = &targets[image * classes..(image + 1) * classes];
        let total: f64 = row.iter().map(|logit| logit.exp()).sum();
        let weight: f64 = targets.iter().map(|&target| f64::from(target)).sum();
        for class in 0..classes {
            let wanted = f64::from(targets[class]);
            loss -= wanted * (row[class] - total.ln());
            gradient.values[image * classes + class] =
                (weight * row[class].exp() / total - wanted) / count as f64;
        }
    }
    (loss / count as f64, gradient)
}
