use burn::module::{Module, Param};
use burn::tensor::Tensor;
use netsynth_graph::{Activation, Graph};
use netsynth_kernels::{self as kernels, FeatureMap};

use crate::Device;
use crate::forward::forward;
use crate::layer::{
    DenseLayer, EPSILON, Layer, NormLayer, Statistics, conv_options, dense, flattened, squeeze_excite,
    vector_map,
};
use crate::tensors::{tensor, values};
use crate::weights::Weights;

/// A graph as a Burn module: a layer for each node, wired as the graph is.
#[derive(Module, Debug)]
pub struct Network {
    pub(crate) layers: Vec<Layer>,
    #[module(skip)]
    pub(crate) graph: Graph,
    /// Running statistics of each node's batch norm, where it has one.
    #[module(skip)]
    pub(crate) running: Vec<Option<Running>>,
}

/// What a batch norm has seen on average.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) mean: Vec<f32>,
    pub(crate) variance: Vec<f32>,
}

/// What a training step's forward pass gives.
pub(crate) struct TrainingPass {
    /// `[batch, classes]`
    pub(crate) logits: Tensor<2>,
    /// The batch's statistics at each node's norm.
    pub(crate) statistics: Vec<Option<Statistics>>,
}

impl Network {
    /// The network with weights drawn from `seed`, ready to be trained.
    pub fn new(graph: &Graph, seed: u64, device: Device) -> Self {
        let device = device.burn().autodiff();
        let layers: Vec<Layer> = (0..graph.len())
            .map(|node| Layer::new(&graph.node(node).op, graph.input_shape(node), node, seed, &device))
            .collect();
        let running = layers
            .iter()
            .enumerate()
            .map(|(node, layer)| {
                norm(layer)?;
                let channels = graph.node(node).shape.channels;
                Some(Running { mean: vec![0.0; channels], variance: vec![1.0; channels] })
            })
            .collect();
        Self { layers, graph: graph.clone(), running }
    }

    /// The graph that it follows.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The forward pass of a training step.
    ///
    /// # Shapes
    /// `images`: `[batch, channels, height, width]` of the graph's input. `seed` and `counters` are those of the
    /// random draws of dropouts.
    pub(crate) fn training_pass(&self, images: Tensor<4>, seed: u64, counters: &[u64]) -> TrainingPass {
        let mut statistics = vec![None; self.layers.len()];
        let image = FeatureMap::from_tensor(images);
        let output = forward(&self.graph, image, |node, inputs| {
            let (output, seen) = self.layer_pass(node, inputs, seed, counters);
            statistics[node] = seen;
            output
        });
        TrainingPass { logits: flattened(output), statistics }
    }

    pub(crate) fn layer_pass(
        &self,
        node: usize,
        mut inputs: Vec<FeatureMap>,
        seed: u64,
        counters: &[u64],
    ) -> (FeatureMap, Option<Statistics>) {
        match &self.layers[node] {
            Layer::Conv(layer) => {
                let (x, weight) = (inputs.swap_remove(0), layer.weight.val());
                let (options, activation) = (conv_options(&layer.op), layer.op.activation);
                match &layer.norm {
                    Some(norm) => {
                        let (scale, shift) = (norm.scale.val(), norm.shift.val());
                        let normed =
                            kernels::conv_batch_norm(x, weight, scale, shift, options, EPSILON, activation);
                        (normed.output, Some((normed.mean, normed.variance)))
                    }
                    None => {
                        let bias = layer.bias.as_ref().map(|bias| bias.val());
                        (kernels::conv2d(x, weight, bias, options, activation), None)
                    }
                }
            }
            Layer::Add(layer) => {
                let activation = layer.activation;
                match &layer.norm {
                    Some(norm) => {
                        let sum = kernels::sum(inputs, Activation::Linear);
                        let (scale, shift) = (norm.scale.val(), norm.shift.val());
                        let normed = kernels::batch_norm(sum, scale, shift, EPSILON, activation);
                        (normed.output, Some((normed.mean, normed.variance)))
                    }
                    None => (kernels::sum(inputs, activation), None),
                }
            }
            Layer::SqueezeExcite(layer) => {
                let x = inputs.swap_remove(0);
                (squeeze_excite(x, |y| dense_pass(&layer.reduce, y), |y| dense_pass(&layer.expand, y)), None)
            }
            Layer::Dense(layer) => (vector_map(dense_pass(layer, flattened(inputs.swap_remove(0)))), None),
            Layer::Fixed(layer) => {
                let counters = [counters, &[node as u64]].concat();
                (layer.op.forward(inputs, Some((seed, &counters))), None)
            }
        }
    }

    /// Takes a batch's statistics into the running ones: `running += momentum * (batch - running)`.
    pub(crate) fn absorb(&mut self, statistics: Vec<Option<Statistics>>, momentum: f32) {
        for (running, seen) in self.running.iter_mut().zip(statistics) {
            if let (Some(running), Some((mean, variance))) = (running, seen) {
                blend(&mut running.mean, &values(mean), momentum);
                blend(&mut running.variance, &values(variance), momentum);
            }
        }
    }

    pub(crate) fn running(&self) -> &[Option<Running>] {
        &self.running
    }

    pub(crate) fn with_running(mut self, running: Vec<Option<Running>>) -> Self {
        self.running = running;
        self
    }

    /// The weights of the deployed network: batch norm folded into the convolution before it.
    pub fn deployed_weights(&self) -> Weights {
        let mut weights = Weights::default();
        for (node, layer) in self.layers.iter().enumerate() {
            let name = &self.graph.node(node).name;
            let affine =
                norm(layer).zip(self.running[node].as_ref()).map(|(norm, running)| affine(norm, running));
            match layer {
                Layer::Conv(layer) => {
                    let shape = layer.weight.val().dims();
                    let (weight, bias) = (layer.weight.val().inner(), layer.bias.as_ref().map(plain));
                    let (weight, bias) = match affine {
                        Some(affine) => {
                            let (weight, bias) = kernels::fold_affine(weight, bias, affine);
                            (weight, Some(bias))
                        }
                        None => (weight, bias),
                    };
                    weights.insert(name, "weight", shape.to_vec(), values(weight));
                    if let Some(bias) = bias {
                        weights.insert(name, "bias", vec![shape[0]], values(bias));
                    }
                }
                Layer::Add(_) => {
                    if let Some((scale, shift)) = affine {
                        let channels = scale.dims().to_vec();
                        weights.insert(name, "scale", channels.clone(), values(scale));
                        weights.insert(name, "shift", channels, values(shift));
                    }
                }
                Layer::SqueezeExcite(layer) => {
                    insert_dense(&mut weights, &format!("{name}.reduce"), &layer.reduce);
                    insert_dense(&mut weights, &format!("{name}.expand"), &layer.expand);
                }
                Layer::Dense(layer) => insert_dense(&mut weights, name, layer),
                Layer::Fixed(_) => {}
            }
        }
        weights
    }
}

fn norm(layer: &Layer) -> Option<&NormLayer> {
    match layer {
        Layer::Conv(layer) => layer.norm.as_ref(),
        Layer::Add(layer) => layer.norm.as_ref(),
        Layer::SqueezeExcite(_) | Layer::Dense(_) | Layer::Fixed(_) => None,
    }
}

/// A batch norm with its running statistics, as a scale and a shift of each channel.
fn affine(norm: &NormLayer, running: &Running) -> (Tensor<1>, Tensor<1>) {
    let (scale, shift) = (plain(&norm.scale), plain(&norm.shift));
    let statistic = |values: &[f32]| tensor(values.to_vec(), [values.len()], &scale.device());
    let (mean, variance) = (statistic(&running.mean), statistic(&running.variance));
    kernels::batch_norm_affine(scale, shift, mean, variance, EPSILON)
}

/// A parameter without autodiff.
fn plain(parameter: &Param<Tensor<1>>) -> Tensor<1> {
    parameter.val().inner()
}

fn dense_pass(layer: &DenseLayer, x: Tensor<2>) -> Tensor<2> {
    dense(x, layer.weight.val(), layer.bias.val(), layer.activation)
}

fn insert_dense(weights: &mut Weights, name: &str, layer: &DenseLayer) {
    let shape = layer.weight.val().dims();
    weights.insert(name, "weight", shape.to_vec(), values(layer.weight.val()));
    weights.insert(name, "bias", vec![shape[1]], values(layer.bias.val()));
}

/// Takes a share of new running statistics into old ones.
pub(crate) fn blend_running(old: &mut [Option<Running>], new: &[Option<Running>], share: f32) {
    for (old, new) in old.iter_mut().zip(new) {
        if let (Some(old), Some(new)) = (old, new) {
            blend(&mut old.mean, &new.mean, share);
            blend(&mut old.variance, &new.variance, share);
        }
    }
}

fn blend(old: &mut [f32], new: &[f32], share: f32) {
    old.iter_mut().zip(new).for_each(|(old, new)| *old += share * (new - *old));
}
