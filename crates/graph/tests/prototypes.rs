//! The networks of the paper, counted.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use netsynth_graph::{ArchitectureSpec, Graph, Norm, Op};

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
    let normalised: usize =
        graph.nodes().filter(|node| is_normalised(&node.op)).map(|node| node.shape.channels).sum();
    assert_eq!(graph.cost().parameters, 228_970);
    assert_eq!(graph.cost().parameters + 4 * normalised as u64, 231_494);
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
