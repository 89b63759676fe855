//! Which channels of a trained network live on in which channels of another.

use std::collections::BTreeMap;

use netsynth_graph::ops::Conv;
use netsynth_graph::{Graph, Op, Ties};

/// The channels of a trained network by where they come from: a channel of a sum is that of each of its summands, so all
/// of these have one name, and so do what a depthwise convolution reads and what it gives.
pub(crate) struct Heritage<'a> {
    graph: &'a Graph,
    /// The origins of the image's channels.
    image: Vec<usize>,
    nodes: BTreeMap<&'a str, usize>,
    /// The origins of each node's output channels.
    outputs: Vec<Vec<usize>>,
    /// What the loss would lose with a channel of this origin.
    saliency: Vec<f64>,
}

/// For each channel of a map in the heir: the origins that it is like; none if it is new.
pub(crate) type Likeness = Vec<Vec<usize>>;

/// For each channel of the heir the channel of the trained network that it takes over.
pub(crate) type Source = Vec<Option<usize>>;

impl<'a> Heritage<'a> {
    /// `saliency` has a number for each channel of each convolution, by node.
    pub(crate) fn new(graph: &'a Graph, saliency: &BTreeMap<usize, Vec<f64>>) -> Self {
        let mut origins = Ties::default();
        let image: Vec<usize> = origins.grow(graph.input().channels).collect();
        let mut outputs: Vec<Vec<usize>> = Vec::with_capacity(graph.len());
        for node in graph.nodes() {
            let read = |position: usize| node.inputs[position].map_or(&image, |source| &outputs[source]);
            let output = match &node.op {
                Op::Conv(conv) if conv.is_depthwise(read(0).len()) => read(0).clone(),
                Op::Conv(_) | Op::Dense(_) => origins.grow(node.shape.channels).collect(),
                Op::Add(_) => {
                    for other in 1..node.inputs.len() {
                        let pairs = read(0).iter().zip(read(other));
                        pairs.for_each(|(one, other)| origins.tie(*one, *other));
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
            *origin = origins.class(*origin);
        }
        let mut total = vec![0.0; origins.len()];
        for (&node, channels) in saliency {
            outputs[node].iter().zip(channels).for_each(|(&origin, found)| total[origin] += found);
        }
        let nodes = graph.nodes().enumerate().map(|(number, node)| (node.name.as_str(), number)).collect();
        Self { graph, image, nodes, outputs, saliency: total }
    }

    /// The trained node that a node of the heir takes over from: that of its name, if it is of the same kind.
    pub(crate) fn partner(&self, name: &str, op: &Op, n_inputs: usize) -> Option<usize> {
        let node = *self.nodes.get(name)?;
        let trained_inputs = self.inputs(node).len();
        let is_alike = match (op, &self.graph.node(node).op) {
            (Op::Conv(heir), Op::Conv(trained)) => match (heir.groups, trained.groups) {
                (1, 1) => true,
                _ if heir.is_depthwise(n_inputs) => trained.is_depthwise(trained_inputs),
                // What a channel of a group reads depends on all widths.
                _ => {
                    let form = |conv: &Conv, n_inputs: usize| (conv.groups, conv.channels, n_inputs);
                    form(heir, n_inputs) == form(trained, trained_inputs)
                }
            },
            (Op::SqueezeExcite(heir), Op::SqueezeExcite(trained)) => heir.reduced == trained.reduced,
            (Op::Dense(heir), Op::Dense(trained)) => heir.units == trained.units,
            (Op::Add(heir), Op::Add(trained)) => heir.norm == trained.norm,
            (_, _) => false,
        };
        is_alike.then_some(node)
    }

    /// The origins of the channels that a trained node reads.
    fn inputs(&self, node: usize) -> &[usize] {
        self.graph.node(node).inputs[0].map_or(&self.image, |source| &self.outputs[source])
    }

    /// What the channels of the heir's image are like.
    pub(crate) fn image(&self, n_channels: usize) -> Likeness {
        let is_same = n_channels == self.image.len();
        (0..n_channels)
            .map(|channel| self.image[channel..].iter().copied().take(usize::from(is_same)).collect())
            .collect()
    }

    /// Which of a trained convolution's channels the heir's convolution of so many takes over: the most salient ones in
    /// their order, and then there are new ones. Convolutions whose outputs were added keep the same, so that they can be
    /// added again.
    pub(crate) fn kept(&self, node: usize, n_channels: usize) -> Source {
        let outputs = &self.outputs[node];
        let mut order: Vec<usize> = (0..outputs.len()).collect();
        let saliency = |channel: usize| self.saliency[outputs[channel]];
        order.sort_by(|&one, &other| saliency(other).total_cmp(&saliency(one)).then(one.cmp(&other)));
        order.truncate(n_channels);
        order.sort_unstable();
        order.into_iter().map(Some).chain(std::iter::repeat(None)).take(n_channels).collect()
    }

    /// What the output of the heir's node is like, given its partner and what its inputs are like.
    pub(crate) fn output(
        &self,
        op: &Op,
        partner: Option<usize>,
        inputs: &[&Likeness],
        n_channels: usize,
    ) -> Likeness {
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

    /// Which of the channels that a trained node reads are like those of a map in the heir.
    pub(crate) fn read(&self, node: usize, likeness: &Likeness) -> Source {
        let inputs = self.inputs(node);
        likeness.iter().map(|like| inputs.iter().position(|origin| like.contains(origin))).collect()
    }
}
