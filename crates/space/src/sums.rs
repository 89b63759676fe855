//! What follows from the prototype's sums: the terms each node reads once nested sums are unrolled, which 1x1
//! convolutions are projections, where the activations of sums go, and which widths sums tie together.

use std::collections::BTreeSet;

use netsynth_graph::ops::Conv;
use netsynth_graph::{Activation, Graph, Norm, Op};

use crate::SpaceError;

/// The terms of a node's input: the nodes that are no sums and that it reads through sums, `None` is the image.
pub(crate) fn terms(graph: &Graph, input: Option<usize>) -> BTreeSet<Option<usize>> {
    match input.map(|number| (number, graph.node(number))) {
        Some((_, node)) if matches!(node.op, Op::Add(_)) => {
            node.inputs.iter().flat_map(|&summand| terms(graph, summand)).collect()
        }
        _ => BTreeSet::from([input]),
    }
}

/// Whether each node is a projection: a 1x1 convolution that is a summand beside a longer path.
pub(crate) fn projections(graph: &Graph) -> Vec<bool> {
    let depth = convolution_depth(graph);
    let mut is_projection = vec![false; graph.len()];
    for sum in graph.nodes().filter(|node| matches!(node.op, Op::Add(_))) {
        let summands: Vec<usize> = sum.inputs.iter().copied().flatten().collect();
        let longest = summands.iter().map(|&summand| depth[summand]).max().unwrap_or_default();
        for &summand in &summands {
            let is_pointwise = matches!(graph.node(summand).op, Op::Conv(Conv { kernel: 1, .. }));
            is_projection[summand] |= is_pointwise && depth[summand] < longest;
        }
    }
    is_projection
}

/// The most convolutions on a path from the image to each node.
fn convolution_depth(graph: &Graph) -> Vec<usize> {
    let mut depth: Vec<usize> = Vec::with_capacity(graph.len());
    for node in graph.nodes() {
        let before = node.inputs.iter().flatten().map(|&input| depth[input]).max().unwrap_or_default();
        depth.push(before + usize::from(matches!(node.op, Op::Conv(_))));
    }
    depth
}

/// The operators of the nodes that are no sums, with each sum's activation moved to the convolutions it adds, as
/// Figure 1 of the paper draws them; projections stay linear. Unrolled sums are then linear.
pub(crate) fn unrolled_operators(graph: &Graph, is_projection: &[bool]) -> Result<Vec<Op>, SpaceError> {
    let mut operators: Vec<Op> = graph.nodes().map(|node| node.op.clone()).collect();
    for node in graph.nodes() {
        let Op::Add(sum) = &node.op else { continue };
        if sum.norm != Norm::None {
            return Err(SpaceError::Prototype {
                node: node.name.clone(),
                reason: "normalises a sum, and a sum of terms that vary cannot be normalised".to_owned(),
                remedy: "put the norm into the convolutions that the sum adds".to_owned(),
            });
        }
        for input in &node.inputs {
            let Some(summand) = *input else {
                return Err(SpaceError::Prototype {
                    node: node.name.clone(),
                    reason: "adds the image itself, which has channels that cannot vary".to_owned(),
                    remedy: "put a convolution between the image and the sum".to_owned(),
                });
            };
            match &mut operators[summand] {
                Op::Conv(conv) if !is_projection[summand] && conv.activation == Activation::Linear => {
                    conv.activation = sum.activation;
                }
                // A projection stays linear, an activation of its own stays, and a sum inside has its own.
                Op::Conv(_) | Op::Add(_) => {}
                Op::Concat(_)
                | Op::MaxPool(_)
                | Op::AvgPool(_)
                | Op::GlobalAvgPool(_)
                | Op::SqueezeExcite(_)
                | Op::Dropout(_)
                | Op::Dense(_)
                    if sum.activation == Activation::Linear => {}
                other => {
                    return Err(SpaceError::Prototype {
                        node: node.name.clone(),
                        reason: format!(
                            "activates a sum with a {} in it: the activation moves to the convolutions that are added, and \
                             this summand has none",
                            other.name()
                        ),
                        remedy: "make the sum linear, and give the convolutions the activation".to_owned(),
                    });
                }
            }
        }
    }
    Ok(operators)
}

/// The convolution that decides the width of each node's output, `None` where none does.
pub(crate) fn width_sources(graph: &Graph) -> Vec<Option<usize>> {
    let mut sources: Vec<Option<usize>> = Vec::with_capacity(graph.len());
    for (number, node) in graph.nodes().enumerate() {
        let inherited = node.inputs[0].and_then(|input| sources[input]);
        sources.push(match &node.op {
            Op::Conv(_) => Some(number),
            Op::Add(_)
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::GlobalAvgPool(_)
            | Op::SqueezeExcite(_)
            | Op::Dropout(_) => inherited,
            Op::Concat(_) | Op::Dense(_) => None,
        });
    }
    sources
}
