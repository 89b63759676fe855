use std::collections::BTreeSet;

use crate::ops::Add;
use crate::{Activation, Graph, Node, Norm, Op};

/// Where the layers of one network are in another, in execution order.
///
/// A sum without norm and activation is no layer but wiring: who reads it reads its terms. Layers are paired so that
/// the order of both networks is kept and as many as possible share operator, name, window and resolution
/// (Needleman and Wunsch 1970).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The layer is in both.
    Paired(Pair),
    /// The node of this number is in the first alone.
    Removed(usize),
    /// The node of this number is in the second alone.
    Added(usize),
}

/// A layer of one network and its counterpart in the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The node's number in the first.
    pub one: usize,
    /// The node's number in the second.
    pub other: usize,
    /// Nodes of the first that it reads there, without a counterpart that it reads in the second; `None` is the
    /// image.
    pub lost: Vec<Option<usize>>,
    /// Nodes of the second that it reads there, without a counterpart that it reads in the first.
    pub gained: Vec<Option<usize>>,
}

/// Compares two networks layer by layer.
pub fn difference(one: &Graph, other: &Graph) -> Vec<Change> {
    let (before, after) = (layers(one), layers(other));
    let steps = aligned(one, other, &before, &after);
    // The node of the first that each node of the second is paired with.
    let mut partner: Vec<Option<usize>> = vec![None; other.len()];
    for step in &steps {
        if let (Some(old), Some(new)) = step {
            partner[*new] = Some(*old);
        }
    }
    let changes = steps.into_iter().filter_map(|step| match step {
        (Some(old), Some(new)) => {
            let (mut lost, mut gained) = (terms(one, old), Vec::new());
            for term in terms(other, new) {
                // A node that is in the second alone has none.
                let known = match term {
                    None => Some(None),
                    Some(source) => partner[source].map(Some),
                };
                match known.and_then(|known| lost.iter().position(|&term| term == known)) {
                    Some(position) => drop(lost.remove(position)),
                    None => gained.push(term),
                }
            }
            Some(Change::Paired(Pair { one: old, other: new, lost, gained }))
        }
        (Some(old), None) => Some(Change::Removed(old)),
        (None, Some(new)) => Some(Change::Added(new)),
        (None, None) => None,
    });
    changes.collect()
}

fn is_wiring(node: &Node) -> bool {
    matches!(&node.op, Op::Add(Add { norm: Norm::None, activation: Activation::Linear }))
}

/// The numbers of the nodes that are layers.
fn layers(graph: &Graph) -> Vec<usize> {
    (0..graph.len()).filter(|&number| !is_wiring(graph.node(number))).collect()
}

/// What a node reads, with the terms of sums instead of sums, each once.
fn terms(graph: &Graph, number: usize) -> Vec<Option<usize>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<Option<usize>> = graph.node(number).inputs.iter().rev().copied().collect();
    while let Some(input) = open.pop() {
        match input {
            known if !seen.insert(known) => {}
            Some(source) if is_wiring(graph.node(source)) => {
                open.extend(graph.node(source).inputs.iter().rev());
            }
            image_or_layer => found.push(image_or_layer),
        }
    }
    found
}

/// How much two layers are alike; 0 for those of different operators, which are no pair.
fn likeness(one: &Node, other: &Node) -> u32 {
    if std::mem::discriminant(&one.op) != std::mem::discriminant(&other.op) {
        return 0;
    }
    let window = |op: &Op| if let Op::Conv(conv) = op { (conv.kernel, conv.stride) } else { (1, 1) };
    let ((kernel, stride), (other_kernel, other_stride)) = (window(&one.op), window(&other.op));
    2 + 8 * u32::from(one.name == other.name)
        + 2 * u32::from(one.shape.same_resolution(&other.shape))
        + 3 * u32::from(kernel == other_kernel)
        + 3 * u32::from(stride == other_stride)
}

/// Layers of both in an order that keeps both orders, those that are paired side by side.
fn aligned(
    one: &Graph,
    other: &Graph,
    before: &[usize],
    after: &[usize],
) -> Vec<(Option<usize>, Option<usize>)> {
    let alike = |i: usize, j: usize| likeness(one.node(before[i]), other.node(after[j]));
    // best[i][j]: the most likeness that the layers from i and from j on can have.
    let mut best = vec![vec![0u32; after.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            let paired = match alike(i, j) {
                0 => 0,
                likeness => likeness + best[i + 1][j + 1],
            };
            best[i][j] = paired.max(best[i + 1][j]).max(best[i][j + 1]);
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut steps = Vec::with_capacity(before.len().max(after.len()));
    while i < before.len() || j < after.len() {
        let is_pair = i < before.len()
            && j < after.len()
            && alike(i, j) > 0
            && best[i][j] == alike(i, j) + best[i + 1][j + 1];
        if is_pair {
            steps.push((Some(before[i]), Some(after[j])));
            (i, j) = (i + 1, j + 1);
        } else if j == after.len() || (i < before.len() && best[i][j] == best[i + 1][j]) {
            steps.push((Some(before[i]), None));
            i += 1;
        } else {
            steps.push((None, Some(after[j])));
            j += 1;
        }
    }
    steps
}
