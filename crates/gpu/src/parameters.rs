//! Where each layer's parameters lie in a training's flat vector.

use netsynth_graph::ops::Conv;
use netsynth_graph::{Graph, Norm, Op};

/// What a run of parameters is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `[outputs, inputs, kernel, kernel]` of a convolution, `[inputs, units]` of a dense layer.
    Weight,
    /// `[outputs]`
    Bias,
    /// `[channels]` of a batch norm.
    Scale,
    /// `[channels]` of a batch norm.
    Shift,
}

/// A run of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The node it belongs to.
    pub node: usize,
    /// What it is.
    pub role: Role,
    /// Index of its first number.
    pub at: usize,
    /// How many numbers it has.
    pub len: usize,
}

/// The parameters of one training, one run after the other; all weights come first, since decay acts on them alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    runs: Vec<Parameter>,
    n_weights: usize,
    n_parameters: usize,
}

impl Parameters {
    pub(crate) fn new(graph: &Graph) -> Self {
        let wanted = (0..graph.len()).flat_map(|node| of_node(graph, node));
        let (weights, others): (Vec<_>, Vec<_>) = wanted.partition(|(_, role, _)| *role == Role::Weight);
        let n_weights = weights.iter().map(|(_, _, len)| len).sum();
        let mut n_parameters = 0;
        let runs = weights.into_iter().chain(others).map(|(node, role, len)| {
            let at = n_parameters;
            n_parameters += len;
            Parameter { node, role, at, len }
        });
        Self { runs: runs.collect(), n_weights, n_parameters }
    }

    /// The runs, in the order in which they lie.
    pub fn runs(&self) -> &[Parameter] {
        &self.runs
    }

    /// How many numbers a training has.
    pub fn len(&self) -> usize {
        self.n_parameters
    }

    /// Never: a network has at least its classifier.
    pub fn is_empty(&self) -> bool {
        self.n_parameters == 0
    }

    /// How many of them, at the beginning, are weights.
    pub fn n_weights(&self) -> usize {
        self.n_weights
    }

    /// Where a node's run begins, if it has one.
    pub fn at(&self, node: usize, role: Role) -> Option<usize> {
        self.runs.iter().find(|run| run.node == node && run.role == role).map(|run| run.at)
    }
}

fn of_node(graph: &Graph, node: usize) -> Vec<(usize, Role, usize)> {
    let read = graph.node(node);
    let input = read.inputs[0].map_or(graph.input(), |source| graph.node(source).shape);
    let normed = |norm: Norm, channels| match norm {
        Norm::Batch => vec![(node, Role::Scale, channels), (node, Role::Shift, channels)],
        Norm::None => Vec::new(),
    };
    match &read.op {
        Op::Conv(conv) => {
            let mut runs = vec![(node, Role::Weight, conv.weights(input.channels) as usize)];
            if has_bias(conv) {
                runs.push((node, Role::Bias, conv.channels));
            }
            runs.extend(normed(conv.norm, conv.channels));
            runs
        }
        Op::Add(add) => normed(add.norm, read.shape.channels),
        Op::Dense(dense) => {
            let weights = input.elements() as usize * dense.units;
            vec![(node, Role::Weight, weights), (node, Role::Bias, dense.units)]
        }
        _ => Vec::new(),
    }
}

/// A batch norm has its own shift, so a convolution before one has no bias.
pub(crate) fn has_bias(conv: &Conv) -> bool {
    conv.bias && conv.norm == Norm::None
}
