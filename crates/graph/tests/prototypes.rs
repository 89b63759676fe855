//! The networks of the paper, counted.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use netsynth_graph::prototypes::Prototype;
use netsynth_graph::{ArchitectureSpec, Graph, Norm, Op, Shape};

fn load(text: &str) -> (ArchitectureSpec, Graph) {
    let spec = ArchitectureSpec::from_ron(text).unwrap();
    let graph = Graph::new(&spec).unwrap();
    (spec, graph)
}

#[test]
fn nano_b_is_figure_1() {
    let (spec, graph) = load(include_str!("../../../prototypes/nano-b.ron"));
    let cost = graph.cost();
    assert_eq!(cost.parameters, 141_098);
    assert_eq!(format!("{:.2}", cost.macs as f64 / 1e6), "44.21");
    let reads = |name: &str| -> Vec<String> {
        let node = spec.nodes.iter().find(|node| node.name == name).unwrap();
        match node.from.as_slice() {
            [sum] if sum.contains('+') => sum.split('+').map(str::to_owned).collect(),
            from => from.to_vec(),
        }
    };
    assert_eq!(reads("x8"), ["x1", "x5", "x7"]);
    assert_eq!(reads("id1"), ["x1", "x3", "x5"]);
    assert_eq!(reads("y6"), ["y1", "y3", "y5", "id1"]);
    assert_eq!(reads("id2"), ["y3", "y5", "id1", "x8"]);
    assert_eq!(reads("pool"), ["z1", "z3", "z5", "id2"]);
}

#[test]
fn resnet20_is_the_keras_example() {
    let (_, graph) = load(include_str!("../../../prototypes/resnet20.ron"));
    assert_eq!(graph.cost().parameters, 271_207);
    // Keras counts four batch norm numbers a channel and the convolution's bias; 688 channels are normalised.
    assert_eq!(graph.cost().parameters + 4 * 688, 273_959);
}

#[test]
fn nano_a_class_has_the_size_it_claims() {
    let (_, graph) = load(include_str!("../../../prototypes/nano-a-class.ron"));
    assert_eq!(graph.cost().parameters, 228_970);
    assert_eq!(graph.cost().parameters + 4 * normalised_channels(&graph), 231_494);
}

fn normalised_channels(graph: &Graph) -> u64 {
    graph.nodes().filter(|node| is_normalised(&node.op)).map(|node| node.shape.channels as u64).sum()
}

fn is_normalised(op: &Op) -> bool {
    matches!(op, Op::Conv(conv) if conv.norm == Norm::Batch)
}

#[test]
fn every_prototype_reads_back_from_what_it_writes() {
    for text in [
        include_str!("../../../prototypes/nano-b.ron"),
        include_str!("../../../prototypes/nano-a-class.ron"),
        include_str!("../../../prototypes/resnet20.ron"),
    ] {
        let (spec, _) = load(text);
        assert_eq!(ArchitectureSpec::from_ron(&spec.to_ron()).unwrap(), spec);
    }
}

const IMAGENET: Shape = Shape { channels: 3, height: 224, width: 224 };

fn generated(prototype: Prototype, input: Shape, n_classes: usize) -> Graph {
    Graph::new(&prototype.spec(input, n_classes)).unwrap()
}

/// Total parameters as the summaries of Keras applications print them, for 224x224 colour images and 1000 classes.
#[test]
fn generated_networks_have_the_parameters_that_keras_counts() {
    // Four batch norm numbers a channel; a folded one is its shift, which is the bias where Keras has one too.
    let resnet = generated(Prototype::ResNet50, IMAGENET, 1000);
    assert_eq!(resnet.cost().parameters + 4 * normalised_channels(&resnet), 25_636_712);
    let mobilenet = generated(Prototype::MobileNetV1, IMAGENET, 1000);
    assert_eq!(mobilenet.cost().parameters + 3 * normalised_channels(&mobilenet), 4_253_864);
    // Seven more: mean, variance and count of the normalisation of the input.
    let efficientnet = generated(Prototype::EfficientNetB0, IMAGENET, 1000);
    assert_eq!(efficientnet.cost().parameters + 3 * normalised_channels(&efficientnet) + 7, 5_330_571);
    // For faces: the classifier has 7 classes instead of 1000, and the first convolution one channel instead of three.
    let faces = Shape { channels: 1, height: 48, width: 48 };
    let fewer = |units: u64, stem: u64| (1000 - 7) * (units + 1) + 2 * stem;
    for (prototype, large, fewer) in [
        (Prototype::ResNet50, &resnet, fewer(2048, 7 * 7 * 64)),
        (Prototype::MobileNetV1, &mobilenet, fewer(1024, 3 * 3 * 32)),
        (Prototype::EfficientNetB0, &efficientnet, fewer(1280, 3 * 3 * 32)),
    ] {
        let small = generated(prototype, faces, 7);
        assert_eq!(small.cost().parameters, large.cost().parameters - fewer, "{}", prototype.name());
    }
}

/// The multiply-accumulates at 224x224 that the papers state: 3.8 G, 569 M and 0.39 G.
#[test]
fn generated_networks_have_the_published_costs() {
    let giga = |prototype| generated(prototype, IMAGENET, 1000).cost().macs as f64 / 1e9;
    assert!((giga(Prototype::ResNet50) - 3.86).abs() < 0.05, "{}", giga(Prototype::ResNet50));
    assert!((giga(Prototype::MobileNetV1) - 0.569).abs() < 0.002, "{}", giga(Prototype::MobileNetV1));
    assert!((giga(Prototype::EfficientNetB0) - 0.39).abs() < 0.01, "{}", giga(Prototype::EfficientNetB0));
}

/// The authors' program (84x84 gray, 8 classes) holds 8*8*16 + 16, 4*4*16*32 + 32, 11*11*32*16 + 16 and 16*8 + 8
/// numbers. Its padding leaves a plane of 11x11; with the same number of zeros on every side, 88x88 pixels do.
#[test]
fn micro_exp_net_has_the_parameters_of_its_authors_program() {
    let image = |side| Shape { channels: 1, height: side, width: side };
    assert_eq!(generated(Prototype::MicroExpNet, image(88), 8).cost().parameters, 71_368);
    // At 48x48 both paddings leave 6x6.
    assert_eq!(generated(Prototype::MicroExpNet, image(48), 7).cost().parameters, 27_831);
}

#[test]
fn generated_networks_read_back_from_what_they_write() {
    for prototype in Prototype::ALL {
        for (input, n_classes) in [(Shape { channels: 1, height: 48, width: 48 }, 7), (IMAGENET, 1000)] {
            let spec = prototype.spec(input, n_classes);
            let read = ArchitectureSpec::from_ron(&spec.to_ron()).unwrap();
            assert_eq!(read, spec);
            let (one, other) = (Graph::new(&spec).unwrap(), Graph::new(&read).unwrap());
            assert_eq!(one.spec(), other.spec());
        }
    }
}
