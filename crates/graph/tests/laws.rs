//! Laws of every graph, on random ones.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use netsynth_graph::ops::{Add, Concat, Conv, Dense, Dropout, GlobalAvgPool, Pool, SqueezeExcite};
use netsynth_graph::{
    Activation, ArchitectureId, ArchitectureSpec, Graph, INPUT, NodeSpec, Norm, Op, Shape, Ties,
};
use proptest::prelude::*;

/// A random valid spec: each step adds a node that fits what is there, then everything is pooled and classified.
fn specs() -> impl Strategy<Value = ArchitectureSpec> {
    let steps = prop::collection::vec((0u8..8, any::<u16>(), any::<u16>(), 1usize..9), 1..14);
    (1usize..4, 3usize..17, steps).prop_map(|(channels, side, steps)| {
        let mut nodes: Vec<NodeSpec> = Vec::new();
        let image = Shape { channels, height: side, width: side + 1 };
        let mut shapes: Vec<(String, Shape)> = vec![(INPUT.to_owned(), image)];
        for (number, (kind, a, b, size)) in steps.into_iter().enumerate() {
            let (first, first_shape) = shapes[a as usize % shapes.len()].clone();
            let (second, second_shape) = shapes[b as usize % shapes.len()].clone();
            let (from, op) = match kind {
                0 if first_shape == second_shape => {
                    (vec![first, second], Op::Add(Add { norm: Norm::Batch, activation: Activation::Relu }))
                }
                1 if first_shape.same_resolution(&second_shape) => {
                    (vec![first, second], Op::Concat(Concat {}))
                }
                2 => (vec![first], Op::MaxPool(Pool { kernel: 3, stride: 2 })),
                3 => (vec![first], Op::AvgPool(Pool { kernel: 3, stride: 1 })),
                4 => (
                    vec![first],
                    Op::SqueezeExcite(SqueezeExcite { reduced: size, activation: Activation::Swish }),
                ),
                5 => (vec![first], Op::Dropout(Dropout { rate: 0.25 })),
                _ => (
                    vec![first],
                    Op::Conv(Conv {
                        channels: size,
                        kernel: [1, 3, 5][size % 3],
                        stride: 1 + size % 2,
                        groups: 1,
                        bias: kind == 6,
                        norm: if kind == 7 { Norm::Batch } else { Norm::None },
                        activation: Activation::Relu,
                    }),
                ),
            };
            let inputs: Vec<Shape> =
                from.iter().map(|name| shapes.iter().find(|(known, _)| known == name).unwrap().1).collect();
            let name = format!("n{number}");
            shapes.push((name.clone(), op.infer(&inputs).unwrap()));
            nodes.push(NodeSpec { name, from, op });
        }
        close(&mut nodes, &shapes);
        ArchitectureSpec::new("random", image, nodes)
    })
}

/// Pools every loose end and joins the vectors before the classifier.
fn close(nodes: &mut Vec<NodeSpec>, shapes: &[(String, Shape)]) {
    let is_read = |name: &str| nodes.iter().any(|node| node.from.iter().any(|input| input == name));
    let ends: Vec<String> =
        shapes.iter().map(|(name, _)| name.clone()).filter(|name| !is_read(name)).collect();
    let pooled: Vec<String> = ends.iter().map(|end| format!("pool-{end}")).collect();
    for (end, pool) in ends.iter().zip(&pooled) {
        nodes.push(NodeSpec {
            name: pool.clone(),
            from: vec![end.clone()],
            op: Op::GlobalAvgPool(GlobalAvgPool {}),
        });
    }
    let from = match pooled.as_slice() {
        [_] => pooled,
        _ => {
            nodes.push(NodeSpec { name: "joined".into(), from: pooled, op: Op::Concat(Concat {}) });
            vec!["joined".into()]
        }
    };
    let op = Op::Dense(Dense { units: 7, activation: Activation::Linear });
    nodes.push(NodeSpec { name: "classes".into(), from, op });
}

/// The spec with other names and the nodes in an order that `seed` chooses.
fn disguised(spec: &ArchitectureSpec, seed: u64) -> ArchitectureSpec {
    let rename = |name: &String| if name == INPUT { name.clone() } else { format!("other {name}") };
    let mut nodes: Vec<NodeSpec> = spec
        .nodes
        .iter()
        .map(|node| {
            let mut from: Vec<String> = node.from.iter().map(rename).collect();
            if matches!(node.op, Op::Add(_)) {
                from.reverse();
            }
            NodeSpec { name: rename(&node.name), from, op: node.op.clone() }
        })
        .collect();
    nodes.sort_by_key(|node| {
        node.name.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    });
    ArchitectureSpec { name: "disguised".into(), nodes, ..spec.clone() }
}

proptest! {
    #[test]
    fn a_graph_written_and_read_is_the_same_graph(spec in specs()) {
        let graph = Graph::new(&spec).unwrap();
        let written = graph.spec().to_ron();
        let read = Graph::new(&ArchitectureSpec::from_ron(&written).unwrap()).unwrap();
        prop_assert_eq!(graph.spec(), read.spec());
        prop_assert_eq!(graph.cost(), read.cost());
    }

    #[test]
    fn the_id_ignores_names_and_order(spec in specs(), seed in any::<u64>()) {
        let id = ArchitectureId::of(&Graph::new(&spec).unwrap());
        let other = ArchitectureId::of(&Graph::new(&disguised(&spec, seed)).unwrap());
        prop_assert_eq!(id, other);
        prop_assert_eq!(id.to_string().parse::<ArchitectureId>().unwrap(), id);
    }

    #[test]
    fn the_id_sees_every_width(spec in specs(), pick in any::<prop::sample::Index>()) {
        let id = ArchitectureId::of(&Graph::new(&spec).unwrap());
        let mut changed = spec.clone();
        let widths: Vec<&mut usize> = changed.nodes.iter_mut().filter_map(|node| match &mut node.op {
            Op::Conv(conv) => Some(&mut conv.channels),
            Op::Dense(dense) => Some(&mut dense.units),
            _ => None,
        }).collect();
        let count = widths.len();
        *widths.into_iter().nth(pick.index(count)).unwrap() += 1;
        // A sum may now disagree; then there is no graph and no id to compare.
        if let Ok(graph) = Graph::new(&changed) {
            prop_assert_ne!(ArchitectureId::of(&graph), id);
        }
    }

    #[test]
    fn the_peak_holds_every_node_with_its_inputs(spec in specs()) {
        let graph = Graph::new(&spec).unwrap();
        let peak = graph.cost().peak_activations;
        let everything: u64 = graph.nodes().map(|node| node.shape.elements()).sum();
        prop_assert!(peak <= everything + graph.input().elements());
        for node in graph.nodes().filter(|node| !matches!(node.op, Op::Dropout(_))) {
            prop_assert!(peak >= node.shape.elements());
        }
    }
}

#[test]
fn twins_that_share_an_input_differ_from_one_node_read_twice() {
    let conv = Op::Conv(Conv {
        channels: 2,
        kernel: 3,
        stride: 1,
        groups: 1,
        bias: true,
        norm: Norm::None,
        activation: Activation::Relu,
    });
    let node = |name: &str, from: &[&str], op: Op| NodeSpec {
        name: name.into(),
        from: from.iter().map(|&input| input.into()).collect(),
        op,
    };
    let end = |sum: NodeSpec, mut convs: Vec<NodeSpec>| {
        convs.extend([
            sum,
            node("pool", &["sum"], Op::GlobalAvgPool(GlobalAvgPool {})),
            node("classes", &["pool"], Op::Dense(Dense { units: 2, activation: Activation::Linear })),
        ]);
        let image = Shape { channels: 1, height: 4, width: 4 };
        ArchitectureId::of(&Graph::new(&ArchitectureSpec::new("twins", image, convs)).unwrap())
    };
    let once =
        end(node("sum", &["a", "a"], Op::Add(Add::default())), vec![node("a", &["input"], conv.clone())]);
    let twice = end(
        node("sum", &["a", "b"], Op::Add(Add::default())),
        vec![node("a", &["input"], conv.clone()), node("b", &["input"], conv)],
    );
    assert_ne!(once, twice);
}

proptest! {
    #[test]
    fn ties_are_the_classes_of_what_was_tied(count in 1usize..30, pairs in prop::collection::vec((0usize..30, 0usize..30), 0..40)) {
        let mut ties = Ties::new(count);
        let pairs: Vec<(usize, usize)> =
            pairs.into_iter().map(|(one, other)| (one % count, other % count)).collect();
        pairs.iter().for_each(|&(one, other)| ties.tie(one, other));
        // The oracle: names spread along the pairs until none changes.
        let mut names: Vec<usize> = (0..count).collect();
        for _ in 0..count {
            for &(one, other) in &pairs {
                let name = names[one].min(names[other]);
                (names[one], names[other]) = (name, name);
            }
        }
        let found: Vec<usize> = (0..count).map(|number| ties.class(number)).collect();
        prop_assert_eq!(found, names);
        let new = ties.grow(3);
        prop_assert_eq!(new.clone(), count..count + 3);
        prop_assert!(new.into_iter().all(|number| ties.class(number) == number));
    }
}
