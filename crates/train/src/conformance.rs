//! One suite over all operators: what the graph infers and counts is what the network does and holds.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::Tensor;
use netsynth_graph::{ArchitectureSpec, Graph, Shape};

use crate::deployed::Tap;
use crate::forward::image_tensor;
use crate::network::Running;
use crate::tensors::values;
use crate::{Deployed, Device, Network};

/// Every operator, kernel, stride, norm and activation, on an odd plane.
const ALL_OPERATORS: &str = include_str!("../../graph/tests/all-operators.ron");

fn graph() -> Graph {
    Graph::new(&ArchitectureSpec::from_ron(ALL_OPERATORS).unwrap()).unwrap()
}

/// Images that are no constant, the same every time.
fn images(count: usize, shape: Shape) -> Tensor<4> {
    let n_pixels = count * shape.elements() as usize;
    let pixels = (0..n_pixels).map(|pixel| ((pixel * 7919) % 101) as f32 / 50.0 - 1.0).collect();
    image_tensor(pixels, count, shape, Device::Flex)
}

#[test]
fn every_output_has_the_inferred_shape() {
    let graph = graph();
    for count in [1, 5, 17] {
        let network = Network::new(&graph, 1, Device::Flex);
        let deployed = Deployed::new(&graph, network.deployed_weights(), Device::Flex).unwrap();
        let mut seen = BTreeMap::new();
        deployed.logits(images(count, graph.input()), |tap, map| {
            if let Tap::Output(node) = tap {
                seen.insert(node, map.dims());
            }
            map
        });
        for (number, node) in graph.nodes().enumerate() {
            let Shape { channels, height, width } = node.shape;
            assert_eq!(seen[&number], [count, channels, height, width], "{}", node.name);
        }
    }
}

#[test]
fn the_module_holds_the_parameters_that_were_counted() {
    let graph = graph();
    let network = Network::new(&graph, 1, Device::Flex);
    assert_eq!(network.num_params() as u64, graph.trainable_parameters());
    let deployed = Deployed::new(&graph, network.deployed_weights(), Device::Flex).unwrap();
    assert_eq!(deployed.n_parameters(), graph.cost().parameters);
}

#[test]
fn a_deployed_network_is_the_trained_one_with_its_statistics_folded() {
    // Without dropout, and with running statistics that are the batch's own, both compute the same.
    let text = ALL_OPERATORS.replace("Dropout(rate: 0.5)", "Dropout(rate: 0.0)");
    let graph = Graph::new(&ArchitectureSpec::from_ron(&text).unwrap()).unwrap();
    let network = Network::new(&graph, 4, Device::Flex);
    let batch = images(16, graph.input());
    let pass = network.training_pass(batch.clone().autodiff(), 1, &[0, 0]);
    let running = pass
        .statistics
        .into_iter()
        .map(|seen| seen.map(|(mean, variance)| Running { mean: values(mean), variance: values(variance) }))
        .collect();
    let network = network.with_running(running);
    let deployed = Deployed::new(&graph, network.deployed_weights(), Device::Flex).unwrap();
    let (trained, folded) = (values(pass.logits), values(deployed.logits(batch, |_, map| map)));
    for (one, other) in trained.iter().zip(&folded) {
        assert!((one - other).abs() < 1e-3 * (1.0 + one.abs()), "{one} is {other} once deployed");
    }
}
