//! Networks with random weights: one of all operators, and drawn ones.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_train::{Deployed, Device, Network};
/// Every operator, kernel, stride, norm and activation, on an odd plane.
pub const ALL_OPERATORS: &str = r#"(schema: 1, name: "all", input: (channels: 1, height: 13, width: 11), nodes: [
    (name: "stem", from: ["input"], op: Conv(channels: 6, kernel: 5, norm: Batch, activation: Relu)),
    (name: "depthwise", from: ["stem"], op: Conv(channels: 6, groups: 6, norm: Batch, activation: Swish)),
    (name: "grouped", from: ["depthwise"], op: Conv(channels: 6, groups: 3, bias: false, activation: Relu6)),
    (name: "attention", from: ["grouped"], op: SqueezeExcite(reduced: 3, activation: Swish)),
    (name: "normed sum", from: ["stem", "attention"], op: Add(norm: Batch, activation: Relu)),
    (name: "sum of three", from: ["stem", "attention", "normed sum"], op: Add()),
    (name: "twice", from: ["sum of three", "sum of three"], op: Add(activation: Swish)),
    (name: "down", from: ["twice"], op: Conv(channels: 5, kernel: 1, stride: 2)),
    (name: "max", from: ["twice"], op: MaxPool(kernel: 3, stride: 2)),
    (name: "mean", from: ["twice"], op: AvgPool(kernel: 3, stride: 2)),
    (name: "joined", from: ["down", "max", "mean"], op: Concat()),
    (name: "even", from: ["joined"], op: Conv(channels: 4, kernel: 2, stride: 2, norm: Batch)),
    (name: "wide", from: ["even"], op: Conv(channels: 7, kernel: 3, stride: 3, activation: Relu)),
    (name: "dropped", from: ["wide"], op: Dropout(rate: 0.5)),
    (name: "hidden", from: ["dropped"], op: Dense(units: 9, activation: Relu)),
    (name: "pooled", from: ["even"], op: GlobalAvgPool()),
    (name: "both", from: ["hidden", "pooled"], op: Concat()),
    (name: "classes", from: ["both"], op: Dense(units: 3)),
])"#;

/// A network with random weights.
pub fn network(text: &str, seed: u64) -> Deployed {
    let graph = Graph::new(&ArchitectureSpec::from_ron(text).unwrap()).unwrap();
    Deployed::new(&graph, Network::new(&graph, seed, Device::Flex).deployed_weights(), Device::Flex).unwrap()
}

/// An image that is no constant.
pub fn image(network: &Deployed, seed: usize) -> Vec<f32> {
    let count = network.graph().input().elements() as usize;
    (0..count).map(|pixel| (((pixel + seed) * 7919) % 101) as f32 / 50.0 - 1.0).collect()
}

pub fn close(one: &[f32], other: &[f32]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| (a - b).abs() <= 1e-4 * (1.0 + b.abs()))
}

/// A network drawn from numbers: each node reads some that came before and has their resolution.
pub fn drawn(numbers: &[(u8, u8, u8)]) -> String {
    let mut nodes =
        vec![r#"(name: "n0", from: ["input"], op: Conv(channels: 4, activation: Relu))"#.to_owned()];
    let mut known = vec!["n0".to_owned()];
    for (number, (kind, one, other)) in numbers.iter().enumerate() {
        let name = format!("n{}", number + 1);
        let (one, other) = (&known[*one as usize % known.len()], &known[*other as usize % known.len()]);
        let (from, op) = match kind % 8 {
            0 => (format!("\"{one}\""), "Conv(channels: 4, norm: Batch, activation: Relu)"),
            1 => (format!("\"{one}\""), "Conv(channels: 4, groups: 4, kernel: 5, activation: Swish)"),
            2 => (format!("\"{one}\", \"{other}\""), "Add(activation: Relu)"),
            3 => (format!("\"{one}\", \"{other}\", \"{one}\""), "Add(norm: Batch)"),
            4 => (format!("\"{one}\""), "SqueezeExcite(reduced: 2)"),
            5 => (format!("\"{one}\""), "MaxPool(kernel: 3, stride: 1)"),
            6 => (format!("\"{one}\""), "AvgPool(kernel: 3, stride: 1)"),
            _ => (format!("\"{one}\""), "Dropout(rate: 0.25)"),
        };
        nodes.push(format!("(name: \"{name}\", from: [{from}], op: {op})"));
        known.push(name);
    }
    let all: Vec<String> = known.iter().map(|name| format!("\"{name}\"")).collect();
    if all.len() > 1 {
        nodes.push(format!("(name: \"all\", from: [{}], op: Concat())", all.join(", ")));
        nodes.push(r#"(name: "classes", from: ["all"], op: Dense(units: 3))"#.to_owned());
    } else {
        nodes.push(r#"(name: "classes", from: ["n0"], op: Dense(units: 3))"#.to_owned());
    }
    format!(
        r#"(schema: 1, name: "drawn", input: (channels: 2, height: 6, width: 5), nodes: [{}])"#,
        nodes.join(", ")
    )
}
