//! The order in which the nodes of a network run.

use burn::tensor::Tensor;
use netsynth_graph::{Graph, Shape};
use netsynth_kernels::FeatureMap;

use crate::Device;
use crate::tensors::tensor;

/// Runs the nodes in order, each on what it reads. An activation is let go after its last reader.
pub(crate) fn forward(
    graph: &Graph,
    image: FeatureMap,
    mut run: impl FnMut(usize, Vec<FeatureMap>) -> FeatureMap,
) -> FeatureMap {
    let mut n_reads = vec![0usize; graph.len()];
    let mut n_image_reads = 0usize;
    for input in graph.nodes().flat_map(|node| &node.inputs) {
        match input {
            Some(source) => n_reads[*source] += 1,
            None => n_image_reads += 1,
        }
    }
    let mut image = Some(image);
    let mut outputs: Vec<Option<FeatureMap>> = vec![None; graph.len()];
    for node in 0..graph.len() {
        let inputs = graph.node(node).inputs.iter().map(|input| {
            let (value, n_left) = match input {
                Some(source) => (&mut outputs[*source], &mut n_reads[*source]),
                None => (&mut image, &mut n_image_reads),
            };
            *n_left -= 1;
            let read = if *n_left == 0 { value.take() } else { value.clone() };
            read.unwrap_or_else(|| unreachable!("a valid graph reads only what lies before"))
        });
        let inputs: Vec<FeatureMap> = inputs.collect();
        outputs[node] = Some(run(node, inputs));
    }
    outputs.pop().flatten().unwrap_or_else(|| unreachable!("a valid graph ends in its classifier"))
}

/// Images as a tensor on the device, without autodiff.
pub(crate) fn image_tensor(pixels: Vec<f32>, count: usize, shape: Shape, device: Device) -> Tensor<4> {
    tensor(pixels, [count, shape.channels, shape.height, shape.width], &device.burn())
}
