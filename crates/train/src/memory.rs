use netsynth_graph::Graph;

/// Bytes that a training of a network takes at its peak, by estimate: for each image of a batch every node's output
/// with its gradient, and for each parameter its value, gradient, two moments and average, in 32-bit floats.
///
/// Data, program and passing buffers come on top; docs/reliability.md compares it with what was measured.
pub fn training_memory(graph: &Graph, batch_size: usize) -> u64 {
    let outputs =
        graph.nodes().map(|node| node.shape.elements()).fold(graph.input().elements(), u64::saturating_add);
    let activations = outputs.saturating_mul(2 * batch_size as u64);
    let parameters = graph.trainable_parameters().saturating_mul(5);
    activations.saturating_add(parameters).saturating_mul(4)
}
