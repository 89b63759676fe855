//! A training that starts where another ended.

use burn::module::Param;
use burn::tensor::Tensor;
use netsynth_kernels::{self as kernels, Activation, FeatureMap};

use crate::layer::{ConvLayer, DenseLayer, EPSILON, Layer, conv_options};
use crate::network::{Running, forward};
use crate::tensors::{tensor, values};
use crate::weights::Weights;
use crate::{Deployed, Device, Network};

impl Network {
    /// The network with the weights of a trained one in every node of the same name and form; the others keep theirs.
    ///
    /// A trained network has its norms folded away. Here they are set by what a batch of images shows, so that on this
    /// batch the training network computes what the trained one does.
    ///
    /// # Shapes
    /// `images`: `[batch, channels, height, width]` of the graph's input.
    pub(crate) fn started_from(mut self, trained: &Deployed, images: Tensor<4>, device: Device) -> Self {
        let graph = self.graph.clone();
        let weights = trained.weights();
        forward(&graph, FeatureMap::from_tensor(images.autodiff()), |node, inputs| {
            let name = &graph.node(node).name;
            match &mut self.layers[node] {
                Layer::Conv(layer) => {
                    if let Some(running) = start_conv(layer, name, weights, &inputs[0], device) {
                        self.running[node] = Some(running);
                    }
                }
                Layer::SqueezeExcite(layer) => {
                    start_dense(&mut layer.reduce, &format!("{name}.reduce"), weights, device);
                    start_dense(&mut layer.expand, &format!("{name}.expand"), weights, device);
                }
                Layer::Dense(layer) => start_dense(layer, name, weights, device),
                Layer::Add(_) | Layer::Fixed(_) => {}
            }
            self.layer_pass(node, inputs, 0, &[]).0
        });
        self
    }
}

/// Gives a convolution its trained weights, and what its norm must then have seen, if it has one.
fn start_conv(
    layer: &mut ConvLayer,
    name: &str,
    weights: &Weights,
    input: &FeatureMap,
    device: Device,
) -> Option<Running> {
    let shape = layer.weight.val().dims();
    let kernel = weights.get(name, "weight", &shape).ok()?;
    let burn = device.burn().autodiff();
    let vector = |numbers: Vec<f32>| -> Param<Tensor<1>> {
        let count = numbers.len();
        Param::from_tensor(tensor(numbers, [count], &burn))
    };
    let bias = weights.get(name, "bias", &shape[..1]);
    layer.weight = Param::from_tensor(tensor(kernel, shape, &burn));
    let Some(norm) = &mut layer.norm else {
        if let (Some(own), Ok(bias)) = (&mut layer.bias, bias) {
            *own = vector(bias);
        }
        return None;
    };
    let raw =
        kernels::conv2d(input.clone(), layer.weight.val(), None, conv_options(&layer.op), Activation::Linear);
    let running = statistics(raw);
    let spread = running.variance.iter().map(|variance| (variance + EPSILON).sqrt());
    let bias = bias.unwrap_or_else(|_| vec![0.0; shape[0]]);
    norm.scale = vector(spread.collect());
    norm.shift = vector(bias.iter().zip(&running.mean).map(|(bias, mean)| bias + mean).collect());
    Some(running)
}

fn start_dense(layer: &mut DenseLayer, name: &str, weights: &Weights, device: Device) {
    let shape = layer.weight.val().dims();
    let (weight, bias) = (weights.get(name, "weight", &shape), weights.get(name, "bias", &shape[1..]));
    if let (Ok(weight), Ok(bias)) = (weight, bias) {
        let burn = device.burn().autodiff();
        layer.weight = Param::from_tensor(tensor(weight, shape, &burn));
        layer.bias = Param::from_tensor(tensor(bias, [shape[1]], &burn));
    }
}

/// Mean and biased variance of each channel.
fn statistics(map: FeatureMap) -> Running {
    let [batch, channels, height, width] = map.dims();
    let plane = height * width;
    let levels = values(map.into_tensor());
    let of_channel = |channel: usize| {
        (0..batch).flat_map(move |image| {
            (image * channels + channel) * plane..(image * channels + channel + 1) * plane
        })
    };
    let count = (batch * plane) as f64;
    let mean = |channel: usize| of_channel(channel).map(|at| f64::from(levels[at])).sum::<f64>() / count;
    let means: Vec<f64> = (0..channels).map(mean).collect();
    let variance = |channel: usize| {
        let square = |at: usize| (f64::from(levels[at]) - means[channel]).powi(2);
        (of_channel(channel).map(square).sum::<f64>() / count) as f32
    };
    Running {
        variance: (0..channels).map(variance).collect(),
        mean: means.iter().map(|&mean| mean as f32).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use netsynth_graph::{ArchitectureSpec, Graph};

    use super::*;
    use crate::network::image_tensor;

    fn graph(last: &str) -> Graph {
        let text = format!(
            r#"(schema: 1, name: "t", input: (channels: 1, height: 9, width: 9), nodes: [
            (name: "a", from: ["input"], op: Conv(channels: 6, norm: Batch, activation: Relu)),
            (name: "b", from: ["a"], op: Conv(channels: 6, kernel: 1, stride: 2, activation: Relu)),
            (name: "c", from: ["b"], op: Conv(channels: {last}, norm: Batch, activation: Swish)),
            (name: "pool", from: ["c"], op: GlobalAvgPool()),
            (name: "classes", from: ["pool"], op: Dense(units: 3)),
        ])"#
        );
        Graph::new(&ArchitectureSpec::from_ron(&text).unwrap()).unwrap()
    }

    fn logits(network: &Network, images: Tensor<4>) -> Vec<f32> {
        values(network.training_pass(images.autodiff(), 0, &[]).logits)
    }

    #[test]
    fn what_starts_from_a_trained_network_computes_what_that_does() {
        let graph = graph("5");
        let mut trained = Network::new(&graph, 1, Device::Flex);
        // As after a training: norms that are not those of the beginning.
        for running in trained.running.iter_mut().flatten() {
            running.mean.iter_mut().enumerate().for_each(|(at, mean)| *mean = 0.3 * at as f32 - 0.5);
            running.variance.iter_mut().enumerate().for_each(|(at, variance)| *variance = 0.4 + at as f32);
        }
        let trained = Deployed::new(&graph, trained.deployed_weights(), Device::Flex).unwrap();
        let pixels: Vec<f32> = (0..4 * 81).map(|at| ((at * 37) % 101) as f32 / 50.0 - 1.0).collect();
        let images = || image_tensor(pixels.clone(), 4, graph.input(), Device::Flex);
        let expected = values(trained.logits(images(), |_, map| map));
        let fresh = Network::new(&graph, 2, Device::Flex);
        let apart = |found: &[f32]| -> f32 {
            found.iter().zip(&expected).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
        };
        assert!(apart(&logits(&fresh, images())) > 0.05);
        let started = fresh.started_from(&trained, images(), Device::Flex);
        let found = logits(&started, images());
        assert!(apart(&found) < 1e-4, "{found:?} {expected:?}");
        // And once its norms are folded away again.
        let deployed = Deployed::new(&graph, started.deployed_weights(), Device::Flex).unwrap();
        assert!(apart(&values(deployed.logits(images(), |_, map| map))) < 1e-4);
    }

    #[test]
    fn what_has_another_form_starts_afresh() {
        let (narrow, wide) = (graph("5"), graph("7"));
        let trained = Network::new(&narrow, 1, Device::Flex);
        let trained = Deployed::new(&narrow, trained.deployed_weights(), Device::Flex).unwrap();
        let images = image_tensor(vec![0.5; 2 * 81], 2, wide.input(), Device::Flex);
        let fresh = Network::new(&wide, 2, Device::Flex).deployed_weights();
        let started = Network::new(&wide, 2, Device::Flex)
            .started_from(&trained, images, Device::Flex)
            .deployed_weights();
        let weight = |weights: &Weights, node: &str| weights.0[&format!("{node}.weight")].clone();
        assert_eq!(weight(&started, "b"), weight(trained.weights(), "b"));
        assert_eq!(weight(&started, "classes"), weight(&fresh, "classes"));
        assert_eq!(weight(&started, "c").shape, [7, 6, 3, 3]);
    }
}
