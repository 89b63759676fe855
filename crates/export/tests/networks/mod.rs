//! Networks with random weights: one of all operators, and drawn ones.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use netsynth_data::Normalisation;
use netsynth_export::{File, Interface, Plan, Quantised, Sample, c};
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_train::{Deployed, Device, Network};

/// Every operator, kernel, stride, norm and activation, on an odd plane.
pub const ALL_OPERATORS: &str = include_str!("../../../graph/tests/all-operators.ron");

/// A network of one chain of operators on such an image; each reads the one before.
fn chain((channels, height, width): (usize, usize, usize), operators: &[&str]) -> String {
    let nodes = operators.iter().enumerate().map(|(number, op)| {
        let from = if number == 0 { "input".to_owned() } else { format!("n{}", number - 1) };
        format!(r#"(name: "n{number}", from: ["{from}"], op: {op})"#)
    });
    let nodes: Vec<String> = nodes.collect();
    format!(
        r#"(schema: 1, name: "chain", input: (channels: {channels}, height: {height}, width: {width}), nodes: [{}])"#,
        nodes.join(", ")
    )
}

/// Shapes at which convolutions change how they sum: few and odd outputs, inputs and pixels, groups, a plane one pixel wide,
/// and sums that do not fit in 24 bits.
pub fn shapes() -> Vec<String> {
    vec![
        chain(
            (3, 9, 7),
            &[
                "Conv(channels: 5, norm: Batch, activation: Relu)",
                "Conv(channels: 1, kernel: 1, activation: Relu)",
                "Conv(channels: 6, kernel: 5)",
                "Conv(channels: 3, groups: 3, activation: Relu6)",
                "Conv(channels: 3, groups: 3, norm: Batch, activation: Relu)",
                "Conv(channels: 13, kernel: 1, stride: 2)",
                "Conv(channels: 13, groups: 13, kernel: 5, activation: Relu)",
                "Conv(channels: 26, groups: 13, activation: Swish)",
                "Conv(channels: 22, groups: 2, kernel: 1, activation: Relu)",
                "Conv(channels: 22, groups: 22, stride: 2, activation: Relu6)",
                "Conv(channels: 9, activation: Relu)",
                "Dense(units: 4)",
            ],
        ),
        chain(
            (1, 11, 1),
            &[
                "Conv(channels: 4, activation: Relu)",
                "Conv(channels: 4, groups: 4)",
                "Conv(channels: 11, stride: 2)",
                "Conv(channels: 11, groups: 11, kernel: 1, norm: Batch)",
                "Conv(channels: 2, kernel: 1)",
                "Dense(units: 3)",
            ],
        ),
        chain((2, 16, 12), &["Conv(channels: 32, activation: Relu)", "Dense(units: 5)"]),
        // By frequencies: edges within a tile, odd channels, one to seven vectors, and activations behind it.
        chain(
            (8, 13, 18),
            &[
                "Conv(channels: 9, norm: Batch, activation: Relu)",
                "Conv(channels: 27, activation: Relu6)",
                "Conv(channels: 8, activation: Swish)",
                "Conv(channels: 32)",
                "Conv(channels: 50, activation: Relu)",
                "Conv(channels: 11)",
                "GlobalAvgPool()",
                "Dense(units: 4)",
            ],
        ),
        // Depthwise by columns: channels and windows that are not whole vectors, and both strides.
        chain(
            (1, 11, 9),
            &[
                "Conv(channels: 20, activation: Relu)",
                "Conv(channels: 45)",
                "Conv(channels: 45, groups: 45, norm: Batch, activation: Relu6)",
                "Conv(channels: 45, groups: 45, stride: 2)",
                "Conv(channels: 64, kernel: 1, activation: Relu)",
                "Conv(channels: 64, groups: 64, activation: Swish)",
                "Dense(units: 4)",
            ],
        ),
        chain((16, 12, 12), &["Conv(channels: 24)", "GlobalAvgPool()", "Dense(units: 3)"]),
        chain(
            (9, 8, 5),
            &[
                "Conv(channels: 40)",
                "Conv(channels: 17, activation: Relu)",
                "GlobalAvgPool()",
                "Dense(units: 3)",
            ],
        ),
    ]
}

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
    let channels = 4 + numbers.len() % 7;
    let mut nodes =
        vec![format!(r#"(name: "n0", from: ["input"], op: Conv(channels: {channels}, activation: Relu))"#)];
    let mut known = vec!["n0".to_owned()];
    for (number, (kind, one, other)) in numbers.iter().enumerate() {
        let name = format!("n{}", number + 1);
        let (one, other) = (&known[*one as usize % known.len()], &known[*other as usize % known.len()]);
        let (from, op) = match kind % 8 {
            0 => (format!("\"{one}\""), format!("Conv(channels: {channels}, norm: Batch, activation: Relu)")),
            1 => (
                format!("\"{one}\""),
                format!("Conv(channels: {channels}, groups: {channels}, kernel: 5, activation: Swish)"),
            ),
            2 => (format!("\"{one}\", \"{other}\""), "Add(activation: Relu)".to_owned()),
            3 => (format!("\"{one}\", \"{other}\", \"{one}\""), "Add(norm: Batch)".to_owned()),
            4 => (format!("\"{one}\""), "SqueezeExcite(reduced: 2)".to_owned()),
            5 => (format!("\"{one}\""), "MaxPool(kernel: 3, stride: 1)".to_owned()),
            6 => (format!("\"{one}\""), "AvgPool(kernel: 3, stride: 1)".to_owned()),
            _ => (format!("\"{one}\""), "Dropout(rate: 0.25)".to_owned()),
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

/// Levels pixel by pixel of an image, so that their mean and deviation are no round numbers.
fn levels(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().map(|x| ((x + 1.0) * 120.0) as u8).collect()
}

/// A network as C in floats and in 8-bit integers, with samples.
pub fn both(text: &str, seed: u64, normalisation: Option<Normalisation>) -> [Vec<File>; 2] {
    let network = network(text, seed);
    let plan = Plan::new(&network).unwrap();
    let labels = (0..plan.classes()).map(|class| format!("\"{class}\" \\ ?\u{3f}/ ü */")).collect();
    let interface = Interface { labels, normalisation, preparation: "It is cut out. */".to_owned() };
    let levels: Vec<Vec<u8>> = (0..4).map(|seed| levels(&image(&network, seed))).collect();
    let numbers: Vec<Vec<f32>> = levels
        .iter()
        .enumerate()
        .map(|(seed, levels)| match normalisation {
            Some(_) => interface.numbers(levels),
            None => image(&network, seed),
        })
        .collect();
    let integers = Quantised::new(&plan, &numbers).unwrap();
    let sample = |(levels, numbers): (&Vec<u8>, &Vec<f32>), logits: Vec<f32>| {
        let planes: Vec<f32> = match normalisation {
            Some(_) => levels.iter().copied().map(f32::from).collect(),
            None => numbers.clone(),
        };
        Sample::of_planes(&planes, plan.input(), logits)
    };
    let pairs = || levels.iter().zip(&numbers);
    let floats: Vec<Sample> = pairs().map(|pair| sample(pair, network.scores(pair.1.clone(), 1))).collect();
    let exact: Vec<Sample> =
        pairs().map(|pair| sample(pair, integers.logits(&plan, &integers.run(&plan, pair.1)))).collect();
    [c(&plan, None, &interface, &floats), c(&plan, Some(&integers), &interface, &exact)]
        .map(|program| program.files)
}
