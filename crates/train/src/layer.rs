use burn::module::{Module, Param};
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, activation};
use netsynth_graph::ops::{Conv, Dense, Pool, SqueezeExcite};
use netsynth_graph::{Activation, Norm, Op, Shape};
use netsynth_kernels::{self as kernels, ConvOptions, FeatureMap, composition};
use netsynth_random::stream;

use crate::initial::he_uniform;
use crate::tensors::tensor;

/// Added to a variance before its root.
pub(crate) const EPSILON: f32 = 1e-3;

/// One operator of a network that is being trained.
#[derive(Module, Debug)]
pub(crate) enum Layer {
    Conv(ConvLayer),
    Add(AddLayer),
    SqueezeExcite(SqueezeExciteLayer),
    Dense(DenseLayer),
    Fixed(FixedLayer),
}

#[derive(Module, Debug)]
pub(crate) struct ConvLayer {
    pub(crate) weight: Param<Tensor<4>>,
    pub(crate) bias: Option<Param<Tensor<1>>>,
    pub(crate) norm: Option<NormLayer>,
    #[module(skip)]
    pub(crate) op: Conv,
}

#[derive(Module, Debug)]
pub(crate) struct AddLayer {
    pub(crate) norm: Option<NormLayer>,
    #[module(skip)]
    pub(crate) activation: Activation,
}

/// Scale and shift of a batch norm. Its running statistics belong to the network, not to the optimiser.
#[derive(Module, Debug)]
pub(crate) struct NormLayer {
    pub(crate) scale: Param<Tensor<1>>,
    pub(crate) shift: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
pub(crate) struct SqueezeExciteLayer {
    pub(crate) reduce: DenseLayer,
    pub(crate) expand: DenseLayer,
}

#[derive(Module, Debug)]
pub(crate) struct DenseLayer {
    /// `[inputs, units]`
    pub(crate) weight: Param<Tensor<2>>,
    pub(crate) bias: Param<Tensor<1>>,
    #[module(skip)]
    pub(crate) activation: Activation,
}

/// An operator without weights.
#[derive(Module, Debug)]
pub(crate) struct FixedLayer {
    #[module(skip)]
    pub(crate) op: Fixed,
}

/// The operators without weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fixed {
    Concat,
    MaxPool(Pool),
    AvgPool(Pool),
    GlobalAvgPool,
    Dropout(f64),
}

/// Mean and biased variance of a batch at one norm.
pub(crate) type Statistics = (Tensor<1>, Tensor<1>);

impl Layer {
    /// The layer of a node, with weights drawn from `seed`.
    pub(crate) fn new(op: &Op, input: Shape, node: usize, seed: u64, device: &Device) -> Self {
        match op {
            Op::Conv(conv) => {
                let fan_in = input.channels / conv.groups * conv.kernel * conv.kernel;
                let shape = [conv.channels, input.channels / conv.groups, conv.kernel, conv.kernel];
                let weight = he_uniform(shape.iter().product(), fan_in, seed, node);
                let has_norm = conv.norm == Norm::Batch;
                Layer::Conv(ConvLayer {
                    weight: Param::from_tensor(tensor(weight, shape, device)),
                    bias: (conv.bias && !has_norm).then(|| constant(0.0, conv.channels, device)),
                    norm: has_norm.then(|| NormLayer::new(conv.channels, device)),
                    op: conv.clone(),
                })
            }
            Op::Add(add) => Layer::Add(AddLayer {
                norm: (add.norm == Norm::Batch).then(|| NormLayer::new(input.channels, device)),
                activation: add.activation,
            }),
            Op::SqueezeExcite(SqueezeExcite { reduced, activation }) => {
                let (channels, reduced) = (input.channels, *reduced);
                Layer::SqueezeExcite(SqueezeExciteLayer {
                    reduce: DenseLayer::new(channels, reduced, *activation, 2 * node, seed, device),
                    expand: DenseLayer::new(
                        reduced,
                        channels,
                        Activation::Linear,
                        2 * node + 1,
                        seed,
                        device,
                    ),
                })
            }
            Op::Dense(Dense { units, activation }) => {
                let inputs = input.elements() as usize;
                Layer::Dense(DenseLayer::new(inputs, *units, *activation, 2 * node, seed, device))
            }
            Op::Concat(_) => Self::fixed(Fixed::Concat),
            Op::MaxPool(pool) => Self::fixed(Fixed::MaxPool(pool.clone())),
            Op::AvgPool(pool) => Self::fixed(Fixed::AvgPool(pool.clone())),
            Op::GlobalAvgPool(_) => Self::fixed(Fixed::GlobalAvgPool),
            Op::Dropout(dropout) => Self::fixed(Fixed::Dropout(dropout.rate)),
        }
    }

    fn fixed(op: Fixed) -> Self {
        Layer::Fixed(FixedLayer { op })
    }
}

impl NormLayer {
    fn new(channels: usize, device: &Device) -> Self {
        Self { scale: constant(1.0, channels, device), shift: constant(0.0, channels, device) }
    }
}

impl DenseLayer {
    fn new(
        inputs: usize,
        units: usize,
        activation: Activation,
        draw: usize,
        seed: u64,
        device: &Device,
    ) -> Self {
        // A classifier feeds no ReLU: half He's variance.
        let weight = he_uniform(inputs * units, 2 * inputs, seed, (1 << 32) + draw);
        Self {
            weight: Param::from_tensor(tensor(weight, [inputs, units], device)),
            bias: constant(0.0, units, device),
            activation,
        }
    }
}

fn constant(value: f32, count: usize, device: &Device) -> Param<Tensor<1>> {
    Param::from_tensor(tensor(vec![value; count], [count], device))
}

/// The options of a convolution as the kernels take them.
pub(crate) fn conv_options(conv: &Conv) -> ConvOptions {
    ConvOptions { stride: conv.stride, padding: conv.padding(), groups: conv.groups }
}

/// A matrix product with bias and activation on `[batch, inputs]`.
pub(crate) fn dense(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>, kind: Activation) -> Tensor<2> {
    composition::activate(x.matmul(weight) + bias.unsqueeze(), kind)
}

/// Channel attention: `x` scaled by the sigmoid of a two-layer network of its plane means.
pub(crate) fn squeeze_excite(
    x: FeatureMap,
    reduce: impl Fn(Tensor<2>) -> Tensor<2>,
    expand: impl Fn(Tensor<2>) -> Tensor<2>,
) -> FeatureMap {
    let [batch, channels, _, _] = x.dims();
    let gate = activation::sigmoid(expand(reduce(kernels::global_avg_pool(x.clone()))));
    FeatureMap::from_tensor(x.into_tensor() * gate.reshape([batch, channels, 1, 1]))
}

/// Any activation as `[batch, numbers]`.
pub(crate) fn flattened(x: FeatureMap) -> Tensor<2> {
    let [batch, channels, height, width] = x.dims();
    x.into_tensor().reshape([batch, channels * height * width])
}

/// `[batch, channels]` as a feature map of one pixel.
pub(crate) fn vector_map(x: Tensor<2>) -> FeatureMap {
    let [batch, channels] = x.dims();
    FeatureMap::from_tensor(x.reshape([batch, channels, 1, 1]))
}

impl Fixed {
    /// The operator's output; `dropout` is the seed and the counters of its random draws while training, and
    /// nothing afterwards.
    pub(crate) fn forward(&self, mut inputs: Vec<FeatureMap>, dropout: Option<(u64, &[u64])>) -> FeatureMap {
        match self {
            Fixed::Concat => {
                let tensors: Vec<Tensor<4>> = inputs.into_iter().map(FeatureMap::into_tensor).collect();
                FeatureMap::from_tensor(Tensor::cat(tensors, 1))
            }
            Fixed::MaxPool(pool) => {
                let x = inputs.swap_remove(0).into_tensor();
                let options = MaxPoolOptions::new([pool.kernel; 2])
                    .with_stride([pool.stride; 2])
                    .with_padding([pool.padding(); 2]);
                FeatureMap::from_tensor(max_pool2d(x, options))
            }
            Fixed::AvgPool(pool) => {
                let x = inputs.swap_remove(0).into_tensor();
                let mut options = AvgPoolOptions::new([pool.kernel; 2])
                    .with_stride([pool.stride; 2])
                    .with_padding([pool.padding(); 2]);
                options.count_include_pad = false;
                FeatureMap::from_tensor(avg_pool2d(x, options))
            }
            Fixed::GlobalAvgPool => vector_map(kernels::global_avg_pool(inputs.swap_remove(0))),
            Fixed::Dropout(rate) => match dropout {
                Some((seed, counters)) => drop_out(inputs.swap_remove(0), *rate, seed, counters),
                None => inputs.swap_remove(0),
            },
        }
    }
}

/// Zeros at random, and the rest scaled up so that the mean stays.
fn drop_out(x: FeatureMap, rate: f64, seed: u64, counters: &[u64]) -> FeatureMap {
    let shape = x.dims();
    let mut random = stream(seed, "dropout", counters);
    let (rate, kept) = (rate as f32, 1.0 / (1.0 - rate as f32));
    let mask: Vec<f32> = (0..shape.iter().product::<usize>())
        .map(|_| if random.unit_f32() < rate { 0.0 } else { kept })
        .collect();
    let x = x.into_tensor();
    let mask = tensor(mask, shape, &x.device().inner());
    FeatureMap::from_tensor(x * mask.autodiff())
}
