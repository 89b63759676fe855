//! Convolutions of any shape against Burn's composition, far beyond the networks at hand: 1 to 1,024 channels, 1 to 200
//! pixels a side, 1 to 70 images. `.ci/run` runs this a second time with the debug assertions of the kernels on.

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use netsynth_kernels::{Activation, ConvOptions, composition, conv_batch_norm, conv2d};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Multiply-accumulates of a case: what keeps a test of large shapes short.
const MACS: usize = 12_000_000;

#[derive(Clone, Copy, Debug)]
struct Shape {
    batch: usize,
    /// Of a group.
    inputs: usize,
    outputs: usize,
    height: usize,
    width: usize,
    kernel: usize,
    options: ConvOptions,
}

impl Shape {
    fn channels(&self) -> usize {
        self.outputs * self.options.groups
    }

    fn leaves(&self) -> (Tensor<4>, Tensor<4>) {
        let Self { batch, inputs, outputs, height, width, kernel, options } = *self;
        let x = leaf([batch, inputs * options.groups, height, width], 1);
        (x, leaf([outputs * options.groups, inputs, kernel, kernel], 2))
    }

    /// What is left of the budget after these factors, for one factor more.
    fn within(wanted: usize, others: usize) -> usize {
        wanted.min(MACS / others).max(1)
    }
}

/// As many small values as large ones.
fn up_to(most: usize) -> impl Strategy<Value = usize> {
    (0.0..(most as f64 + 0.99).ln()).prop_map(|log: f64| log.exp() as usize)
}

/// Any shape: what a case may cost is given to the channels and the width first, then to height and batch.
fn shapes() -> impl Strategy<Value = Shape> {
    let kernels = prop::sample::select(vec![1usize, 3, 3, 3, 5]);
    (up_to(1024), up_to(1024), up_to(200), up_to(200), up_to(70), kernels, 1usize..3, 0usize..5).prop_map(
        |(inputs, outputs, width, height, batch, kernel, stride, depthwise)| {
            let (groups, inputs) = if depthwise == 0 { (outputs, 1) } else { (1, inputs) };
            let taps = kernel * kernel;
            let inputs = Shape::within(inputs, taps * outputs * width);
            let height = Shape::within(height, taps * outputs * width * inputs);
            let batch = Shape::within(batch, taps * outputs * width * inputs * height);
            let outputs = if depthwise == 0 { 1 } else { outputs };
            let options = ConvOptions { stride, padding: kernel / 2, groups };
            Shape { batch, inputs, outputs, height, width, kernel, options }
        },
    )
}

/// Shapes of which not even one row fits into the window of the backward pass, in few rows or many.
fn wide_rows() -> impl Strategy<Value = Shape> {
    (1usize..40, 16usize..201, 1usize..14, prop::sample::select(vec![1usize, 3, 17])).prop_map(
        |(inputs, width, height, batch)| {
            let outputs = (3072 / (width + 2) + 1 + inputs).min(1024);
            let inputs = Shape::within(inputs, 9 * outputs * width);
            let options = ConvOptions { stride: 1, padding: 1, groups: 1 };
            Shape { batch, inputs, outputs, height, width, kernel: 3, options }
        },
    )
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

fn leaf<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    let data = TensorData::new(values(shape.iter().product(), seed), shape);
    Tensor::from_data(data, &Device::flex().autodiff()).require_grad()
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("floats")
}

/// The output, and the gradients of the input and the weight.
type Found = [Vec<f32>; 3];

fn gradients(output: &Tensor<4>) -> Gradients {
    let weights = Tensor::from_inner(leaf(output.dims(), 99).inner());
    (output.clone() * weights).sum().backward()
}

fn found(shape: Shape, operator: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<4>) -> Found {
    let (x, weight) = shape.leaves();
    let output = operator(x.clone(), weight.clone());
    let gradients = gradients(&output);
    let gradient = |leaf: &Tensor<4>| floats(leaf.grad(&gradients).expect("a gradient"));
    [floats(output), gradient(&x), gradient(&weight)]
}

/// 3e-4 of the largest value expected: sums of a thousand channels round more than those of ten.
fn assert_close(found: Found, expected: Found) {
    for (what, (found, expected)) in
        ["output", "input gradient", "weight gradient"].iter().zip(found.into_iter().zip(expected))
    {
        let largest = expected.iter().fold(1e-2f32, |largest, value| largest.max(value.abs()));
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let difference = (found - expected).abs() / largest;
            assert!(
                difference < 3e-4,
                "{what}[{index}]: {found} for {expected}, {difference:e} of {largest}"
            );
        }
    }
}

/// Always the same cases.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(11), failure_persistence: None, ..Default::default() }
}

fn conv2d_agrees(shape: Shape) {
    let activation = Activation::Linear;
    let ours = |x, weight| conv2d(x, weight, None, shape.options, activation).into_tensor();
    let theirs = |x, weight| composition::conv2d(x, weight, None, shape.options, activation);
    assert_close(found(shape, ours), found(shape, theirs));
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn any_shape_agrees(shape in shapes()) {
        conv2d_agrees(shape);
    }

    #[test]
    fn rows_too_wide_for_the_window_agree(shape in wide_rows()) {
        conv2d_agrees(shape);
    }

    /// Swish has no kink near which the two could rightly differ.
    #[test]
    fn any_shape_agrees_with_a_normalisation(shape in prop_oneof![shapes(), wide_rows()]) {
        let side = |side: usize| side.div_ceil(shape.options.stride);
        prop_assume!(shape.batch * side(shape.height) * side(shape.width) > 64);
        prop_assume!(shape.inputs * shape.kernel > 1);
        let affine = || (leaf([shape.channels()], 3), leaf([shape.channels()], 4));
        let ours = |x, weight| {
            let (gamma, beta) = affine();
            let found = conv_batch_norm(x, weight, gamma, beta, shape.options, 1e-3, Activation::Swish);
            found.output.into_tensor()
        };
        let theirs = |x, weight| {
            let (gamma, beta) = affine();
            let between = composition::conv2d(x, weight, None, shape.options, Activation::Linear);
            composition::batch_norm(between, gamma, beta, 1e-3, Activation::Swish).0
        };
        assert_close(found(shape, ours), found(shape, theirs));
    }
}

/// 119 channels of 24 pixels are the first beyond 3072 with the two columns of border; training such a layer ended in a
/// panic. Of a plane of up to five rows, none did: they met rows that were not there.
#[test]
fn a_layer_of_119_channels_and_24_pixels_is_trained_at_any_height() {
    for height in 1..=24 {
        let options = ConvOptions { stride: 1, padding: 1, groups: 1 };
        let shape = Shape { batch: 2, inputs: 119, outputs: 119, height, width: 24, kernel: 3, options };
        conv2d_agrees(Shape { inputs: if height > 8 { 4 } else { 119 }, ..shape });
    }
}
