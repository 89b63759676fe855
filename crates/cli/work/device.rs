//! Where to train: what is named, or what is faster.

use std::num::NonZeroUsize;

use netsynth_graph::ArchitectureSpec;
use netsynth_run::networks::{architecture, read};
use netsynth_run::{Plan, RunError};
use netsynth_train::{Device, DeviceError, Recipe};

use crate::arguments::device::DeviceChoice;
use crate::output::progress::print_line;
use crate::work::speed::{epoch_secs, median, subject};

/// Images of an epoch by which devices are compared.
const N_IMAGES: usize = 256;

/// The device that is meant, for networks like this one: it goes into the plan, which so repeats.
pub(crate) fn device(
    choice: DeviceChoice,
    network: &ArchitectureSpec,
    n_workers: NonZeroUsize,
) -> Result<Device, RunError> {
    match choice {
        DeviceChoice::Named(device) => Ok(device),
        DeviceChoice::Auto => fastest(network, n_workers),
    }
}

/// The device that is meant for a search: for networks like ResNet-20 on images of the plan's size.
pub(crate) fn of_search(
    choice: DeviceChoice,
    plan: &Plan,
    n_workers: NonZeroUsize,
) -> Result<Device, RunError> {
    let (mut network, _) = architecture(&read("resnet20")?)?;
    (network.input.height, network.input.width) = (plan.data.options.height, plan.data.options.width);
    device(choice, &network, n_workers)
}

/// The first real GPU if a training on it is faster than trainings on so many cores together, else the CPU; says which, and why.
fn fastest(network: &ArchitectureSpec, n_workers: NonZeroUsize) -> Result<Device, RunError> {
    let cpu = |reason: String| {
        print_line(format!("training on the CPU: {reason}"));
        Ok(Device::Flex)
    };
    if !Device::has_gpu_support() {
        return cpu(DeviceError::NotBuilt.to_string());
    }
    let Some(number) = Device::gpus().iter().position(|gpu| !gpu.is_software) else {
        return cpu("there is no GPU".to_owned());
    };
    let gpu = Device::Wgpu(number);
    let name = match gpu.description() {
        Ok(description) => description.name,
        Err(error) => return cpu(error.to_string()),
    };
    let (graph, dataset) = subject(network.clone(), N_IMAGES)?;
    if let Err(reason) = gpu.supports(&graph) {
        return cpu(reason);
    }
    let speed = |device: Device| -> Result<f64, RunError> {
        let secs = epoch_secs((&graph, &dataset), &Recipe::strong(), device, N_IMAGES, 3, 1)?;
        Ok(N_IMAGES as f64 / median(secs))
    };
    let cores = speed(Device::Flex)? * n_workers.get() as f64;
    let card = match speed(gpu) {
        Ok(card) => card,
        Err(error) => return cpu(error.to_string()),
    };
    let said = format!("{card:.0} images/s on {gpu} ({name}), {cores:.0} on {n_workers} cores");
    if card > cores {
        print_line(format!("training on {gpu}: {said}"));
        return Ok(gpu);
    }
    cpu(said)
}
