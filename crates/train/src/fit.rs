use netsynth_data::Dataset;
use netsynth_graph::Graph;
use netsynth_kernels::{Adam, softmax_cross_entropy};

use crate::batches::{Batch, class_weights, epoch, training_batch};
use crate::checkpoint::State;
use crate::network::blend_running;
use crate::tensors::values;
use crate::{Checkpoints, Deployed, Device, DeviceError, Network, Recipe, WeightsError};

/// What one epoch of a training did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochReport {
    /// Its number, from 0.
    pub epoch: usize,
    /// How many there will be.
    pub n_epochs: usize,
    /// Mean loss over its steps, in nats.
    pub loss: f32,
    /// Images seen in it.
    pub n_images: usize,
}

/// Why a training gave no network.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum TrainingFailure {
    /// The loss is no finite number.
    #[error("the loss became {loss} in epoch {epoch}")]
    #[diagnostic(help("lower the recipe's learning_rate"))]
    Diverged {
        /// The loss.
        loss: f32,
        /// The epoch, from 1.
        epoch: usize,
    },
    /// The device has no kernel for the network, or no room.
    #[error("{0}")]
    #[diagnostic(help("train it with --device cpu"))]
    Unsupported(String),
    /// Nothing can be trained on the device, which says nothing of the network.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Device(#[from] DeviceError),
    /// The trained weights make no network.
    #[error("the trained weights are unusable: {0}")]
    #[diagnostic(help("lower the recipe's learning_rate"))]
    Weights(#[source] WeightsError),
}

/// A training to be done.
#[derive(Debug, Clone, Copy)]
pub struct Training<'a> {
    /// The network.
    pub graph: &'a Graph,
    /// The faces. Their height and width are those of the graph's input, which has one channel; their classes are
    /// the classifier's units.
    pub dataset: &'a Dataset,
    /// How to train.
    pub recipe: &'a Recipe,
    /// For how many epochs.
    pub n_epochs: usize,
    /// The seed of every random draw.
    pub seed: u64,
    /// Where to train.
    pub device: Device,
    /// The trained network from which it takes over the most salient channels; absent, all its weights are random.
    pub start: Option<&'a Deployed>,
    /// Where its state is kept from time to time, and was, if it was cut off. A training on a GPU keeps none: it begins anew.
    pub checkpoints: Option<&'a dyn Checkpoints>,
}

/// How many images are shown to both networks, at most, where one starts from another, to find what to take over.
const N_COMPARED: usize = 64;

/// Trains on some samples of the dataset.
///
/// A function of its arguments: on the CPU the result repeats to the bit, for any number of threads.
///
/// # Errors
/// The training diverged, or the device is none for it.
pub fn fit(
    training: &Training<'_>,
    samples: &[usize],
    on_epoch: &mut dyn FnMut(EpochReport),
) -> Result<Deployed, TrainingFailure> {
    let Training { graph, dataset, recipe, seed, device, start, .. } = *training;
    let mut network = Network::new(graph, seed, device);
    let class_weights = class_weights(dataset, samples, recipe);
    if let Some(parent) = start {
        let stride = samples.len().div_ceil(N_COMPARED).max(1);
        let seen: Vec<usize> = samples.iter().copied().step_by(stride).collect();
        let batch = training_batch(dataset, &seen, &class_weights, recipe, seed, [0, 0], device);
        network = network.inheriting(parent, batch, device);
    }
    let network = match device {
        Device::Flex => on_the_cpu(training, samples, network, &class_weights, on_epoch)?,
        #[cfg(feature = "gpu")]
        Device::Wgpu(number) => {
            crate::gpu::fit(number, training, samples, network, &class_weights, on_epoch)?
        }
        #[cfg(not(feature = "gpu"))]
        Device::Wgpu(_) => return Err(DeviceError::NotBuilt.into()),
    };
    Deployed::new(graph, network.deployed_weights(), device).map_err(TrainingFailure::Weights)
}

/// Trains a network on the CPU, and gives it with its averages.
fn on_the_cpu(
    training: &Training<'_>,
    samples: &[usize],
    network: Network,
    class_weights: &[f32],
    on_epoch: &mut dyn FnMut(EpochReport),
) -> Result<Network, TrainingFailure> {
    let Training { dataset, recipe, n_epochs, seed, device, checkpoints, .. } = *training;
    let averaged = network.running().to_vec();
    let mut state = State { network, adam: Adam::new(recipe.adam()), averaged, losses: Vec::new() };
    if let Some(bytes) = checkpoints.and_then(Checkpoints::last) {
        let n_steps = epoch(samples, recipe.batch_size, seed, 0).len();
        let restored = State::restored(&state, recipe.adam(), &bytes, n_steps);
        state = restored.filter(|state| state.losses.len() <= n_epochs).unwrap_or(state);
    }
    let report =
        |number: usize, loss: f32| EpochReport { epoch: number, n_epochs, loss, n_images: samples.len() };
    // Whoever looks on has seen none of them.
    state.losses.iter().enumerate().for_each(|(number, loss)| on_epoch(report(number, *loss)));
    let State { mut network, mut adam, mut averaged, mut losses } = state;
    for number in losses.len()..n_epochs {
        let steps = epoch(samples, recipe.batch_size, seed, number);
        let mut total_loss = 0.0;
        for (step, batch) in steps.iter().enumerate() {
            let Batch { images, targets } =
                training_batch(dataset, batch, class_weights, recipe, seed, [number, step], device);
            let counters = [number as u64, step as u64];
            let pass = network.training_pass(images.autodiff(), seed, &counters);
            let loss = softmax_cross_entropy(pass.logits, targets.autodiff());
            let loss_value = values(loss.clone())[0];
            if !loss_value.is_finite() {
                return Err(TrainingFailure::Diverged { loss: loss_value, epoch: number + 1 });
            }
            total_loss += loss_value;
            let gradients = loss.backward();
            let factor = recipe.schedule.at([number, n_epochs], [step, steps.len()]);
            network = adam.step(&|shape| recipe.rate_of(shape) * factor, network, gradients);
            network.absorb(pass.statistics, recipe.batch_norm_momentum);
            if let Some(decay) = adam.average_decay() {
                blend_running(&mut averaged, network.running(), 1.0 - decay);
            }
        }
        let loss = total_loss / steps.len() as f32;
        losses.push(loss);
        on_epoch(report(number, loss));
        if let Some(checkpoints) = checkpoints
            && checkpoints.is_due()
        {
            let state = State { network, adam, averaged, losses };
            state.bytes().into_iter().for_each(|bytes| checkpoints.keep(bytes));
            State { network, adam, averaged, losses } = state;
        }
    }
    if recipe.averaging.is_some() {
        network = adam.averaged(network).with_running(averaged);
    }
    Ok(network)
}
