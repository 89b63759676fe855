//! Images a second of packed trainings, as JSON lines: what `scripts/gpu-check` puts into its table.
//!
//!     throughput [--network nano-b resnet20] [--trainings 1 8 40] [--batch 32 64 128 256] [--seconds 1]
//!     throughput --folds 10 --epochs 60      one whole training of as many folds, with uploads, by the wall clock
//!     throughput --profile                   also each launch of a step by itself
//!     throughput --network layer-27-24       one convolution of 27 to 27 channels on planes of 24 by 24
#![allow(clippy::print_stdout, reason = "what it measures is its output")]

use std::error::Error;
use std::time::Instant;

use netsynth_gpu::{Device, StepOptions, StepRates, Trainings};
use netsynth_graph::{ArchitectureSpec, Graph};

/// Training images of CK+ in nine of ten folds.
const IMAGES: usize = 883;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let networks = words(&arguments, "--network", &["nano-b", "resnet20"]);
    let trainings = numbers(&arguments, "--trainings", &[1, 8, 40])?;
    let batches = numbers(&arguments, "--batch", &[32, 64, 128, 256])?;
    let seconds = numbers(&arguments, "--seconds", &[1])?[0] as f64;
    let folds = numbers(&arguments, "--folds", &[0])?[0];
    let epochs = numbers(&arguments, "--epochs", &[60])?[0];
    let profile = arguments.iter().any(|argument| argument == "--profile");

    let device = Device::open(0)?;
    let about = device.description();
    println!(
        r#"{{"card": "{}", "driver": "{}", "backend": "{}", "kind": "{}", "compiler": "{}", "subgroup": [{}, {}], "binding_bytes": {}, "shared_bytes": {}}}"#,
        about.name,
        about.driver,
        about.backend,
        about.kind,
        about.compiler,
        about.subgroup.0,
        about.subgroup.1,
        about.binding_bytes,
        about.shared_bytes,
    );
    for network in &networks {
        let graph = graph(network)?;
        if folds > 0 {
            whole(&device, network, &graph, folds, epochs, batches[0])?;
            continue;
        }
        for &count in &trainings {
            for &batch in &batches {
                if let Err(error) = throughput(&device, network, &graph, count, batch, seconds, profile) {
                    println!(
                        r#"{{"network": "{network}", "networks": {count}, "batch": {batch}, "failure": {:?}}}"#,
                        error.to_string()
                    );
                }
            }
        }
    }
    Ok(())
}

fn graph(network: &str) -> Result<Graph, Box<dyn Error>> {
    let text = match network {
        "nano-b" => include_str!("../../../prototypes/nano-b.ron"),
        "resnet20" => include_str!("../../../prototypes/resnet20.ron"),
        other => match other.split('-').collect::<Vec<_>>()[..] {
            ["layer", channels, side] => &layer(channels, side),
            _ => return Err(format!("{other} is neither nano-b nor resnet20 nor layer-CHANNELS-SIDE").into()),
        },
    };
    Ok(Graph::new(&ArchitectureSpec::from_ron(text)?)?)
}

/// A network that is mostly one convolution, to measure kernels by.
fn layer(channels: &str, side: &str) -> String {
    format!(
        r#"(schema: 1, name: "layer", input: (channels: 1, height: {side}, width: {side}), nodes: [
        (name: "a", from: ["input"], op: Conv(channels: {channels}, kernel: 1, bias: false)),
        (name: "b", from: ["a"], op: Conv(channels: {channels}, bias: false)),
        (name: "pool", from: ["b"], op: GlobalAvgPool()), (name: "out", from: ["pool"], op: Dense(units: 7))])"#
    )
}

/// Steps of an epoch over and over, on images that are on the device.
fn throughput(
    device: &Device,
    network: &str,
    graph: &Graph,
    count: usize,
    batch: usize,
    seconds: f64,
    profile: bool,
) -> Result<(), Box<dyn Error>> {
    let steps = IMAGES.div_ceil(batch);
    let begin = Instant::now();
    let mut trainings = prepared(device, graph, count, batch, steps)?;
    let schedule: Vec<StepRates> = (0..steps).map(rates).collect();
    for _ in 0..3 {
        trainings.step(batch)?;
    }
    trainings.finish()?;
    let preparation = begin.elapsed().as_secs_f64();
    // A card that idled while kernels were compiled takes a while to clock up.
    let warm = Instant::now();
    while warm.elapsed().as_secs_f64() < 0.5 {
        trainings.restart(&schedule)?;
        (0..steps).try_for_each(|_| trainings.step(batch))?;
        trainings.finish()?;
    }
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < 3 || start.elapsed().as_secs_f64() < seconds {
        trainings.restart(&schedule)?;
        let epoch = Instant::now();
        for _ in 0..steps {
            trainings.step(batch)?;
        }
        trainings.finish()?;
        times.push(epoch.elapsed().as_secs_f64() / steps as f64);
    }
    times.sort_by(f64::total_cmp);
    let step = times[times.len() / 2];
    let rate = (count * batch) as f64 / step;
    let loss: f32 = trainings.losses()?.iter().sum::<f32>() / (count * steps) as f32;
    let launches: usize = trainings.launches().values().sum();
    let replay = trainings.replay_failure().unwrap_or("yes").replace('"', "'");
    println!(
        r#"{{"network": "{network}", "networks": {count}, "batch": {batch}, "arithmetic": "f32", "images_per_second": {rate:.0}, "step_ms": {:.3}, "fastest_ms": {:.3}, "launches": {launches}, "syncs": 0, "replayed": "{replay}", "activation_MiB": {}, "preparation_s": {preparation:.1}, "loss": {loss:.3}}}"#,
        step * 1e3,
        times[0] * 1e3,
        trainings.activation_bytes() >> 20,
    );
    if profile {
        for launch in trainings.profile(batch, if count * batch > 1000 { 5 } else { 30 })? {
            let rate = 2.0 * launch.macs as f64 / launch.seconds / 1e12;
            println!(
                r#"{{"profile": "{}", "detail": "{}", "network": "{network}", "networks": {count}, "batch": {batch}, "us": {:.1}, "tflops": {rate:.2}}}"#,
                launch.kind,
                launch.detail,
                launch.seconds * 1e6
            );
        }
    }
    Ok(())
}

/// A training of all folds, with new images in every epoch. Images are noise: augmentation is the host's.
fn whole(
    device: &Device,
    network: &str,
    graph: &Graph,
    folds: usize,
    epochs: usize,
    batch: usize,
) -> Result<(), Box<dyn Error>> {
    let steps = IMAGES.div_ceil(batch);
    let begin = Instant::now();
    let mut trainings = prepared(device, graph, folds, batch, steps)?;
    let prepared = begin.elapsed().as_secs_f64();
    let images = noise(folds * batch * steps * graph.input().elements() as usize);
    let targets = targets(folds * batch * steps, graph.classes());
    let (mut loss, mut first_epoch, start) = (0.0, 0.0, Instant::now());
    for epoch in 0..epochs {
        let schedule: Vec<StepRates> = (0..steps).map(|step| rates(epoch * steps + step)).collect();
        trainings.begin_epoch(&images, &targets, &schedule)?;
        for step in 0..steps {
            // Steps of even size, as the host cuts an epoch.
            trainings.step((step + 1) * IMAGES / steps - step * IMAGES / steps)?;
        }
        loss = trainings.losses()?.iter().sum::<f32>() / (folds * steps) as f32;
        if epoch == 0 {
            first_epoch = start.elapsed().as_secs_f64();
        }
    }
    let training = start.elapsed().as_secs_f64();
    println!(
        r#"{{"network": "{network}", "folds": {folds}, "epochs": {epochs}, "batch": {batch}, "training_s": {training:.2}, "first_epoch_s": {first_epoch:.2}, "preparation_s": {prepared:.2}, "images_per_second": {:.0}, "loss": {loss:.3}}}"#,
        (folds * IMAGES * epochs) as f64 / training
    );
    Ok(())
}

fn prepared(
    device: &Device,
    graph: &Graph,
    count: usize,
    batch: usize,
    steps: usize,
) -> Result<Trainings, Box<dyn Error>> {
    let options = StepOptions {
        trainings: count,
        batch,
        epoch_images: batch * steps,
        epoch_steps: steps,
        ..StepOptions::default()
    };
    let mut trainings = Trainings::new(device, graph, options)?;
    let layout = trainings.layout().clone();
    let mut parameters = noise(count * layout.len());
    for own in parameters.chunks_mut(layout.len()) {
        for run in layout.runs() {
            let numbers = &mut own[run.at..run.at + run.len];
            match run.role {
                netsynth_gpu::Role::Weight => {
                    let bound = (6.0 * graph.node(run.node).shape.channels as f32 / run.len as f32).sqrt();
                    numbers.iter_mut().for_each(|value| *value *= bound);
                }
                netsynth_gpu::Role::Scale => numbers.fill(1.0),
                _ => numbers.fill(0.0),
            }
        }
    }
    trainings.set_parameters(&parameters)?;
    let n_images = count * batch * steps;
    let schedule: Vec<StepRates> = (0..steps).map(rates).collect();
    trainings.begin_epoch(
        &noise(n_images * graph.input().elements() as usize),
        &targets(n_images, graph.classes()),
        &schedule,
    )?;
    Ok(trainings)
}

fn rates(step: usize) -> StepRates {
    StepRates { learning_rate: 1e-3, steps_before: step as u32, weight_decay: 0.05, average: 0.998 }
}

fn targets(count: usize, classes: usize) -> Vec<f32> {
    let mut targets = vec![0.1 / classes as f32; count * classes];
    targets.chunks_mut(classes).enumerate().for_each(|(image, row)| row[image * 5 % classes] += 0.9);
    targets
}

/// Numbers between -1 and 1.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let draw = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..count).map(draw).collect()
}

/// The words after an option, up to the next one.
fn words(arguments: &[String], option: &str, default: &[&str]) -> Vec<String> {
    match arguments.iter().position(|argument| argument == option) {
        Some(at) => arguments[at + 1..].iter().take_while(|word| !word.starts_with("--")).cloned().collect(),
        None => default.iter().map(|word| (*word).to_owned()).collect(),
    }
}

fn numbers(arguments: &[String], option: &str, default: &[usize]) -> Result<Vec<usize>, Box<dyn Error>> {
    let words = words(arguments, option, &[]);
    if words.is_empty() {
        return Ok(default.to_vec());
    }
    Ok(words.iter().map(|word| word.parse::<usize>()).collect::<Result<_, _>>()?)
}
