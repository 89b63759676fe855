//! Whole trainings of a small residual network, through the public operators only.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use netsynth_kernels::{
    Activation, Adam, AdamOptions, ConvOptions, FeatureMap, composition, conv_batch_norm, conv2d,
    global_avg_pool, softmax_cross_entropy, sum,
};

const CLASSES: usize = 3;

#[derive(Module, Debug)]
struct Network {
    stem: Param<Tensor<4>>,
    block: Param<Tensor<4>>,
    down: Param<Tensor<4>>,
    gammas: Vec<Param<Tensor<1>>>,
    betas: Vec<Param<Tensor<1>>>,
    dense: Param<Tensor<2>>,
}

/// Reproducible values between -1 and 1.
fn values(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

fn tensor<const D: usize>(shape: [usize; D], scale: f32, seed: u64) -> Tensor<D> {
    let data = TensorData::new(values(shape.iter().product(), seed), shape);
    Tensor::from_data(data, &Device::flex().autodiff()) * scale
}

fn parameter<const D: usize>(shape: [usize; D], scale: f32, seed: u64) -> Param<Tensor<D>> {
    Param::from_tensor(tensor(shape, scale, seed).detach().require_grad())
}

const WIDTH: usize = 12;

impl Network {
    fn new() -> Self {
        let gammas =
            [WIDTH, WIDTH].map(|width| Param::from_tensor(Tensor::ones([width], &Device::flex().autodiff())));
        let betas = [WIDTH, WIDTH]
            .map(|width| Param::from_tensor(Tensor::zeros([width], &Device::flex().autodiff())));
        Self {
            stem: parameter([WIDTH, 1, 3, 3], 0.5, 1),
            block: parameter([WIDTH, WIDTH, 3, 3], 0.2, 2),
            down: parameter([16, WIDTH, 1, 1], 0.3, 3),
            gammas: gammas.into(),
            betas: betas.into(),
            dense: parameter([16, CLASSES], 0.3, 4),
        }
    }

    fn loss(&self, images: Tensor<4>, targets: Tensor<2>, fused: bool) -> Tensor<1> {
        let same = ConvOptions { stride: 1, padding: 1, groups: 1 };
        let down = ConvOptions { stride: 2, padding: 0, groups: 1 };
        let (gamma, beta) = (|index: usize| self.gammas[index].val(), |index: usize| self.betas[index].val());
        let swish = Activation::Swish;
        if fused {
            let x = FeatureMap::from_tensor(images);
            let x = conv_batch_norm(x, self.stem.val(), gamma(0), beta(0), same, 1e-3, swish).output;
            let y = conv_batch_norm(x.clone(), self.block.val(), gamma(1), beta(1), same, 1e-3, swish).output;
            let x =
                conv2d(sum(vec![x, y], Activation::Linear), self.down.val(), None, down, Activation::Relu);
            softmax_cross_entropy(global_avg_pool(x).matmul(self.dense.val()), targets)
        } else {
            let norm = |x, index| composition::batch_norm(x, gamma(index), beta(index), 1e-3, swish).0;
            let x = norm(composition::conv2d(images, self.stem.val(), None, same, Activation::Linear), 0);
            let y = norm(composition::conv2d(x.clone(), self.block.val(), None, same, Activation::Linear), 1);
            let x = composition::sum(vec![x, y], Activation::Linear);
            let x = composition::conv2d(x, self.down.val(), None, down, Activation::Relu);
            let logits = composition::global_avg_pool(x).matmul(self.dense.val());
            composition::softmax_cross_entropy(logits, targets.autodiff())
        }
    }
}

/// The loss of every step of a training.
fn train(steps: usize, batch: usize, side: usize, fused: bool) -> Vec<f32> {
    let mut network = Network::new();
    let mut adam = Adam::new(AdamOptions::default());
    let images = tensor([batch, 1, side, side], 1.0, 5);
    let classes: Vec<f32> = (0..batch * CLASSES)
        .map(|index| f32::from(u8::from(index / CLASSES % CLASSES == index % CLASSES)))
        .collect();
    let targets = Tensor::from_data(TensorData::new(classes, [batch, CLASSES]), &Device::flex());
    let mut losses = Vec::with_capacity(steps);
    for _ in 0..steps {
        let loss = network.loss(images.clone(), targets.clone(), fused);
        losses.push(loss.clone().into_scalar());
        network = adam.step(&|_| 1e-3, network, loss.backward());
    }
    losses
}

#[test]
fn two_hundred_steps_follow_burns_path() {
    let (found, expected) = (train(200, 20, 10, true), train(200, 20, 10, false));
    assert!(expected[199] < 0.7 * expected[0], "the network learns: {} to {}", expected[0], expected[199]);
    for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!((found - expected).abs() < 1e-3 * expected, "step {step}: {found} for {expected}");
    }
}

#[test]
fn a_training_is_the_same_bits_every_time() {
    assert_eq!(train(20, 33, 9, true), train(20, 33, 9, true));
}

#[cfg(target_os = "linux")]
#[test]
fn five_hundred_trainings_leave_memory_flat() {
    let resident_kib = || -> usize {
        let status = std::fs::read_to_string("/proc/self/status").expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a resident size");
        line.split_whitespace().next().expect("a number").parse().expect("a number")
    };
    // Sizes vary, as those of candidates do; one thread, as a trial has.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let trainings = |count: usize| {
        for index in 0..count {
            pool.install(|| train(2, 16 + index % 3 * 16, 8 + index % 5, true));
        }
    };
    trainings(100);
    let before = resident_kib();
    trainings(400);
    let after = resident_kib();
    assert!(after < before + 8 * 1024, "{before} KiB became {after} KiB");
}
