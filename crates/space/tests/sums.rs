//! Sums of a prototype whose activation a space can move, and sums whose activation it cannot.

#![allow(clippy::unwrap_used)]

use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_space::{SearchSpace, SearchSpaceSpec};

/// The space around a residual block with channel attention before a sum with this activation.
fn space(activation: &str) -> Result<SearchSpace, String> {
    let prototype = format!(
        r#"(schema: 1, name: "p", input: (channels: 1, height: 8, width: 8), nodes: [
            (name: "a", from: ["input"], op: Conv(channels: 4, activation: Relu)),
            (name: "b", from: ["a"], op: Conv(channels: 4)),
            (name: "se", from: ["b"], op: SqueezeExcite(reduced: 2)),
            (name: "sum", from: ["a", "se"], op: Add(activation: {activation})),
            (name: "pool", from: ["sum"], op: GlobalAvgPool()),
            (name: "classes", from: ["pool"], op: Dense(units: 2)),
        ])"#
    );
    let spec = r#"(schema: 1, name: "s", prototype: "p", widths: (least: 0.5, most: 2.0))"#;
    let prototype = Graph::new(&ArchitectureSpec::from_ron(&prototype).unwrap()).unwrap();
    SearchSpace::new(&SearchSpaceSpec::from_ron(spec).unwrap(), &prototype).map_err(|error| error.to_string())
}

#[test]
fn no_activation_of_a_sum_is_lost() {
    space("Linear").unwrap();
    let refused = space("Relu").err().unwrap();
    assert!(
        refused.contains("node `sum` of the prototype activates a sum with a SqueezeExcite in it"),
        "{refused}"
    );
}
