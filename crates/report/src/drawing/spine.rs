//! Which nodes stand on the line.

use netsynth_graph::Graph;

/// For each node whether it is on the longest way from the image to the classes; of ways of one length the one that
/// the sums name first.
pub(super) fn spine(graph: &Graph) -> Vec<bool> {
    let mut lengths: Vec<usize> = Vec::with_capacity(graph.len());
    let mut before: Vec<Option<usize>> = Vec::with_capacity(graph.len());
    for node in graph.nodes() {
        let length = |input: &Option<usize>| input.map_or(0, |source| lengths[source]);
        let longest = node.inputs.iter().map(length).max().unwrap_or_default();
        before.push(node.inputs.iter().find(|input| length(input) == longest).copied().flatten());
        lengths.push(longest + 1);
    }
    let mut on_spine = vec![false; graph.len()];
    let mut next = Some(graph.len() - 1);
    while let Some(node) = next {
        on_spine[node] = true;
        next = before[node];
    }
    on_spine
}
