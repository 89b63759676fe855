//! Which channels of a parent live on in which channels of a child.

use std::collections::BTreeMap;

use netsynth_graph::ops::Conv;
use netsynth_graph::{Graph, Op, Ties};

/// The channels of a parent by their origins. A channel of a sum is that of each of its summands, so all of these have one
/// origin; a depthwise convolution and what it reads have the same origins.
pub(super) struct ChannelMap<'a> {
    graph: &'a Graph,
    /// The origins of the image's channels.
    image: Vec<usize>,
    nodes: BTreeMap<&'a str, usize>,
    /// The origins of each node's output channels.
    outputs: Vec<Vec<usize>>,
    /// What the loss would lose with the channels of each origin.
    saliency: Vec<f64>,
}

/// For each channel of a feature map in the child, its origins in the parent; none if it is new.
pub(super) type Origins = Vec<Vec<usize>>;

/// For each channel of the child the channel of the parent that it takes over; none if it is new.
pub(super) type Source = Vec<Option<usize>>;

impl<'a> ChannelMap<'a> {
    /// `saliency` has a number for each channel of each convolution, by node.
    pub(super) fn new(graph: &'a Graph, saliency: &BTreeMap<usize, Vec<f64>>) -> Self {
        let mut ties = Ties::default();
        let image: Vec<usize> = ties.grow(graph.input().channels).collect();
        let mut outputs: Vec<Vec<usize>> = Vec::with_capacity(graph.len());
        for node in graph.nodes() {
            let read = |position: usize| node.inputs[position].map_or(&image, |source| &outputs[source]);
            let output = match &node.op {
                Op::Conv(conv) if conv.is_depthwise(read(0).len()) => read(0).clone(),
                Op::Conv(_) | Op::Dense(_) => ties.grow(node.shape.channels).collect(),
                Op::Add(_) => {
                    for other in 1..node.inputs.len() {
                        let pairs = read(0).iter().zip(read(other));
                        pairs.for_each(|(one, other)| ties.tie(*one, *other));
                    }
                    read(0).clone()
                }
                Op::Concat(_) => (0..node.inputs.len()).flat_map(|at| read(at).iter().copied()).collect(),
                Op::MaxPool(_)
                | Op::AvgPool(_)
                | Op::GlobalAvgPool(_)
                | Op::SqueezeExcite(_)
                | Op::Dropout(_) => read(0).clone(),
            };
            outputs.push(output);
        }
        for origin in outputs.iter_mut().flatten() {
            *origin = ties.class(*origin);
        }
        let mut total = vec![0.0; ties.len()];
        for (&node, channels) in saliency {
            outputs[node].iter().zip(channels).for_each(|(&origin, found)| total[origin] += found);
        }
        let nodes = graph.nodes().enumerate().map(|(number, node)| (node.name.as_str(), number)).collect();
        Self { graph, image, nodes, outputs, saliency: total }
    }

    /// The node of the parent that a node of the child takes over from: that of its name, if it is of the same kind.
    pub(super) fn partner(&self, name: &str, op: &Op, n_inputs: usize) -> Option<usize> {
        let node = *self.nodes.get(name)?;
        let parent_inputs = self.inputs(node).len();
        let is_alike = match (op, &self.graph.node(node).op) {
            (Op::Conv(child), Op::Conv(parent)) => match (child.groups, parent.groups) {
                (1, 1) => true,
                _ if child.is_depthwise(n_inputs) => parent.is_depthwise(parent_inputs),
                // What a channel of a group reads depends on all widths.
                _ => {
                    let form = |conv: &Conv, n_inputs: usize| (conv.groups, conv.channels, n_inputs);
                    form(child, n_inputs) == form(parent, parent_inputs)
                }
            },
            (Op::SqueezeExcite(child), Op::SqueezeExcite(parent)) => child.reduced == parent.reduced,
            (Op::Dense(child), Op::Dense(parent)) => child.units == parent.units,
            (Op::Add(child), Op::Add(parent)) => child.norm == parent.norm,
            (_, _) => false,
        };
        is_alike.then_some(node)
    }

    /// The origins of the channels that a node of the parent reads.
    fn inputs(&self, node: usize) -> &[usize] {
        self.graph.node(node).inputs[0].map_or(&self.image, |source| &self.outputs[source])
    }

    /// The origins of the channels of the child's image.
    pub(super) fn image(&self, n_channels: usize) -> Origins {
        let is_same = n_channels == self.image.len();
        (0..n_channels)
            .map(|channel| self.image[channel..].iter().copied().take(usize::from(is_same)).collect())
            .collect()
    }

    /// Which channels of the parent's convolution the child's convolution of `n_channels` takes over: the most salient ones
    /// in their order, and then new ones. Convolutions that were added keep the same, so that they can be added again.
    pub(super) fn kept(&self, node: usize, n_channels: usize) -> Source {
        let outputs = &self.outputs[node];
        let mut order: Vec<usize> = (0..outputs.len()).collect();
        let saliency = |channel: usize| self.saliency[outputs[channel]];
        order.sort_by(|&one, &other| saliency(other).total_cmp(&saliency(one)).then(one.cmp(&other)));
        order.truncate(n_channels);
        order.sort_unstable();
        order.into_iter().map(Some).chain(std::iter::repeat(None)).take(n_channels).collect()
    }

    /// The origins of the output of a node of the child, from its partner in the parent and the origins of its inputs.
    pub(super) fn output(
        &self,
        op: &Op,
        partner: Option<usize>,
        inputs: &[&Origins],
        n_channels: usize,
    ) -> Origins {
        match op {
            Op::Conv(conv) if conv.is_depthwise(inputs[0].len()) => inputs[0].clone(),
            Op::Conv(_) => match partner {
                Some(node) => {
                    let origin = |source: Option<usize>| source.map(|at| self.outputs[node][at]);
                    let kept = self.kept(node, n_channels).into_iter();
                    kept.map(|source| origin(source).into_iter().collect()).collect()
                }
                None => vec![Vec::new(); n_channels],
            },
            Op::Add(_) => (0..n_channels)
                .map(|channel| inputs.iter().flat_map(|input| input[channel].iter().copied()).collect())
                .collect(),
            Op::Concat(_) => inputs.iter().flat_map(|input| input.iter().cloned()).collect(),
            Op::Dense(_) => match partner {
                Some(node) => self.outputs[node].iter().map(|&origin| vec![origin]).collect(),
                None => vec![Vec::new(); n_channels],
            },
            Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::GlobalAvgPool(_)
            | Op::SqueezeExcite(_)
            | Op::Dropout(_) => inputs[0].clone(),
        }
    }

    /// Which of the channels that a node of the parent reads have the origins of a feature map in the child.
    pub(super) fn read(&self, node: usize, read: &Origins) -> Source {
        let inputs = self.inputs(node);
        read.iter().map(|origins| inputs.iter().position(|origin| origins.contains(origin))).collect()
    }
}
