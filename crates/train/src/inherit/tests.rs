#![allow(clippy::unwrap_used)]

use netsynth_graph::ArchitectureSpec;
use netsynth_random::stream;
use netsynth_space::{SearchSpace, SearchSpaceSpec};

use super::*;
use crate::forward::image_tensor;
use crate::weights::Weights;

const N_IMAGES: usize = 4;
const SIDE: usize = 9;

/// A network with a sum, a depthwise convolution, attention and a concatenation, of these widths and this kernel side.
fn graph(stream: usize, inner: usize, kernel: usize) -> Graph {
    let text = format!(
        r#"(schema: 1, name: "t", input: (channels: 1, height: {SIDE}, width: {SIDE}), nodes: [
        (name: "a", from: ["input"], op: Conv(channels: {stream}, kernel: {kernel}, norm: Batch, activation: Relu)),
        (name: "b", from: ["a"], op: Conv(channels: {inner}, norm: Batch, activation: Swish)),
        (name: "depth", from: ["b"], op: Conv(channels: {inner}, groups: {inner}, activation: Relu)),
        (name: "c", from: ["depth"], op: Conv(channels: {stream}, kernel: {kernel}, norm: Batch, activation: Relu)),
        (name: "sum", from: ["a", "c"], op: Add()),
        (name: "look", from: ["sum"], op: SqueezeExcite(reduced: 3)),
        (name: "d", from: ["look"], op: Conv(channels: 5, kernel: 1, stride: 2, activation: Relu)),
        (name: "e", from: ["look"], op: Conv(channels: {inner}, kernel: 1, stride: 2, norm: Batch)),
        (name: "both", from: ["d", "e"], op: Concat()),
        (name: "pool", from: ["both"], op: GlobalAvgPool()),
        (name: "classes", from: ["pool"], op: Dense(units: 3)),
    ])"#
    );
    Graph::new(&ArchitectureSpec::from_ron(&text).unwrap()).unwrap()
}

fn images(side: usize) -> Tensor<4> {
    let pixels = (0..N_IMAGES * side * side).map(|at| ((at * 37) % 101) as f32 / 50.0 - 1.0).collect();
    let shape = netsynth_graph::Shape { channels: 1, height: side, width: side };
    image_tensor(pixels, N_IMAGES, shape, Device::Flex)
}

fn batch(side: usize, n_classes: usize) -> Batch {
    let is_of = |at: usize| at / n_classes % n_classes == at % n_classes;
    let targets = (0..N_IMAGES * n_classes).map(|at| f32::from(u8::from(is_of(at)))).collect();
    Batch { images: images(side), targets: tensor(targets, [N_IMAGES, n_classes], &Device::Flex.burn()) }
}

/// As after a training: norms that are not those of the beginning.
fn trained(graph: &Graph) -> Deployed {
    let mut network = Network::new(graph, 1, Device::Flex);
    for running in network.running.iter_mut().flatten() {
        running.mean.iter_mut().enumerate().for_each(|(at, mean)| *mean = 0.3 * at as f32 - 0.5);
        running.variance.iter_mut().enumerate().for_each(|(at, variance)| *variance = 0.4 + at as f32);
    }
    deployed(graph, &network)
}

fn deployed(graph: &Graph, network: &Network) -> Deployed {
    Deployed::new(graph, network.deployed_weights(), Device::Flex).unwrap()
}

fn child(graph: &Graph, parent: &Deployed) -> Network {
    Network::new(graph, 2, Device::Flex).inheriting(parent, batch(SIDE, 3), Device::Flex)
}

/// How far the two are apart where they differ most.
fn apart(one: Tensor<2>, other: &[f32]) -> f32 {
    values(one).iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
}

fn training_logits(network: &Network) -> Tensor<2> {
    network.training_pass(images(SIDE).autodiff(), 0, &[]).logits
}

#[test]
fn what_starts_from_a_trained_network_computes_what_that_does() {
    let graph = graph(6, 4, 3);
    let trained = trained(&graph);
    let expected = values(trained.logits(images(SIDE), |_, map| map));
    assert!(apart(training_logits(&Network::new(&graph, 2, Device::Flex)), &expected) > 0.05);
    let inherited = child(&graph, &trained);
    assert!(apart(training_logits(&inherited), &expected) < 1e-4);
    // And once its norms are folded away again.
    assert!(apart(deployed(&graph, &inherited).logits(images(SIDE), |_, map| map), &expected) < 1e-4);
}

#[test]
fn new_channels_and_larger_kernels_disturb_nothing_and_are_the_first_to_go() {
    let (narrow, wide) = (graph(6, 4, 3), graph(9, 7, 5));
    let trained = trained(&narrow);
    let expected = values(trained.logits(images(SIDE), |_, map| map));
    let wider = child(&wide, &trained);
    assert!(apart(training_logits(&wider), &expected) < 1e-3);
    // Nothing reads the new channels, so they matter least.
    let back = child(&narrow, &deployed(&wide, &wider));
    assert!(apart(training_logits(&back), &expected) < 1e-3);
}

#[test]
fn the_most_salient_channels_are_kept_and_stay_aligned_in_sums() {
    let (wide, narrow) = (graph(6, 4, 3), graph(3, 4, 3));
    let mut weights = trained(&wide).weights().clone();
    // Only these channels of the stream are ever read: by `b`, and through the attention by `d` and `e`.
    let read = [1, 2, 5];
    for reader in ["b", "d", "e"] {
        let array = weights.0.get_mut(&format!("{reader}.weight")).unwrap();
        let plane = array.shape[2] * array.shape[3];
        for (at, weight) in array.values.iter_mut().enumerate() {
            if !read.contains(&(at / plane % 6)) {
                *weight = 0.0;
            }
        }
    }
    let gate = weights.0.get_mut("look.reduce.weight").unwrap();
    let units = gate.shape[1];
    let unread = |at: &usize| !read.contains(&(at / units));
    (0..gate.values.len()).filter(unread).for_each(|at| gate.values[at] = 0.0);
    let trained = Deployed::new(&wide, weights, Device::Flex).unwrap();
    let expected = values(trained.logits(images(SIDE), |_, map| map));
    assert!(apart(training_logits(&child(&narrow, &trained)), &expected) < 1e-4);
}

#[test]
fn what_was_not_there_keeps_its_random_weights() {
    let weight = |weights: &Weights, node: &str| weights.0[&format!("{node}.weight")].clone();
    let graph = graph(6, 4, 3);
    let mut spec = graph.spec();
    let trained = trained(&graph);
    let renamed = spec.nodes.iter().position(|node| node.name == "b").unwrap();
    spec.nodes[renamed].name = "new".to_owned();
    let depth = spec.nodes.iter_mut().find(|node| node.name == "depth").unwrap();
    depth.from = vec!["new".to_owned()];
    let other = Graph::new(&spec).unwrap();
    let fresh = Network::new(&other, 2, Device::Flex).deployed_weights();
    let started = child(&other, &trained).deployed_weights();
    assert_eq!(weight(&started, "d"), weight(trained.weights(), "d"));
    // Its norm has seen the batch, and folds another scale into what was drawn.
    let directions = |weights: &Weights| -> Vec<bool> {
        weight(weights, "new").values.iter().map(|weight| *weight > 0.0).collect()
    };
    assert_eq!(directions(&started), directions(&fresh));
    assert_ne!(directions(&started), {
        weight(trained.weights(), "b").values.iter().map(|weight| *weight > 0.0).collect::<Vec<_>>()
    });
    // What read `b` reads an unknown node now, and begins afresh.
    assert_eq!(weight(&started, "depth").values, weight(&fresh, "depth").values);
}

#[test]
fn any_network_of_a_space_can_inherit_from_any_other() {
    let spec = SearchSpaceSpec::from_ron(include_str!("../../../../search-spaces/emotionnet.ron")).unwrap();
    let prototype = include_str!("../../../../prototypes/resnet20.ron");
    let mut prototype = ArchitectureSpec::from_ron(prototype).unwrap();
    (prototype.input.height, prototype.input.width) = (SIDE, SIDE);
    let space = SearchSpace::new(&spec, &Graph::new(&prototype).unwrap()).unwrap();
    let drawn = |number: u64| {
        let mut random = stream(5, "heirs", &[number]);
        let genome = space.decisions().genome(|_, decision| random.below(decision.domain.choices()));
        space.decode(&genome, "drawn").unwrap()
    };
    let n_classes = drawn(0).classes();
    for number in 0..6 {
        let (parent, child) = (drawn(number), drawn(number + 1));
        let parent = deployed(&parent, &Network::new(&parent, number, Device::Flex));
        let inherited =
            Network::new(&child, 9, Device::Flex).inheriting(&parent, batch(SIDE, n_classes), Device::Flex);
        let found = values(deployed(&child, &inherited).logits(images(SIDE), |_, map| map));
        assert!(found.iter().all(|logit| logit.is_finite()), "{found:?}");
        let training = values(training_logits(&inherited));
        assert!(
            apart(deployed(&child, &inherited).logits(images(SIDE), |_, map| map), &training) < 1e-2,
            "{found:?} {training:?}"
        );
    }
}
