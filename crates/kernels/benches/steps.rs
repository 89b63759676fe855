//! Whole training steps and inference of the benchmark networks, in a pool of one thread.
//!
//!     cargo bench -p netsynth-kernels --bench steps -- [nano-b|resnet20] [fused|apart|burn|inference] [batch ...]

#![allow(missing_docs, clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod clock;
mod networks;

use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor};
use netsynth_kernels::{Adam, AdamOptions, softmax_cross_entropy};
use networks::{Network, Path};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let chosen = |name: &str, among: &[&str]| {
        arguments.iter().any(|argument| argument == name)
            || !arguments.iter().any(|argument| among.contains(&argument.as_str()))
    };
    let batches: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let batches = if batches.is_empty() { vec![32, 64] } else { batches };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    let networks = [("nano-b", networks::nano_b()), ("resnet20", networks::resnet20())];
    for (name, steps) in networks {
        if !chosen(name, &["nano-b", "resnet20"]) {
            continue;
        }
        for (label, path) in [("fused", Path::Fused), ("apart", Path::Apart), ("burn", Path::Burn)] {
            if !chosen(label, &["fused", "apart", "burn", "inference"]) {
                continue;
            }
            for &batch in &batches {
                pool.install(|| {
                    train(name, label, Network::new(steps.clone(), &Device::flex().autodiff()), path, batch)
                });
            }
        }
        if chosen("inference", &["fused", "apart", "burn", "inference"]) {
            for batch in [1, 64] {
                pool.install(|| infer(name, Network::new(steps.clone(), &Device::flex().autodiff()), batch));
            }
        }
    }
}

fn train(name: &str, label: &str, mut network: Network, path: Path, batch: usize) {
    let device = Device::flex().autodiff();
    let images = Tensor::<4>::random([batch, 1, 48, 48], Distribution::Normal(0.0, 1.0), &device);
    let classes: Vec<f32> =
        (0..batch * 7).map(|index| f32::from(u8::from(index % 7 == (index / 7) * 5 % 7))).collect();
    let targets = Tensor::<1>::from_floats(classes.as_slice(), &Device::flex()).reshape([batch, 7]);
    let mut adam = Adam::new(AdamOptions::default());
    let macs = network.macs();
    let mut times = Vec::new();
    let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
    let mut losses = Vec::new();
    let begin = Instant::now();
    while times.len() < 8 || begin.elapsed().as_secs_f64() < 6.0 {
        let start = clock::seconds();
        let loss = softmax_cross_entropy(network.forward(images.clone(), path), targets.clone());
        losses.push(loss.clone().into_scalar::<f32>());
        let forward = clock::seconds() - start;
        let gradients = loss.backward();
        let backward = clock::seconds() - start;
        network = adam.step(&|_| 1e-3, network, gradients);
        times.push(clock::seconds() - start);
        forwards.push(forward);
        backwards.push(backward - forward);
    }
    let seconds = median(&mut times);
    println!(
        "{name} {label} batch {batch}: {:.1} images/s, {:.1} ms (forward {:.1}, backward {:.1}), {:.1} GFLOP/s, loss {:.4} -> {:.4} in {}, peak {} MiB",
        batch as f64 / seconds,
        seconds * 1e3,
        median(&mut forwards) * 1e3,
        median(&mut backwards) * 1e3,
        (6 * macs * batch) as f64 / seconds / 1e9,
        losses[0],
        losses[losses.len() - 1],
        losses.len(),
        peak_mib(),
    );
}

fn infer(name: &str, network: Network, batch: usize) {
    let images = Tensor::<4>::random([batch, 1, 48, 48], Distribution::Normal(0.0, 1.0), &Device::flex());
    let folded = network.fold();
    let mut times = Vec::new();
    let begin = Instant::now();
    while times.len() < 20 || begin.elapsed().as_secs_f64() < 4.0 {
        let start = clock::seconds();
        let _ = network.infer(&folded, images.clone()).into_data();
        times.push(clock::seconds() - start);
    }
    let seconds = median(&mut times);
    println!(
        "{name} inference batch {batch}: {:.3} ms, {:.1} images/s",
        seconds * 1e3,
        batch as f64 / seconds
    );
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The process' largest resident memory.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}
