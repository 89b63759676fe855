use std::sync::Arc;

use burn::tensor::{Tensor, activation};
use netsynth_graph::ops::SqueezeExcite;
use netsynth_graph::{Activation, Graph, Norm, Op};
use netsynth_kernels::{self as kernels, FeatureMap, PreparedConv};

use crate::Device;
use crate::forward::{forward, image_tensor};
use crate::layer::{Fixed, conv_options, dense, flattened, squeeze_excite, vector_map};
use crate::tensors::{tensor, values};
use crate::weights::{Weights, WeightsError};

/// A trained network as it is shipped: batch norm folded, nothing left to train.
#[derive(Debug, Clone)]
pub struct Deployed {
    graph: Graph,
    device: Device,
    weights: Weights,
    layers: Vec<DeployedLayer>,
}

#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "a network has a few dozen layers, and their weights are far larger"
)]
enum DeployedLayer {
    Conv(Arc<PreparedConv>),
    Add { affine: Option<(Tensor<1>, Tensor<1>)> },
    SqueezeExcite { reduce: (Tensor<2>, Tensor<1>), expand: (Tensor<2>, Tensor<1>) },
    Dense { weight: Tensor<2>, bias: Tensor<1> },
    Fixed(Fixed),
}

/// A point of a network at which activations can be observed and changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tap {
    /// The output of a node.
    Output(usize),
    /// An input of a sum, by the sum and the input's position.
    Summand(usize, usize),
}

impl Deployed {
    /// The network with these weights.
    ///
    /// # Errors
    /// Names the first of them that is missing or does not fit.
    pub fn new(graph: &Graph, weights: Weights, device: Device) -> Result<Self, WeightsError> {
        let layers = (0..graph.len()).map(|node| DeployedLayer::new(graph, node, &weights, device));
        let layers = layers.collect::<Result<_, _>>()?;
        Ok(Self { graph: graph.clone(), device, weights, layers })
    }

    /// The graph that it follows.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    pub(crate) fn device(&self) -> Device {
        self.device
    }

    /// Its numbers.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// How many numbers it stores.
    pub fn n_parameters(&self) -> u64 {
        self.weights.0.values().map(|array| array.values.len() as u64).sum()
    }

    /// Class probabilities of images.
    ///
    /// # Shapes
    /// `pixels` holds `count` images of the graph's input shape, row by row; the result has the classes of the
    /// first image, then those of the second, and so on.
    pub fn predict(&self, pixels: Vec<f32>, count: usize) -> Vec<f32> {
        let images = image_tensor(pixels, count, self.graph.input(), self.device);
        let logits = self.logits(images, |_, map| map);
        values(activation::softmax(logits, 1))
    }

    /// The same before the softmax.
    ///
    /// # Shapes
    /// As [`Deployed::predict`].
    pub fn scores(&self, pixels: Vec<f32>, count: usize) -> Vec<f32> {
        let images = image_tensor(pixels, count, self.graph.input(), self.device);
        values(self.logits(images, |_, map| map))
    }

    /// The gradient of the logarithm of a class's probability with respect to the numbers of one image.
    ///
    /// # Shapes
    /// `pixels` is an image of the graph's input shape, and so is the result.
    pub fn gradient(&self, pixels: Vec<f32>, class: usize) -> Vec<f32> {
        let input = self.graph.input();
        let image = image_tensor(pixels, 1, input, self.device).autodiff().require_grad();
        let logits = self.logits(image.clone(), |_, map| map);
        let mut target = vec![0.0; self.graph.classes()];
        target[class] = 1.0;
        let target = tensor(target, [1, self.graph.classes()], &self.device.burn());
        let gradients = kernels::softmax_cross_entropy(logits, target.autodiff()).backward();
        // The loss is what is lost of the logarithm. No gradient reaches an image that nothing depends on.
        let gradient = image.grad(&gradients).map(values);
        gradient.map_or_else(
            || vec![0.0; input.elements() as usize],
            |gradient| gradient.into_iter().map(|loss| -loss).collect(),
        )
    }

    /// Logits `[batch, classes]`; `observe` is given what passes each tap, and what it returns goes on.
    pub(crate) fn logits(
        &self,
        images: Tensor<4>,
        mut observe: impl FnMut(Tap, FeatureMap) -> FeatureMap,
    ) -> Tensor<2> {
        let output = forward(&self.graph, FeatureMap::from_tensor(images), |node, inputs| {
            let inputs = match self.layers[node] {
                DeployedLayer::Add { .. } => {
                    let summands = inputs.into_iter().enumerate();
                    summands.map(|(position, map)| observe(Tap::Summand(node, position), map)).collect()
                }
                _ => inputs,
            };
            observe(Tap::Output(node), self.run(node, inputs))
        });
        flattened(output)
    }

    pub(crate) fn run(&self, node: usize, mut inputs: Vec<FeatureMap>) -> FeatureMap {
        match (&self.layers[node], &self.graph.node(node).op) {
            (DeployedLayer::Conv(conv), _) => conv.forward(inputs.swap_remove(0)),
            (DeployedLayer::Add { affine: None }, Op::Add(op)) => kernels::sum(inputs, op.activation),
            (DeployedLayer::Add { affine: Some((scale, shift)) }, Op::Add(op)) => {
                let sum = kernels::sum(inputs, Activation::Linear).into_tensor();
                let channels = sum.dims()[1];
                let row = |values: &Tensor<1>| values.clone().reshape([1, channels, 1, 1]);
                let normed = FeatureMap::from_tensor(sum * row(scale) + row(shift));
                kernels::sum(vec![normed], op.activation)
            }
            (DeployedLayer::SqueezeExcite { reduce, expand }, Op::SqueezeExcite(op)) => squeeze_excite(
                inputs.swap_remove(0),
                |x| dense(x, reduce.0.clone(), reduce.1.clone(), op.activation),
                |x| dense(x, expand.0.clone(), expand.1.clone(), Activation::Linear),
            ),
            (DeployedLayer::Dense { weight, bias }, Op::Dense(op)) => {
                let x = flattened(inputs.swap_remove(0));
                vector_map(dense(x, weight.clone(), bias.clone(), op.activation))
            }
            (DeployedLayer::Fixed(fixed), _) => fixed.forward(inputs, None),
            (layer, op) => unreachable!("{layer:?} belongs to another operator than {op:?}"),
        }
    }
}

impl DeployedLayer {
    fn new(graph: &Graph, node: usize, weights: &Weights, device: Device) -> Result<Self, WeightsError> {
        let spec = graph.node(node);
        let input = graph.input_shape(node);
        let device = device.burn();
        let vector = |role: &str, count: usize| -> Result<Tensor<1>, WeightsError> {
            Ok(tensor(weights.get(&spec.name, role, &[count])?, [count], &device))
        };
        let dense =
            |name: &str, inputs: usize, units: usize| -> Result<(Tensor<2>, Tensor<1>), WeightsError> {
                let weight = weights.get(name, "weight", &[inputs, units])?;
                let bias = weights.get(name, "bias", &[units])?;
                Ok((tensor(weight, [inputs, units], &device), tensor(bias, [units], &device)))
            };
        Ok(match &spec.op {
            Op::Conv(conv) => {
                let shape = [conv.channels, input.channels / conv.groups, conv.kernel, conv.kernel];
                let weight = tensor(weights.get(&spec.name, "weight", &shape)?, shape, &device);
                let has_bias = conv.bias || conv.norm == Norm::Batch;
                let bias = has_bias.then(|| vector("bias", conv.channels)).transpose()?;
                DeployedLayer::Conv(Arc::new(PreparedConv::new(
                    weight,
                    bias,
                    conv_options(conv),
                    conv.activation,
                )))
            }
            Op::Add(add) => {
                let channels = spec.shape.channels;
                let affine = match add.norm {
                    Norm::None => None,
                    Norm::Batch => Some((vector("scale", channels)?, vector("shift", channels)?)),
                };
                DeployedLayer::Add { affine }
            }
            Op::SqueezeExcite(SqueezeExcite { reduced, .. }) => DeployedLayer::SqueezeExcite {
                reduce: dense(&format!("{}.reduce", spec.name), input.channels, *reduced)?,
                expand: dense(&format!("{}.expand", spec.name), *reduced, input.channels)?,
            },
            Op::Dense(op) => {
                let (weight, bias) = dense(&spec.name, input.elements() as usize, op.units)?;
                DeployedLayer::Dense { weight, bias }
            }
            Op::Concat(_) => DeployedLayer::Fixed(Fixed::Concat),
            Op::MaxPool(pool) => DeployedLayer::Fixed(Fixed::MaxPool(pool.clone())),
            Op::AvgPool(pool) => DeployedLayer::Fixed(Fixed::AvgPool(pool.clone())),
            Op::GlobalAvgPool(_) => DeployedLayer::Fixed(Fixed::GlobalAvgPool),
            Op::Dropout(dropout) => DeployedLayer::Fixed(Fixed::Dropout(dropout.rate)),
        })
    }
}
