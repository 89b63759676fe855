//! What differs between two networks.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use netsynth_graph::prototypes::Prototype;
use netsynth_graph::{Activation, ArchitectureSpec, Change, Graph, Norm, Op, Pair, Shape, difference};

const NANO_B: &str = include_str!("../../../prototypes/nano-b.ron");

fn graph(text: &str) -> Graph {
    Graph::new(&ArchitectureSpec::from_ron(text).unwrap()).unwrap()
}

fn networks() -> Vec<Graph> {
    let files = [NANO_B, include_str!("../../../prototypes/resnet20.ron")].map(graph);
    let input = Shape { channels: 1, height: 48, width: 48 };
    let generated = Prototype::ALL.map(|prototype| Graph::new(&prototype.spec(input, 7)).unwrap());
    files.into_iter().chain(generated).collect()
}

/// The nodes that are no plain sums.
fn layers(graph: &Graph) -> BTreeSet<usize> {
    let is_sum = |op: &Op| matches!(op, Op::Add(add) if add.norm == Norm::None && add.activation == Activation::Linear);
    (0..graph.len()).filter(|&number| !is_sum(&graph.node(number).op)).collect()
}

#[test]
fn a_network_does_not_differ_from_itself() {
    for network in networks() {
        let changes = difference(&network, &network);
        assert_eq!(changes.len(), layers(&network).len());
        for change in changes {
            let Change::Paired(Pair { one, other, lost, gained }) = change else { panic!("{change:?}") };
            assert_eq!((one, lost.len(), gained.len()), (other, 0, 0), "{}", network.name());
        }
    }
}

#[test]
fn every_layer_of_both_networks_appears_once() {
    let networks = networks();
    for one in &networks {
        for other in &networks {
            let (mut before, mut after) = (layers(one), layers(other));
            for change in difference(one, other) {
                match change {
                    Change::Paired(pair) => {
                        assert!(before.remove(&pair.one) && after.remove(&pair.other));
                        let names = [one.node(pair.one).op.name(), other.node(pair.other).op.name()];
                        assert_eq!(names[0], names[1]);
                    }
                    Change::Removed(number) => assert!(before.remove(&number)),
                    Change::Added(number) => assert!(after.remove(&number)),
                }
            }
            assert!(before.is_empty() && after.is_empty(), "{} and {}", one.name(), other.name());
        }
    }
}

#[test]
fn widths_links_and_layers_that_changed_are_found() {
    let old = graph(NANO_B);
    let renamed = NANO_B.replace("\"x2\"", "\"second\"");
    let kept = |changes: &[Change]| {
        changes.iter().all(
            |change| matches!(change, Change::Paired(pair) if pair.lost.is_empty() && pair.gained.is_empty()),
        )
    };
    assert!(kept(&difference(&old, &graph(&renamed))), "a name is no difference");

    // x4 reads x3 alone, x6 reads x5 and x3.
    let new = NANO_B
        .replace(r#"(name: "x4", from: ["x1+x3"]"#, r#"(name: "x4", from: ["x3"]"#)
        .replace(r#"(name: "x1+x3", from: ["x1", "x3"], op: Add()),"#, "")
        .replace(r#"(name: "x6", from: ["x1+x3+x5"]"#, r#"(name: "x6", from: ["x5+x3"]"#)
        .replace(
            r#"(name: "x1+x5+x7""#,
            r#"(name: "x5+x3", from: ["x5", "x3"], op: Add()), (name: "x1+x5+x7""#,
        );
    let new = graph(&new);
    let mut changed = Vec::new();
    for change in difference(&old, &new) {
        let Change::Paired(Pair { one, other, lost, gained }) = change else { panic!("{change:?}") };
        assert_eq!(old.node(one).name, new.node(other).name);
        let names = |graph: &Graph, of: &[Option<usize>]| -> Vec<String> {
            of.iter().map(|node| node.map_or("input", |node| &graph.node(node).name).to_owned()).collect()
        };
        if !lost.is_empty() || !gained.is_empty() {
            changed.push((old.node(one).name.clone(), names(&old, &lost), names(&new, &gained)));
        }
    }
    let expected = [("x4", "x1"), ("x6", "x1")];
    assert_eq!(changed, expected.map(|(node, lost)| (node.to_owned(), vec![lost.to_owned()], Vec::new())));
}

#[test]
fn sums_of_sums_are_read_once() {
    // Each sum doubles the last: read term by term it would be 2^60 terms.
    let mut nodes = String::from("(name: \"s0\", from: [\"input\", \"input\"], op: Add()),");
    for number in 1..60 {
        let last = number - 1;
        nodes += &format!("(name: \"s{number}\", from: [\"s{last}\", \"s{last}\"], op: Add()),");
    }
    let text = format!(
        "(schema: 1, name: \"sums\", input: (channels: 1, height: 4, width: 4), nodes: [{nodes} \
         (name: \"pool\", from: [\"s59\"], op: GlobalAvgPool()), \
         (name: \"classes\", from: [\"pool\"], op: Dense(units: 2))])"
    );
    let sums = graph(&text);
    assert_eq!(difference(&sums, &sums).len(), 2);
}
