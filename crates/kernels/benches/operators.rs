//! Every operator at the shapes of the benchmark networks, on one core, against its measured multiply-add peak.
//!
//!     cargo bench -p netsynth-kernels --bench operators [-- part of a name, such as "16->16 48x48"]

#![allow(missing_docs, clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod clock;

use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor};
use netsynth_kernels::{
    Activation, ConvOptions, FeatureMap, PreparedConv, batch_norm, conv2d, global_avg_pool, peak_gflops, sum,
};

const BATCH: usize = 64;

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| argument != "--bench").unwrap_or_default();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    pool.install(|| {
        let peak = peak_gflops();
        println!("peak {peak:.1} GFLOP/s; batch {BATCH}; percentages are of the peak");
        println!(
            "{:<28} {:>18} {:>18} {:>18} {:>18}",
            "convolution", "forward", "input gradient", "weight gradient", "one image"
        );
        for (inputs, outputs, side, kernel, stride, groups) in [
            (1, 11, 48, 3, 1, 1),
            (11, 9, 48, 3, 1, 1),
            (16, 16, 48, 3, 1, 1),
            (11, 27, 48, 3, 2, 1),
            (11, 27, 48, 1, 2, 1),
            (27, 19, 24, 3, 1, 1),
            (32, 32, 24, 3, 1, 1),
            (27, 36, 24, 3, 2, 1),
            (39, 64, 12, 3, 1, 1),
            (64, 64, 12, 3, 1, 1),
            (64, 64, 8, 3, 1, 1),
            (64, 64, 6, 3, 1, 1),
            (64, 64, 4, 3, 1, 1),
            (64, 64, 12, 1, 1, 1),
            (32, 32, 24, 5, 1, 1),
            (1, 1, 24, 3, 1, 32),
        ] {
            let name = format!("{inputs}->{outputs} {side}x{side} k{kernel} s{stride} g{groups}");
            if name.contains(&wanted) {
                convolution(peak, &name, [inputs, outputs, side, kernel, stride, groups]);
            }
        }
        println!("{:<28} {:>18} {:>18}", "other", "forward", "backward");
        others();
    });
}

fn random<const D: usize>(shape: [usize; D], tracked: bool) -> Tensor<D> {
    let tensor = Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex().autodiff());
    if tracked { tensor.require_grad() } else { tensor }
}

fn convolution(peak: f64, name: &str, [inputs, outputs, side, kernel, stride, groups]: [usize; 6]) {
    let options = ConvOptions { stride, padding: kernel / 2, groups };
    let flops =
        (2 * BATCH * groups * outputs * inputs * kernel * kernel * side.div_ceil(stride).pow(2)) as f64;
    let x = random([BATCH, inputs * groups, side, side], true);
    let weight = random([outputs * groups, inputs, kernel, kernel], true);
    let run = |x: &Tensor<4>, weight: &Tensor<4>| {
        time(
            || FeatureMap::from_tensor(x.clone()),
            |x| conv2d(x, weight.clone(), None, options, Activation::Linear),
        )
    };
    let (constant_x, constant_weight) = (x.clone().inner().autodiff(), weight.clone().inner().autodiff());
    let (forward, input) = run(&x, &constant_weight);
    let (_, weight) = run(&constant_x, &weight);
    // What the backward pass through the input's layout costs is not the convolution's.
    let (_, layout) = time(|| FeatureMap::from_tensor(x.clone()), |x| x);
    let input = input - layout;
    let weights = random([outputs * groups, inputs, kernel, kernel], false).inner();
    let prepared = PreparedConv::new(weights, None, options, Activation::Linear);
    let image = random([1, inputs * groups, side, side], false).inner();
    let one = BATCH as f64 * inference(|| prepared.forward(FeatureMap::from_tensor(image.clone())));
    let show =
        |seconds: f64| format!("{:.1} GFLOP/s {:3.0}%", flops / seconds / 1e9, flops / seconds / 1e7 / peak);
    let [forward, input, weight, one] = [forward, input, weight, one].map(show);
    println!("{name:<28} {forward:>18} {input:>18} {weight:>18} {one:>18}");
}

/// Median seconds of a short piece of work.
fn inference<T>(work: impl Fn() -> T) -> f64 {
    let mut times = Vec::new();
    let begin = Instant::now();
    while times.len() < 5 || begin.elapsed().as_secs_f64() < 0.2 {
        let start = clock::seconds();
        let _ = work();
        times.push(clock::seconds() - start);
    }
    median(&mut times)
}

fn others() {
    let shape = [BATCH, 16, 48, 48];
    let bytes = (4 * shape.iter().product::<usize>()) as f64;
    let show = |name: &str, (forward, backward): (f64, f64)| {
        let rate = |seconds: f64| format!("{:.2} ms {:.1} GB/s", seconds * 1e3, bytes / seconds / 1e9);
        println!("{name:<28} {:>18} {:>18}", rate(forward), rate(backward));
    };
    let x = random(shape, true);
    let (gamma, beta) = (random([16], true), random([16], true));
    let map = || FeatureMap::from_tensor(x.clone());
    let (_, layout) = time(map, |x| x);
    let less = |(forward, backward): (f64, f64)| (forward, backward - layout);
    let norm = |x| batch_norm(x, gamma.clone(), beta.clone(), 1e-3, Activation::Relu).output;
    show("batch norm, relu", less(time(map, norm)));
    show("sum of three, relu", less(time(map, |x| sum(vec![x; 3], Activation::Relu))));
}

/// Median seconds of the forward pass, and of a backward pass through the operator and the pooling after it (which
/// itself only writes the gradient once).
fn time(prepare: impl Fn() -> FeatureMap, forward: impl Fn(FeatureMap) -> FeatureMap) -> (f64, f64) {
    let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    while forwards.len() < 5 || begin.elapsed().as_secs_f64() < 0.4 {
        let x = prepare();
        let start = clock::seconds();
        let output = forward(x);
        forwards.push(clock::seconds() - start);
        let loss = global_avg_pool(output).sum();
        let start = clock::seconds();
        let _ = loss.backward();
        backwards.push(clock::seconds() - start);
    }
    (median(&mut forwards), median(&mut backwards))
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
