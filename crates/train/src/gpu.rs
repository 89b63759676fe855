//! A training on a GPU: images are augmented on the CPU, an epoch of them at a time; steps run on the card, and the host waits for it
//! once an epoch. The same draws as on the CPU, so only the rounding of sums differs.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use burn::module::Param;
use burn::tensor::Tensor;
use netsynth_gpu::{Device, GpuError, Listed, Role, StepOptions, StepRates, Trainings};
use netsynth_search::unless_panicked;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::batches::{epoch, training_images};
use crate::device::{DeviceDescription, DeviceError};
use crate::layer::{EPSILON, Layer, NormLayer};
use crate::network::Running;
use crate::tensors::{tensor, values};
use crate::{EpochReport, Network, Training, TrainingFailure};

/// The one thread that talks to the card, one piece of work after the other: what the runtime keeps for a thread it keeps for
/// ever, and recordings of two threads would meet. Trainings side by side draw their images meanwhile.
fn on_the_thread<T: Send>(
    work: impl FnOnce(&mut Opened) -> Result<T, GpuError> + Send,
) -> Result<T, GpuError> {
    static THREAD: OnceLock<Option<ThreadPool>> = OnceLock::new();
    static OPENED: Mutex<Opened> = Mutex::new(Opened::new());
    let thread = THREAD.get_or_init(|| ThreadPoolBuilder::new().num_threads(1).build().ok());
    let Some(thread) = thread else {
        return Err(GpuError::Device("a thread could not be started".to_owned()));
    };
    thread.install(|| {
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        unless_lost(|| work(&mut opened))
    })
}

/// The devices that were opened, which happens once, or why they were not.
type Opened = BTreeMap<usize, Result<Device, GpuError>>;

/// The device of a number, opened if it is not yet.
fn device(opened: &mut Opened, number: usize) -> Result<Device, GpuError> {
    opened.entry(number).or_insert_with(|| unless_lost(|| Device::open(number))).clone()
}

/// What the drivers name, in the order of the devices' numbers.
pub(crate) fn devices() -> Vec<DeviceDescription> {
    let described = |listed: Listed| DeviceDescription {
        name: listed.name,
        driver: format!("{}, vulkan", listed.driver),
        is_software: listed.is_software,
    };
    netsynth_gpu::devices().into_iter().map(described).collect()
}

/// What is known of a device that can be opened.
pub(crate) fn description(number: usize) -> Result<DeviceDescription, DeviceError> {
    let device = on_the_thread(|opened| device(opened, number));
    let device = device.map_err(|error| DeviceError::Failed(error.to_string()))?;
    let about = device.description();
    Ok(DeviceDescription {
        name: about.name.clone(),
        driver: format!("{}, {}, {}", about.driver, about.backend, about.compiler),
        is_software: about.kind == "Cpu",
    })
}

/// Trains a network on the GPU of this number, and gives it with its averages.
pub(crate) fn fit(
    number: usize,
    training: &Training<'_>,
    samples: &[usize],
    mut network: Network,
    class_weights: &[f32],
    on_epoch: &mut dyn FnMut(EpochReport),
) -> Result<Network, TrainingFailure> {
    let Training { graph, dataset, recipe, n_epochs, seed, .. } = *training;
    // Steps of every epoch are of the same sizes.
    let sizes: Vec<usize> = epoch(samples, recipe.batch_size, seed, 0).iter().map(Vec::len).collect();
    let adam = recipe.adam();
    let options = StepOptions {
        trainings: 1,
        batch: sizes.iter().copied().max().unwrap_or(1),
        epoch_images: samples.len(),
        epoch_steps: sizes.len(),
        norm_epsilon: EPSILON,
        norm_momentum: recipe.batch_norm_momentum,
        beta_1: adam.beta_1,
        beta_2: adam.beta_2,
        adam_epsilon: adam.epsilon,
        l2: adam.l2,
    };
    let mut trainings = on_the_card(number, |device| {
        let mut trainings = Trainings::new(&device, graph, options)?;
        let (parameters, factors) = flattened(&network, &trainings, |shape| recipe.rate_of(shape));
        let factors: Vec<f32> = factors.iter().map(|rate| (rate / recipe.learning_rate) as f32).collect();
        trainings.set_parameters(&parameters)?;
        trainings.set_rate_factors(&factors)?;
        trainings.set_running(&running(&network))?;
        Ok(trainings)
    })?;
    for epoch_number in 0..n_epochs {
        let (mut images, mut targets) = (Vec::new(), Vec::new());
        for (step, batch) in epoch(samples, recipe.batch_size, seed, epoch_number).iter().enumerate() {
            let counters = [epoch_number, step];
            let drawn = training_images(dataset, batch, class_weights, recipe, seed, counters);
            images.extend(drawn.0);
            targets.extend(drawn.1);
        }
        let rates = (0..sizes.len()).map(|step| {
            let steps_before = epoch_number * sizes.len() + step;
            let factor = recipe.schedule.at([epoch_number, n_epochs], [step, sizes.len()]);
            StepRates {
                learning_rate: recipe.learning_rate * factor,
                steps_before: steps_before as u32,
                weight_decay: adam.weight_decay.into(),
                average: adam.average_after(steps_before as i32 + 1).unwrap_or(0.0),
            }
        });
        let rates: Vec<StepRates> = rates.collect();
        let losses = on_the_card(number, |_| {
            trainings.begin_epoch(&images, &targets, &rates)?;
            sizes.iter().try_for_each(|&size| trainings.step(size))?;
            trainings.losses()
        })?;
        let loss = losses.iter().sum::<f32>() / sizes.len() as f32;
        if !loss.is_finite() {
            return Err(TrainingFailure::Diverged { loss, epoch: epoch_number + 1 });
        }
        on_epoch(EpochReport { epoch: epoch_number, n_epochs, loss, n_images: samples.len() });
    }
    let (averages, seen) = on_the_card(number, |_| Ok((trainings.averages()?, trainings.running()?)))?;
    unflatten(&mut network, &trainings, &averages);
    set_running(&mut network, &seen);
    Ok(network)
}

/// Work on a card, which one training has at a time.
fn on_the_card<T: Send>(
    number: usize,
    work: impl FnOnce(Device) -> Result<T, GpuError> + Send,
) -> Result<T, TrainingFailure> {
    let done = on_the_thread(|opened| work(device(opened, number)?));
    done.map_err(|error| match error {
        // That says something of the network, and the same each time.
        GpuError::Unsupported { .. } | GpuError::TooLarge { .. } => {
            TrainingFailure::Unsupported(error.to_string())
        }
        GpuError::Missing { .. } | GpuError::Device(_) | GpuError::Length { .. } => {
            TrainingFailure::Device(DeviceError::Failed(error.to_string()))
        }
    })
}

/// A driver that is lost makes the runtime panic, which says nothing of the network.
fn unless_lost<T>(work: impl FnOnce() -> Result<T, GpuError>) -> Result<T, GpuError> {
    unless_panicked(work).unwrap_or_else(|panic| Err(GpuError::Device(panic)))
}

/// A network's parameters in the GPU's order, and what `rate_of` gives for the shape of each.
fn flattened(
    network: &Network,
    trainings: &Trainings,
    rate_of: impl Fn(&[usize]) -> f64,
) -> (Vec<f32>, Vec<f64>) {
    let (mut parameters, mut rates) = (Vec::new(), Vec::new());
    for run in trainings.layout().runs() {
        let (numbers, shape) = match (&network.layers[run.node], run.role) {
            (Layer::Conv(conv), Role::Weight) => numbers(&conv.weight),
            (Layer::Conv(conv), Role::Bias) => numbers_of(conv.bias.as_ref()),
            (Layer::Conv(conv), Role::Scale) => numbers_of(conv.norm.as_ref().map(|norm| &norm.scale)),
            (Layer::Conv(conv), Role::Shift) => numbers_of(conv.norm.as_ref().map(|norm| &norm.shift)),
            (Layer::Add(add), Role::Scale) => numbers_of(add.norm.as_ref().map(|norm| &norm.scale)),
            (Layer::Add(add), Role::Shift) => numbers_of(add.norm.as_ref().map(|norm| &norm.shift)),
            (Layer::Dense(dense), Role::Weight) => numbers(&dense.weight),
            (Layer::Dense(dense), Role::Bias) => numbers(&dense.bias),
            (Layer::Add(_) | Layer::Dense(_) | Layer::SqueezeExcite(_) | Layer::Fixed(_), _) => {
                unreachable!("the GPU has parameters of convolutions, norms and dense layers alone")
            }
        };
        rates.extend(std::iter::repeat_n(rate_of(&shape), numbers.len()));
        parameters.extend(numbers);
    }
    (parameters, rates)
}

fn numbers<const D: usize>(parameter: &Param<Tensor<D>>) -> (Vec<f32>, Vec<usize>) {
    let tensor = parameter.val().inner();
    let shape = tensor.dims().to_vec();
    (values(tensor), shape)
}

fn numbers_of(parameter: Option<&Param<Tensor<1>>>) -> (Vec<f32>, Vec<usize>) {
    parameter.map_or_else(|| unreachable!("the GPU's layout is that of the same graph"), numbers)
}

/// Puts parameters in the GPU's order into a network.
fn unflatten(network: &mut Network, trainings: &Trainings, parameters: &[f32]) {
    for run in trainings.layout().runs() {
        let numbers = parameters[run.at..run.at + run.len].to_vec();
        match (&mut network.layers[run.node], run.role) {
            (Layer::Conv(conv), Role::Weight) => put(&mut conv.weight, numbers),
            (Layer::Conv(conv), Role::Bias) => {
                conv.bias.iter_mut().for_each(|bias| put(bias, numbers.clone()))
            }
            (Layer::Conv(conv), role) => put_norm(conv.norm.as_mut(), role, numbers),
            (Layer::Add(add), role) => put_norm(add.norm.as_mut(), role, numbers),
            (Layer::Dense(dense), Role::Weight) => put(&mut dense.weight, numbers),
            (Layer::Dense(dense), _) => put(&mut dense.bias, numbers),
            (Layer::SqueezeExcite(_) | Layer::Fixed(_), _) => {}
        }
    }
}

fn put_norm(norm: Option<&mut NormLayer>, role: Role, numbers: Vec<f32>) {
    match (norm, role) {
        (Some(norm), Role::Scale) => put(&mut norm.scale, numbers),
        (Some(norm), Role::Shift) => put(&mut norm.shift, numbers),
        (None, _) | (_, Role::Weight | Role::Bias) => {}
    }
}

fn put<const D: usize>(parameter: &mut Param<Tensor<D>>, numbers: Vec<f32>) {
    let old = parameter.val();
    let (shape, device) = (old.dims(), old.device());
    *parameter = Param::from_tensor(tensor(numbers, shape, &device));
}

/// A network's running statistics as the GPU has them: mean, variance, and the averages of both, channel by channel.
fn running(network: &Network) -> Vec<f32> {
    let norms = network.running().iter().flatten();
    let channels = norms.flat_map(|norm| norm.mean.iter().zip(&norm.variance));
    channels.flat_map(|(mean, variance)| [*mean, *variance, *mean, *variance]).collect()
}

/// Puts the averages of the GPU's running statistics into a network.
fn set_running(network: &mut Network, seen: &[f32]) {
    let mut channels = seen.chunks_exact(4);
    for Running { mean, variance } in network.running.iter_mut().flatten() {
        for ((mean, variance), seen) in mean.iter_mut().zip(variance).zip(&mut channels) {
            (*mean, *variance) = (seen[2], seen[3]);
        }
    }
}
