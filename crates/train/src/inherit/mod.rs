//! A training that starts where another ended: the child takes over what fits from its parent.
//!
//! [`channel_map`] finds which channels of the parent live on in which of the child; this file moves the weights.

mod channel_map;
mod inheritance;
#[cfg(test)]
mod tests;

pub use inheritance::{InheritFrom, Inheritance};

use burn::module::Param;
use burn::tensor::{Device as BurnDevice, Tensor};
use netsynth_graph::{Activation, Graph, Op};
use netsynth_kernels::{self as kernels, FeatureMap};

use crate::batches::Batch;
use crate::forward::forward;
use crate::layer::{AddLayer, ConvLayer, DenseLayer, EPSILON, Layer, NormLayer, conv_options};
use crate::network::Running;
use crate::probe::channel_saliency;
use crate::tensors::{tensor, values};
use crate::weights::Array;
use crate::{Deployed, Device, Network};
use channel_map::{ChannelMap, Origins, Source};

impl Network {
    /// The network with what a trained one, its parent, has learned: each node takes over from that of its name. A narrower
    /// layer keeps the channels that matter most for the batch, a smaller kernel its middle; a wider layer's new channels
    /// are not read yet, and a larger kernel has a rim of zeros, so neither disturbs what is there. What the parent does not
    /// have keeps its random weights.
    ///
    /// The norms of a trained network are folded away. Here they are set so that each channel has the mean and the
    /// deviation that it has in the parent, where the batch passes both: with the same architecture this network computes
    /// what the parent does, and with another the layers after a change read what they are used to.
    pub(crate) fn inheriting(mut self, parent: &Deployed, batch: Batch, device: Device) -> Self {
        let Batch { images, targets } = batch;
        let saliency = channel_saliency(parent, images.clone(), targets);
        let map = ChannelMap::new(parent.graph(), &saliency);
        let spreads = spreads(parent, images.clone());
        let burn = device.burn().autodiff();
        let graph = self.graph.clone();
        let image = map.image(graph.input().channels);
        let mut origins: Vec<Origins> = Vec::with_capacity(graph.len());
        forward(&graph, FeatureMap::from_tensor(images.autodiff()), |number, inputs| {
            let node = graph.node(number);
            let read = node.inputs.iter().map(|input| input.map_or(&image, |source| &origins[source]));
            let read: Vec<&Origins> = read.collect();
            // A node of the parent of which the child reads no known channel begins afresh.
            let partner = map
                .partner(&node.name, &node.op, read[0].len())
                .map(|partner| (partner, map.read(partner, read[0])))
                .filter(|(_, sources)| sources.iter().any(Option::is_some));
            if let Some((partner, sources)) = &partner {
                let array = |role: &str| parent.weights().0.get(&format!("{}.{role}", node.name));
                match &mut self.layers[number] {
                    Layer::Conv(layer) => {
                        let outputs = if layer.op.is_depthwise(read[0].len()) {
                            sources.clone()
                        } else {
                            map.kept(*partner, layer.op.channels)
                        };
                        take_filters(layer, array("weight"), sources, &outputs, &burn);
                        if let Some(spread) = &spreads[*partner] {
                            take_spread(layer, &inputs[0], spread, &outputs, &burn);
                        }
                    }
                    Layer::Add(AddLayer { norm: Some(norm), .. }) => {
                        if let Some(affine) = array("scale").zip(array("shift")) {
                            take_affine(norm, inputs.clone(), affine, sources, &burn);
                        }
                    }
                    Layer::SqueezeExcite(layer) => {
                        let hidden = all(layer.reduce.weight.dims()[1]);
                        let dense =
                            |name: &str| array(&format!("{name}.weight")).zip(array(&format!("{name}.bias")));
                        take_dense(&mut layer.reduce, dense("reduce"), sources, &hidden, &burn);
                        take_dense(&mut layer.expand, dense("expand"), &hidden, sources, &burn);
                    }
                    Layer::Dense(layer) => {
                        let units = all(layer.weight.dims()[1]);
                        let numbers =
                            flattened(sources, pixels(&graph, number), pixels(parent.graph(), *partner));
                        take_dense(layer, array("weight").zip(array("bias")), &numbers, &units, &burn);
                    }
                    Layer::Add(AddLayer { norm: None, .. }) | Layer::Fixed(_) => {}
                }
            }
            let partner = partner.map(|(partner, _)| partner);
            let output = map.output(&node.op, partner, &read, node.shape.channels);
            origins.push(output);
            let (output, seen) = self.layer_pass(number, inputs, 0, &[]);
            if let Some((mean, variance)) = seen {
                self.running[number] = Some(Running { mean: values(mean), variance: values(variance) });
            }
            output
        });
        self
    }
}

/// Mean and variance of the channels of each convolution of a parent before its activation, where images pass it.
fn spreads(parent: &Deployed, images: Tensor<4>) -> Vec<Option<Running>> {
    let graph = parent.graph();
    let mut spreads = vec![None; graph.len()];
    forward(graph, FeatureMap::from_tensor(images), |node, inputs| {
        if let Op::Conv(op) = &graph.node(node).op {
            let array = |role: &str| parent.weights().0.get(&format!("{}.{role}", graph.node(node).name));
            if let Some(Array { shape, values }) = array("weight")
                && let Ok(shape) = <[usize; 4]>::try_from(shape.as_slice())
            {
                let weight = tensor(values.clone(), shape, &parent.device().burn());
                let raw =
                    kernels::conv2d(inputs[0].clone(), weight, None, conv_options(op), Activation::Linear);
                let mut spread = statistics(raw);
                if let Some(bias) = array("bias") {
                    spread.mean.iter_mut().zip(&bias.values).for_each(|(mean, bias)| *mean += bias);
                }
                spreads[node] = Some(spread);
            }
        }
        parent.run(node, inputs)
    });
    spreads
}

/// Every one of so many numbers, in their order.
fn all(count: usize) -> Source {
    (0..count).map(Some).collect()
}

/// Gives a convolution the filters of its parent.
fn take_filters(
    layer: &mut ConvLayer,
    parent: Option<&Array>,
    inputs: &Source,
    outputs: &Source,
    device: &BurnDevice,
) {
    let Some(parent) = parent else { return };
    let shape @ [_, n_read, side, _] = layer.weight.val().dims();
    // A filter of one channel, and one of a group, reads what it always did.
    let own = all(n_read);
    let inputs = if layer.op.groups > 1 { &own } else { inputs };
    let mut weight = values(layer.weight.val());
    let (parent_read, parent_side) = (parent.shape[1], parent.shape[2]);
    // Kernels of two sizes have one centre.
    let (centre, parent_centre) = ((side - 1) / 2, (parent_side - 1) / 2);
    let parent_at = |at: usize| (at + parent_centre).checked_sub(centre).filter(|at| *at < parent_side);
    for (filter, source) in weight.chunks_mut(n_read * side * side).zip(outputs) {
        let Some(source) = source else { continue };
        for (kernel, read) in filter.chunks_mut(side * side).zip(inputs) {
            for (at, weight) in kernel.iter_mut().enumerate() {
                *weight = match (read, parent_at(at / side), parent_at(at % side)) {
                    (Some(read), Some(row), Some(column)) => {
                        let kernel = (source * parent_read + read) * parent_side;
                        parent.values[(kernel + row) * parent_side + column]
                    }
                    _ => 0.0,
                };
            }
        }
    }
    layer.weight = Param::from_tensor(tensor(weight, shape, device));
}

/// Sets what comes after a convolution's filters so that its channels have the mean and variance of their parents.
fn take_spread(
    layer: &mut ConvLayer,
    input: &FeatureMap,
    parent: &Running,
    outputs: &Source,
    device: &BurnDevice,
) {
    if let Some(norm) = &mut layer.norm {
        norm.scale = by_channel(outputs, 1.0, device, |_, from| (parent.variance[from] + EPSILON).sqrt());
        norm.shift = by_channel(outputs, 0.0, device, |_, from| parent.mean[from]);
    } else if let Some(bias) = &mut layer.bias {
        let options = conv_options(&layer.op);
        let raw = kernels::conv2d(input.clone(), layer.weight.val(), None, options, Activation::Linear);
        let Running { mean, .. } = statistics(raw);
        *bias = by_channel(outputs, 0.0, device, |at, from| parent.mean[from] - mean[at]);
    }
}

/// Sets a sum's norm so that on this batch it scales and shifts as its parent does.
fn take_affine(
    norm: &mut NormLayer,
    summands: Vec<FeatureMap>,
    (scale, shift): (&Array, &Array),
    outputs: &Source,
    device: &BurnDevice,
) {
    let Running { mean, variance } = statistics(kernels::sum(summands, Activation::Linear));
    let (scale, shift) = (&scale.values, &shift.values);
    let deviation = |at: usize| (variance[at] + EPSILON).sqrt();
    norm.scale = by_channel(outputs, 1.0, device, |at, from| scale[from] * deviation(at));
    norm.shift = by_channel(outputs, 0.0, device, |at, from| shift[from] + scale[from] * mean[at]);
}

/// A number for each channel by the channel that it takes over, or the number of a new one.
fn by_channel(
    outputs: &Source,
    new: f32,
    device: &BurnDevice,
    number: impl Fn(usize, usize) -> f32,
) -> Param<Tensor<1>> {
    let number = |(at, source): (usize, &Option<usize>)| source.map_or(new, |from| number(at, from));
    let numbers: Vec<f32> = outputs.iter().enumerate().map(number).collect();
    Param::from_tensor(tensor(numbers, [outputs.len()], device))
}

/// Gives a dense layer the weights of its parent.
fn take_dense(
    layer: &mut DenseLayer,
    parent: Option<(&Array, &Array)>,
    inputs: &Source,
    outputs: &Source,
    device: &BurnDevice,
) {
    let Some((weight, bias)) = parent else { return };
    let shape @ [_, units] = layer.weight.val().dims();
    let (mut own, mut own_bias) = (values(layer.weight.val()), values(layer.bias.val()));
    for (unit, source) in outputs.iter().enumerate() {
        let Some(source) = source else { continue };
        own_bias[unit] = bias.values[*source];
        for (input, read) in inputs.iter().enumerate() {
            own[input * units + unit] =
                read.map_or(0.0, |read| weight.values[read * weight.shape[1] + source]);
        }
    }
    layer.weight = Param::from_tensor(tensor(own, shape, device));
    layer.bias = Param::from_tensor(tensor(own_bias, [units], device));
}

/// Pixels of a channel that a node reads.
fn pixels(graph: &Graph, node: usize) -> usize {
    let shape = graph.input_shape(node);
    shape.height * shape.width
}

/// The numbers of channels of so many pixels each.
fn flattened(channels: &Source, n_pixels: usize, n_parent_pixels: usize) -> Source {
    let is_alike = n_pixels == n_parent_pixels;
    let number =
        |channel: &Option<usize>, pixel: usize| channel.filter(|_| is_alike).map(|at| at * n_pixels + pixel);
    channels.iter().flat_map(|channel| (0..n_pixels).map(move |pixel| number(channel, pixel))).collect()
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
