use std::collections::BTreeMap;

use burn::tensor::{Device as BurnDevice, Tensor};
use netsynth_data::Dataset;
use netsynth_graph::{Op, Shape};
use netsynth_kernels::{FeatureMap, softmax_cross_entropy};
use netsynth_random::stream;
use netsynth_search::{LinkReaction, Reactions, VertexReaction};

use crate::batches::plain_images;
use crate::deployed::Tap;
use crate::forward::image_tensor;
use crate::tensors::{tensor, values};
use crate::{Deployed, Device, Recipe};

/// The inquisitor's fixed stimulus X: labelled images, the classes in turn, then noise without labels.
#[derive(Debug, Clone)]
pub struct Stimulus {
    pixels: Vec<f32>,
    /// `[count, n_classes]`: one-hot for images, zeros for noise.
    targets: Vec<f32>,
    count: usize,
    n_classes: usize,
}

/// How many images and how many noise images a stimulus has.
const N_IMAGES: usize = 28;
const N_NOISE: usize = 4;

impl Stimulus {
    /// Images among `samples`, which should be trained on, not judged, and standard noise.
    pub fn new(dataset: &Dataset, samples: &[usize], recipe: &Recipe, seed: u64) -> Self {
        let n_classes = dataset.classes.len();
        let mut by_class: Vec<Vec<usize>> = vec![Vec::new(); n_classes];
        for &sample in samples {
            by_class[dataset.samples[sample].class].push(sample);
        }
        // The classes take turns; within a class the samples are spread over its subjects' order.
        let per_class = N_IMAGES.div_ceil(n_classes);
        let chosen: Vec<usize> = by_class
            .iter()
            .flat_map(|class| {
                let count = per_class.min(class.len());
                (0..count).map(move |pick| class[pick * class.len() / count])
            })
            .collect();
        let mut pixels = plain_images(dataset, &chosen, recipe, false);
        let mut targets = vec![0.0; (chosen.len() + N_NOISE) * n_classes];
        for (position, &sample) in chosen.iter().enumerate() {
            targets[position * n_classes + dataset.samples[sample].class] = 1.0;
        }
        let mut random = stream(seed, "stimulus", &[]);
        let levels = dataset.colour.channels() * dataset.height * dataset.width;
        let mut noise: Vec<f32> = (0..N_NOISE * levels).map(|_| 255.0 * random.unit_f32()).collect();
        for image in noise.chunks_exact_mut(levels) {
            recipe.normalisation.apply(image);
        }
        pixels.append(&mut noise);
        Self { pixels, targets, count: chosen.len() + N_NOISE, n_classes }
    }

    /// The images without the noise, and their targets.
    ///
    /// # Shapes
    /// `[images, channels, height, width]` and `[images, classes]`
    pub(crate) fn labelled(&self, input: Shape, device: Device) -> (Tensor<4>, Tensor<2>) {
        let count = self.count - N_NOISE;
        let pixels = self.pixels[..count * input.elements() as usize].to_vec();
        let targets = self.targets[..count * self.n_classes].to_vec();
        let targets = tensor(targets, [count, self.n_classes], &device.burn());
        (image_tensor(pixels, count, input, device), targets)
    }
}

/// Feeds the stimulus to a trained network and reads the reactions of its vertices and links.
pub fn probe(network: &Deployed, stimulus: &Stimulus) -> Reactions {
    let graph = network.graph();
    let device = network.device();
    let images = image_tensor(stimulus.pixels.clone(), stimulus.count, graph.input(), device);
    let targets: Tensor<2> =
        tensor(stimulus.targets.clone(), [stimulus.count, stimulus.n_classes], &device.burn());
    let observed = observed(network, images, targets, |tap| match tap {
        Tap::Output(node) => matches!(graph.node(node).op, Op::Conv(_)),
        Tap::Summand(..) => true,
    });
    let mut reactions = Reactions::default();
    for (tap, Observed { activation, shape: [count, channels, height, width], taylor }) in observed {
        match tap {
            Tap::Output(node) => {
                let reaction = vertex(&activation, &taylor, count, channels, height * width);
                reactions.vertices.insert(graph.node(node).name.clone(), reaction);
            }
            Tap::Summand(node, position) => {
                if let Some(source) = graph.node(node).inputs[position] {
                    let cut = taylor.iter().flatten().map(|change| f64::from(*change)).sum::<f64>();
                    reactions.links.push(LinkReaction {
                        sum: graph.node(node).name.clone(),
                        source: graph.node(source).name.clone(),
                        cut: -cut,
                    });
                }
            }
        }
    }
    let total: f64 = reactions.vertices.values().map(|vertex| vertex.saliency).sum();
    for vertex in reactions.vertices.values_mut() {
        vertex.saliency /= total.max(f64::MIN_POSITIVE);
    }
    reactions
}

/// What passed a tap of a network.
struct Observed {
    activation: Vec<f32>,
    shape: [usize; 4],
    /// For each image and channel the first-order change of the loss if the channel were kept and not cut.
    taylor: Vec<Vec<f32>>,
}

/// Observes some taps of a trained network on images `[batch, channels, height, width]` with targets `[batch, classes]`.
///
/// A zero that requires a gradient is added at every tap that is observed; its gradient is the loss's gradient there,
/// and activation times gradient is the first-order change of the loss if the activation were cut.
fn observed(
    network: &Deployed,
    images: Tensor<4>,
    targets: Tensor<2>,
    is_observed: impl Fn(Tap) -> bool,
) -> BTreeMap<Tap, Observed> {
    let mut probes: BTreeMap<Tap, (Tensor<4>, Tensor<4>)> = BTreeMap::new();
    let logits = network.logits(images.autodiff(), |tap, map| {
        if !is_observed(tap) {
            return map;
        }
        let activation = map.into_tensor();
        let probe = zeros_like(&activation);
        let passed = activation.clone() + probe.clone();
        probes.insert(tap, (activation.inner(), probe));
        FeatureMap::from_tensor(passed)
    });
    let gradients = softmax_cross_entropy(logits, targets.autodiff()).backward();
    let probes = probes.into_iter().filter_map(|(tap, (activation, probe))| {
        let gradient = values(probe.grad(&gradients)?);
        let shape @ [count, channels, height, width] = activation.dims();
        let activation = values(activation);
        let taylor = taylor(&activation, &gradient, count, channels, height * width);
        Some((tap, Observed { activation, shape, taylor }))
    });
    probes.collect()
}

/// The Taylor saliency of each channel of each convolution on a batch (Molchanov et al. 2017): what the loss would
/// change, image by image and to first order, if the channel were zero; by node.
pub(crate) fn channel_saliency(
    network: &Deployed,
    images: Tensor<4>,
    targets: Tensor<2>,
) -> BTreeMap<usize, Vec<f64>> {
    let is_convolution = |node: usize| matches!(network.graph().node(node).op, Op::Conv(_));
    let is_observed = |tap| matches!(tap, Tap::Output(node) if is_convolution(node));
    let observed = observed(network, images, targets, is_observed);
    let saliency =
        observed.into_iter().filter_map(|(tap, Observed { taylor, shape: [_, channels, ..], .. })| {
            let Tap::Output(node) = tap else { return None };
            Some((node, saliency(&taylor, channels)))
        });
    saliency.collect()
}

/// For each channel the sum over the images of what the loss would change.
fn saliency(taylor: &[Vec<f32>], channels: usize) -> Vec<f64> {
    let of = |channel: usize| taylor.iter().map(|image| f64::from(image[channel].abs())).sum();
    (0..channels).map(of).collect()
}

fn zeros_like(activation: &Tensor<4>) -> Tensor<4> {
    let shape = activation.dims();
    let device: BurnDevice = activation.device().inner();
    tensor::<4>(vec![0.0; shape.iter().product()], shape, &device).autodiff().require_grad()
}

/// For each image and channel the sum over the plane of activation times gradient.
fn taylor(
    activation: &[f32],
    gradient: &[f32],
    count: usize,
    channels: usize,
    plane: usize,
) -> Vec<Vec<f32>> {
    (0..count)
        .map(|image| {
            (0..channels)
                .map(|channel| {
                    let at = (image * channels + channel) * plane;
                    activation[at..at + plane].iter().zip(&gradient[at..at + plane]).map(|(a, g)| a * g).sum()
                })
                .collect()
        })
        .collect()
}

fn vertex(
    activation: &[f32],
    taylor: &[Vec<f32>],
    count: usize,
    channels: usize,
    plane: usize,
) -> VertexReaction {
    let mut saliency = saliency(taylor, channels);
    let total: f64 = saliency.iter().sum();
    saliency.sort_by(f64::total_cmp);
    let quarter = channels.div_ceil(4);
    let least: f64 = saliency[..quarter].iter().sum();
    let is_dead = |channel: &usize| {
        (0..count).all(|image| {
            let at = (image * channels + channel) * plane;
            activation[at..at + plane].iter().all(|value| *value == 0.0)
        })
    };
    VertexReaction {
        saliency: total / channels as f64,
        // As if the quarter were exact, so that four channels and five compare.
        least_quarter: 0.25 * (least / quarter as f64) / (total / channels as f64).max(f64::MIN_POSITIVE),
        dead: (0..channels).filter(is_dead).count() as f64 / channels as f64,
        effective_rank: effective_rank(activation, count, channels, plane),
    }
}

/// The participation ratio of the channels' covariance, `(sum of eigenvalues)^2 / sum of their squares`, which is
/// trace^2 / squared Frobenius norm, over the number of channels.
fn effective_rank(activation: &[f32], count: usize, channels: usize, plane: usize) -> f64 {
    let n_points = (count * plane) as f64;
    let series = |channel: usize| {
        (0..count).flat_map(move |image| {
            let at = (image * channels + channel) * plane;
            activation[at..at + plane].iter()
        })
    };
    let means: Vec<f64> = (0..channels)
        .map(|channel| series(channel).map(|&value| f64::from(value)).sum::<f64>() / n_points)
        .collect();
    let (mut trace, mut squares) = (0.0, 0.0);
    for one in 0..channels {
        for other in one..channels {
            let product: f32 = (0..count)
                .map(|image| {
                    let (a, b) = ((image * channels + one) * plane, (image * channels + other) * plane);
                    dot(&activation[a..a + plane], &activation[b..b + plane])
                })
                .sum();
            let covariance = f64::from(product) / n_points - means[one] * means[other];
            if one == other {
                trace += covariance;
                squares += covariance * covariance;
            } else {
                squares += 2.0 * covariance * covariance;
            }
        }
    }
    if squares > 0.0 { trace * trace / squares / channels as f64 } else { 0.0 }
}

/// A sum of products in eight interleaved parts, which a compiler turns into vector instructions.
fn dot(one: &[f32], other: &[f32]) -> f32 {
    let mut parts = [0.0f32; 8];
    let (ones, rest) = one.as_chunks::<8>();
    let (others, other_rest) = other.as_chunks::<8>();
    for (a, b) in ones.iter().zip(others) {
        for lane in 0..8 {
            parts[lane] += a[lane] * b[lane];
        }
    }
    parts.iter().sum::<f32>() + rest.iter().zip(other_rest).map(|(a, b)| a * b).sum::<f32>()
}
