//! The residual blocks of a prototype, and which of them can be left out.

use std::collections::BTreeSet;

use netsynth_graph::{Graph, Op};

/// A sum of which one input leads to another.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// Rows and columns of the sum.
    pub(crate) resolution: (usize, usize),
    /// The nodes between the shortcut and the sum, if the shortcut is the identity and nothing else reads them.
    pub(crate) removable: Option<BTreeSet<usize>>,
}

/// The residual blocks in execution order.
pub(crate) fn residual_blocks(graph: &Graph) -> Vec<Block> {
    (0..graph.len())
        .filter(|&number| matches!(graph.node(number).op, Op::Add(_)))
        .map(|sum| {
            let shape = graph.node(sum).shape;
            Block { resolution: (shape.height, shape.width), removable: removable(graph, sum) }
        })
        .collect()
}

fn removable(graph: &Graph, sum: usize) -> Option<BTreeSet<usize>> {
    let inputs: BTreeSet<usize> = graph.node(sum).inputs.iter().copied().flatten().collect();
    let shortcut = *inputs.iter().find(|&&input| {
        inputs.iter().all(|&other| other == input || ancestors(graph, other).contains(&input))
    })?;
    let before = ancestors(graph, shortcut);
    let block: BTreeSet<usize> = ancestors(graph, sum)
        .into_iter()
        .filter(|node| *node != shortcut && !before.contains(node))
        .collect();
    let is_private =
        |&node: &usize| graph.readers(node).iter().all(|reader| *reader == sum || block.contains(reader));
    (!block.is_empty() && block.iter().all(is_private)).then_some(block)
}

/// All nodes that a node depends on.
fn ancestors(graph: &Graph, node: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut stack = vec![node];
    while let Some(next) = stack.pop() {
        for &input in graph.node(next).inputs.iter().flatten() {
            if found.insert(input) {
                stack.push(input);
            }
        }
    }
    found
}
