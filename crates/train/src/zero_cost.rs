//! Zero-cost proxies of accuracy (Abdelfattah et al. 2021): what one pass forward and one back find out about a network
//! before any training.

use burn::module::Param;
use burn::tensor::{Gradients, Tensor};
use netsynth_graph::{Activation, Graph, Op};
use netsynth_kernels::{FeatureMap, softmax_cross_entropy};
use netsynth_search::{Scored, ZeroCostScores};

use crate::forward::forward;
use crate::layer::{Layer, flattened};
use crate::tensors::values;
use crate::{Device, Network, Stimulus};

/// The zero-cost scores of a graph's network with weights drawn from `seed`, on the labelled images of a stimulus.
///
/// A function of its arguments: on the CPU the result repeats to the bit, for any number of threads.
pub fn zero_cost_scores(graph: &Graph, stimulus: &Stimulus, seed: u64, device: Device) -> Scored {
    let (images, targets) = stimulus.labelled(graph.input(), device);
    let scores = scores_of(&Network::new(graph, seed, device), images, targets, seed);
    let ZeroCostScores { naswot, snip, gradient_norm } = scores;
    if [naswot, snip, gradient_norm].iter().all(|score| score.is_finite()) {
        Scored::Scores(scores)
    } else {
        Scored::Failed(format!("its untrained network has the scores {scores:?}"))
    }
}

/// The batch norms take the batch's statistics, as in training, so that the signal reaches the loss.
fn scores_of(network: &Network, images: Tensor<4>, targets: Tensor<2>, seed: u64) -> ZeroCostScores {
    let graph = network.graph();
    let mut switches = Switches::new(images.dims()[0]);
    let output = forward(graph, FeatureMap::from_tensor(images.autodiff()), |node, inputs| {
        let (output, _) = network.layer_pass(node, inputs, seed, &[]);
        if is_rectified(&graph.node(node).op) {
            switches.add(&values(output.clone().into_tensor().inner()));
        }
        output
    });
    let gradients = softmax_cross_entropy(flattened(output), targets.autodiff()).backward();
    let (mut snip, mut squares) = (0.0, 0.0);
    for_each_weight(network, &gradients, |weight, gradient| {
        snip += (weight * gradient).abs();
        squares += gradient * gradient;
    });
    ZeroCostScores { naswot: switches.log_determinant(), snip, gradient_norm: squares.sqrt() }
}

/// Whether the sign of a node's output shows which of its units are on.
fn is_rectified(op: &Op) -> bool {
    let activation = match op {
        Op::Conv(conv) => conv.activation,
        Op::Add(add) => add.activation,
        Op::Dense(dense) => dense.activation,
        Op::Concat(_)
        | Op::MaxPool(_)
        | Op::AvgPool(_)
        | Op::GlobalAvgPool(_)
        | Op::SqueezeExcite(_)
        | Op::Dropout(_) => Activation::Linear,
    };
    match activation {
        Activation::Linear => false,
        Activation::Relu | Activation::Relu6 | Activation::Swish => true,
    }
}

/// For each pair of images, how many rectified units are on for both or off for both.
struct Switches {
    /// `[images, images]` by rows, where the column is not beyond the row.
    alike: Vec<Vec<u64>>,
}

impl Switches {
    fn new(n_images: usize) -> Self {
        Self { alike: (0..n_images).map(|image| vec![0; image + 1]).collect() }
    }

    /// Takes in a layer's outputs, image after image.
    fn add(&mut self, outputs: &[f32]) {
        let n_units = outputs.len() / self.alike.len();
        let codes: Vec<Vec<u64>> = outputs.chunks_exact(n_units).map(code).collect();
        for (row, one) in self.alike.iter_mut().zip(&codes) {
            for (alike, other) in row.iter_mut().zip(&codes) {
                let n_different: u64 =
                    one.iter().zip(other).map(|(a, b)| u64::from((a ^ b).count_ones())).sum();
                *alike += n_units as u64 - n_different;
            }
        }
    }

    /// The logarithm of the determinant of `K + I`, by Cholesky's factor: with the identity, images that no unit
    /// distinguishes make it small and not minus infinity.
    fn log_determinant(&self) -> f64 {
        let mut factor: Vec<Vec<f64>> = Vec::with_capacity(self.alike.len());
        let mut sum = 0.0;
        for (image, alike) in self.alike.iter().enumerate() {
            let mut row: Vec<f64> = Vec::with_capacity(image + 1);
            for (column, &alike) in alike.iter().enumerate() {
                let above = if column < image { &factor[column] } else { &row };
                let known: f64 = row.iter().zip(above).map(|(a, b)| a * b).sum();
                let left = alike as f64 - known;
                row.push(if column < image { left / factor[column][column] } else { (left + 1.0).sqrt() });
            }
            sum += 2.0 * libm::log(row[image]);
            factor.push(row);
        }
        sum
    }
}

/// A bit for each unit, set where it is on.
fn code(outputs: &[f32]) -> Vec<u64> {
    let word = |units: &[f32]| {
        units.iter().enumerate().fold(0, |word, (bit, unit)| word | (u64::from(*unit > 0.0) << bit))
    };
    outputs.chunks(64).map(word).collect()
}

/// Shows each weight of convolutions and matrices with the loss's gradient, in one order; norms and biases stand at
/// constants before any training and carry no information.
fn for_each_weight(network: &Network, gradients: &Gradients, mut show: impl FnMut(f64, f64)) {
    for layer in &network.layers {
        match layer {
            Layer::Conv(layer) => show_each(&layer.weight, gradients, &mut show),
            Layer::SqueezeExcite(layer) => {
                show_each(&layer.reduce.weight, gradients, &mut show);
                show_each(&layer.expand.weight, gradients, &mut show);
            }
            Layer::Dense(layer) => show_each(&layer.weight, gradients, &mut show),
            Layer::Add(_) | Layer::Fixed(_) => {}
        }
    }
}

fn show_each<const D: usize>(
    weight: &Param<Tensor<D>>,
    gradients: &Gradients,
    show: &mut impl FnMut(f64, f64),
) {
    let weight = weight.val();
    let Some(gradient) = weight.grad(gradients) else { return };
    for (weight, gradient) in values(weight.inner()).into_iter().zip(values(gradient)) {
        show(f64::from(weight), f64::from(gradient));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use netsynth_graph::ArchitectureSpec;
    use netsynth_graph::prototypes::Prototype;

    use super::*;
    use crate::forward::image_tensor;
    use crate::tensors::tensor;

    fn graph(nodes: &str) -> Graph {
        let text = format!(
            r#"(schema: 1, name: "t", input: (channels: 1, height: 6, width: 6), nodes: [{nodes}
            (name: "pool", from: ["a"], op: GlobalAvgPool()),
            (name: "classes", from: ["pool"], op: Dense(units: 3)),
        ])"#
        );
        Graph::new(&ArchitectureSpec::from_ron(&text).unwrap()).unwrap()
    }

    /// Images that a formula gives, with the classes in turn.
    fn batch(graph: &Graph, count: usize) -> (Tensor<4>, Tensor<2>) {
        let shape = graph.input();
        let n_pixels = count * shape.elements() as usize;
        let pixels = (0..n_pixels).map(|pixel| ((pixel * 7919) % 101) as f32 / 50.0 - 1.0).collect();
        let n_classes = graph.nodes().last().unwrap().shape.channels;
        let targets = (0..count * n_classes)
            .map(|at| f32::from(u8::from(at % n_classes == at / n_classes % n_classes)));
        let device = Device::Flex.burn();
        (
            image_tensor(pixels, count, shape, Device::Flex),
            tensor(targets.collect(), [count, n_classes], &device),
        )
    }

    /// The loss with one weight of a node moved by a step.
    fn loss(network: &Network, node: usize, at: usize, step: f32) -> f64 {
        let mut network = network.clone();
        match &mut network.layers[node] {
            Layer::Conv(layer) => layer.weight = moved(&layer.weight, at, step),
            Layer::Dense(layer) => layer.weight = moved(&layer.weight, at, step),
            Layer::Add(_) | Layer::SqueezeExcite(_) | Layer::Fixed(_) => unreachable!("without weights here"),
        }
        let (images, targets) = batch(network.graph(), 4);
        let pass = network.training_pass(images.autodiff(), 0, &[]);
        f64::from(values(softmax_cross_entropy(pass.logits, targets.autodiff()))[0])
    }

    fn moved<const D: usize>(weight: &Param<Tensor<D>>, at: usize, step: f32) -> Param<Tensor<D>> {
        let (shape, mut numbers) = (weight.val().dims(), values(weight.val().inner()));
        numbers[at] += step;
        Param::from_tensor(tensor(numbers, shape, &Device::Flex.burn().autodiff()))
    }

    #[test]
    fn snip_and_the_gradient_are_those_of_finite_differences() {
        let graph =
            graph(r#"(name: "a", from: ["input"], op: Conv(channels: 4, norm: Batch, activation: Swish)),"#);
        let (images, targets) = batch(&graph, 4);
        let network = Network::new(&graph, 5, Device::Flex);
        let found = scores_of(&network, images, targets, 0);
        let (mut snip, mut squares) = (0.0, 0.0);
        for node in 0..graph.len() {
            let numbers = match &network.layers[node] {
                Layer::Conv(layer) => values(layer.weight.val()),
                Layer::Dense(layer) => values(layer.weight.val()),
                Layer::Add(_) | Layer::SqueezeExcite(_) | Layer::Fixed(_) => continue,
            };
            for (at, number) in numbers.into_iter().enumerate() {
                let slope = (loss(&network, node, at, 1e-2) - loss(&network, node, at, -1e-2)) / 2e-2;
                snip += (f64::from(number) * slope).abs();
                squares += slope * slope;
            }
        }
        assert!((found.snip / snip - 1.0).abs() < 0.01, "{found:?}, not {snip}");
        assert!((found.gradient_norm / squares.sqrt() - 1.0).abs() < 0.01, "{found:?}, not {squares}");
    }

    #[test]
    fn the_determinant_of_known_switches() {
        let mut switches = Switches::new(2);
        // Two layers; of five units the images switch one alike.
        switches.add(&[1.0, 0.0, 2.0, 0.0, 3.0, -1.0]);
        switches.add(&[0.5, 0.0, 0.5, 1.0]);
        assert_eq!(switches.alike, [vec![5], vec![1, 5]]);
        // K + I = [[6, 1], [1, 6]]
        assert!((switches.log_determinant() - 35f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn images_that_nothing_distinguishes_have_a_finite_score() {
        let mut switches = Switches::new(3);
        switches.add(&[1.0; 3 * 1000]);
        // I + 1000 times the matrix of ones
        assert!((switches.log_determinant() - 3001f64.ln()).abs() < 1e-9);
        let linear = graph(r#"(name: "a", from: ["input"], op: Conv(channels: 4)),"#);
        let (images, targets) = batch(&linear, 4);
        assert_eq!(scores_of(&Network::new(&linear, 1, Device::Flex), images, targets, 1).naswot, 0.0);
    }

    #[test]
    fn every_known_network_has_scores_whatever_the_threads() {
        let files = [
            include_str!("../../../prototypes/resnet20.ron"),
            include_str!("../../../prototypes/nano-b.ron"),
            include_str!("../../../prototypes/nano-a-class.ron"),
        ];
        let read = files.into_iter().map(|text| ArchitectureSpec::from_ron(text).unwrap());
        let faces = netsynth_graph::Shape { channels: 1, height: 48, width: 48 };
        let generated = Prototype::ALL.into_iter().map(|prototype| prototype.spec(faces, 7));
        for spec in read.chain(generated) {
            let graph = Graph::new(&spec).unwrap();
            let found = || {
                let (images, targets) = batch(&graph, 6);
                scores_of(&Network::new(&graph, 3, Device::Flex), images, targets, 3)
            };
            let scores = found();
            assert_eq!(crate::on_one_thread(found).unwrap(), scores, "{}", spec.name);
            let ZeroCostScores { naswot, snip, gradient_norm } = scores;
            assert!(naswot.is_finite() && naswot > 6.0, "{}: {naswot}", spec.name);
            assert!(snip.is_finite() && snip > 0.0, "{}: {snip}", spec.name);
            assert!(gradient_norm.is_finite() && gradient_norm > 0.0, "{}: {gradient_norm}", spec.name);
        }
    }

    /// What scoring costs: `cargo test --release --workspace -- --ignored the_cost_of_scores --nocapture`.
    #[test]
    #[ignore = "a measurement: its figure depends on the machine"]
    fn the_cost_of_scores() {
        for text in
            [include_str!("../../../prototypes/nano-b.ron"), include_str!("../../../prototypes/resnet20.ron")]
        {
            for side in [24, 48] {
                let mut spec = ArchitectureSpec::from_ron(text).unwrap();
                (spec.input.height, spec.input.width) = (side, side);
                let graph = Graph::new(&spec).unwrap();
                let timed = || {
                    let start = std::time::Instant::now();
                    let (images, targets) = batch(&graph, 28);
                    scores_of(&Network::new(&graph, 3, Device::Flex), images, targets, 3);
                    1e3 * start.elapsed().as_secs_f64()
                };
                let mut times = crate::on_one_thread(|| (0..9).map(|_| timed()).collect::<Vec<_>>()).unwrap();
                times.sort_by(f64::total_cmp);
                println!("{}, {side}x{side}: {:.1} ms, the median of nine", spec.name, times[4]);
            }
        }
    }
}
