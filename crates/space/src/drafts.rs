//! The nodes that an unrolled prototype has room for: its own, and projections that it does not have.

use std::collections::BTreeSet;

use netsynth_graph::ops::Conv;
use netsynth_graph::{Activation, Graph, Norm, Op, Shape, Ties};

use crate::SpaceError;
use crate::sums::projections;

/// What a slot is before slots are numbered.
pub(crate) enum Draft {
    /// A node of the prototype.
    Node(usize),
    /// A projection that the prototype does not have, with its stride and the width it writes.
    Projection { stride: usize, shape: Shape, from: Shape, width_source: usize },
}

/// The nodes that are no sums.
pub(crate) fn nodes_of(prototype: &Graph) -> impl Iterator<Item = usize> + '_ {
    (0..prototype.len()).filter(|&number| !matches!(prototype.node(number).op, Op::Add(_)))
}

/// The ties that the prototype's sums, depthwise and grouped convolutions make.
pub(crate) fn tied_widths(prototype: &Graph, sources: &[Option<usize>]) -> Result<Ties, SpaceError> {
    let mut ties = Ties::new(prototype.len());
    for (number, node) in prototype.nodes().enumerate() {
        match &node.op {
            Op::Add(_) => {
                let summands: Vec<Option<usize>> =
                    node.inputs.iter().map(|input| input.and_then(|input| sources[input])).collect();
                for pair in summands.windows(2) {
                    let (Some(one), Some(other)) = (pair[0], pair[1]) else {
                        return Err(SpaceError::Prototype {
                            node: node.name.clone(),
                            reason: "adds a node with a width that no single convolution decides".to_owned(),
                            remedy: "put a 1x1 Conv after the Concat or Dense that the sum adds".to_owned(),
                        });
                    };
                    ties.tie(one, other);
                }
            }
            Op::Conv(conv) if conv.groups > 1 => {
                let source = node.inputs[0].and_then(|input| sources[input]);
                match source {
                    Some(source) if conv.is_depthwise(prototype.input_shape(number).channels) => {
                        ties.tie(source, number);
                    }
                    _ => {
                        return Err(SpaceError::Prototype {
                            node: node.name.clone(),
                            reason: format!("has {} groups, which fix its width", conv.groups),
                            remedy: "vary full or depthwise convolutions only".to_owned(),
                        });
                    }
                }
            }
            _ => {}
        }
    }
    Ok(ties)
}

pub(crate) fn resolution(shape: Shape) -> (usize, usize) {
    (shape.height, shape.width)
}

/// The prototype's nodes in order, and before the first reader of each later stream a projection from every
/// earlier resolution that none reaches it from yet.
pub(crate) fn with_new_projections(prototype: &Graph, sources: &[Option<usize>], ties: &Ties) -> Vec<Draft> {
    let is_projection = projections(prototype);
    let projected: BTreeSet<_> = (0..prototype.len())
        .filter(|&number| is_projection[number])
        .map(|number| (resolution(prototype.input_shape(number)), resolution(prototype.node(number).shape)))
        .collect();
    let mut drafts = Vec::new();
    // The streams met so far: a resolution, and a convolution of the class.
    let mut streams: Vec<(Shape, usize)> = Vec::new();
    for number in nodes_of(prototype) {
        let stream = stream_read(prototype, sources, ties, number);
        if let Some(width_source) = stream {
            let shape = prototype.node(width_source).shape;
            if streams.iter().all(|(known, _)| resolution(*known) != resolution(shape)) {
                for (from, _) in &streams {
                    let stride = from.height.div_ceil(shape.height);
                    let fits = from.height.div_ceil(stride) == shape.height
                        && from.width.div_ceil(stride) == shape.width;
                    if fits && !projected.contains(&(resolution(*from), resolution(shape))) {
                        drafts.push(Draft::Projection { stride, shape, from: *from, width_source });
                    }
                }
                streams.push((shape, width_source));
            }
        }
        drafts.push(Draft::Node(number));
    }
    drafts
}

/// A convolution of the tied class that a node reads, if its one input is a stream at the width's resolution.
fn stream_read(prototype: &Graph, sources: &[Option<usize>], ties: &Ties, number: usize) -> Option<usize> {
    let [input] = prototype.node(number).inputs.as_slice() else { return None };
    let read = (*input)?;
    let source = sources[read]?;
    let members = (0..prototype.len())
        .filter(|&other| sources[other] == Some(other) && ties.class(other) == ties.class(source))
        .count();
    let same_resolution = prototype.node(source).shape.same_resolution(&prototype.node(read).shape);
    (members > 1 && same_resolution).then_some(source)
}

pub(crate) fn linear_pointwise(channels: usize, stride: usize) -> Conv {
    Conv {
        channels,
        kernel: 1,
        stride,
        groups: 1,
        bias: true,
        norm: Norm::None,
        activation: Activation::Linear,
    }
}
