//! Which nodes stand on the line.

use netsynth_graph::Graph;

use super::lettering::is_joint;

/// For each node whether it is on the longest way from the image to the classes: that of most layers, then of most sums,
/// then the one that the sums name first.
pub(super) fn spine(graph: &Graph) -> Vec<bool> {
    let mut lengths: Vec<(usize, usize)> = Vec::with_capacity(graph.len());
    let mut before: Vec<Option<usize>> = Vec::with_capacity(graph.len());
    for node in graph.nodes() {
        let length = |input: &Option<usize>| input.map_or((0, 0), |source| lengths[source]);
        let longest = node.inputs.iter().map(length).max().unwrap_or_default();
        before.push(node.inputs.iter().find(|input| length(input) == longest).copied().flatten());
        let (n_layers, n_sums) = longest;
        lengths.push(if is_joint(&node.op) { (n_layers, n_sums + 1) } else { (n_layers + 1, n_sums) });
    }
    let mut on_spine = vec![false; graph.len()];
    let mut next = Some(graph.len() - 1);
    while let Some(node) = next {
        on_spine[node] = true;
        next = before[node];
    }
    on_spine
}
