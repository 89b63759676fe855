//! Every operator against Burn's composition, on random shapes and every instruction set of this processor.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::simd::{Level, with_level};
use crate::{Activation, ConvOptions, FeatureMap, composition};

/// Always the same cases: near a kink of an activation the two paths may rightly differ, and a test that fails once
/// in a hundred runs teaches people to run it again.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Default::default() }
}

fn activations() -> impl Strategy<Value = Activation> {
    use Activation::{Linear, Relu, Relu6, Swish};
    prop::sample::select(vec![Linear, Relu, Relu6, Swish])
}

fn levels() -> impl Strategy<Value = Level> {
    prop::sample::select(Level::available().to_vec())
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

fn data<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("floats")
}

/// The gradients of `output`, weighted at random, for the leaves.
fn gradients<const D: usize>(output: &Tensor<D>, leaves: &[&dyn Leaf]) -> Vec<Vec<f32>> {
    let weights = leaf(output.dims(), 99).inner();
    let gradients = (output.clone() * Tensor::from_inner(weights)).sum().backward();
    leaves.iter().map(|leaf| leaf.gradient(&gradients)).collect()
}

trait Leaf {
    fn gradient(&self, gradients: &burn::tensor::Gradients) -> Vec<f32>;
}

impl<const D: usize> Leaf for Tensor<D> {
    fn gradient(&self, gradients: &burn::tensor::Gradients) -> Vec<f32> {
        data(self.grad(gradients).expect("a gradient for every leaf"))
    }
}

/// 1e-4 of the largest value expected.
fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-2f32, |largest, value| largest.max(value.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs() / largest;
        assert!(difference < 1e-4, "{what}[{index}]: {found} for {expected}, {difference:e} of {largest}");
    }
}

fn assert_all_close(found: &[Vec<f32>], expected: &[Vec<f32>]) {
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_close(found, expected, &format!("gradient {index}"));
    }
}

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    inputs: usize,
    outputs: usize,
    height: usize,
    width: usize,
    kernel: usize,
    options: ConvOptions,
}

impl Case {
    fn x(&self) -> Tensor<4> {
        leaf([self.batch, self.inputs * self.options.groups, self.height, self.width], 1)
    }

    fn weight(&self) -> Tensor<4> {
        let Self { inputs, outputs, kernel, options, .. } = *self;
        leaf([outputs * options.groups, inputs, kernel, kernel], 2)
    }

    fn channels(&self) -> usize {
        self.outputs * self.options.groups
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let depthwise = (1usize..9).prop_map(|groups| (1, 1, groups));
    let grouped = (1usize..5, 1usize..6, 1usize..4);
    let dense = (1usize..20, 1usize..30, Just(1));
    let channels = prop_oneof![dense, grouped, depthwise];
    (1usize..21, channels, 1usize..15, 1usize..15, prop::sample::select(vec![1usize, 3, 5]), 1usize..3)
        .prop_map(|(batch, (inputs, outputs, groups), height, width, kernel, stride)| Case {
            batch,
            inputs,
            outputs,
            height,
            width,
            kernel,
            options: ConvOptions { stride, padding: kernel / 2, groups },
        })
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn conv2d_agrees(case in cases(), activation in activations(), bias: bool, level in levels()) {
        let run = |fused: bool| {
            let (x, weight, bias) = (case.x(), case.weight(), bias.then(|| leaf([case.channels()], 3)));
            let (input, kernel) = (x.clone(), weight.clone());
            let output = if fused {
                crate::conv2d(input, kernel, bias.clone(), case.options, activation).into_tensor()
            } else {
                composition::conv2d(input, kernel, bias.clone(), case.options, activation)
            };
            let mut leaves: Vec<&dyn Leaf> = vec![&x, &weight];
            leaves.extend(bias.as_ref().map(|bias| bias as &dyn Leaf));
            (data(output.clone()), gradients(&output, &leaves))
        };
        let (found, found_gradients) = with_level(level, || run(true));
        let (expected, expected_gradients) = run(false);
        assert_close(&found, &expected, "output");
        assert_all_close(&found_gradients, &expected_gradients);
    }

    #[test]
    fn inference_agrees(case in cases(), activation in activations(), bias: bool, level in levels()) {
        let (x, weight) = (case.x().inner(), case.weight().inner());
        let bias = bias.then(|| leaf([case.channels()], 3).inner());
        let expected =
            composition::conv2d(x.clone(), weight.clone(), bias.clone(), case.options, activation);
        let found = with_level(level, || {
            let found = crate::conv2d(x.clone(), weight.clone(), bias.clone(), case.options, activation);
            let prepared = crate::PreparedConv::new(weight, bias, case.options, activation).forward(x);
            assert_eq!(data(prepared.into_tensor()), data(found.clone().into_tensor()));
            found
        });
        let sum = with_level(level, || crate::sum(vec![found.clone(); 3], activation));
        assert_close(&data(found.into_tensor()), &data(expected.clone()), "output");
        let expected = composition::sum(vec![expected; 3], activation);
        assert_close(&data(sum.into_tensor()), &data(expected), "sum");
    }

    /// Images of so many tiles that their frequencies do not fit into the cache at once, and of a few only.
    #[test]
    fn one_large_image_agrees(
        inputs in 1usize..70, outputs in 4usize..70, height in 1usize..90, width in 1usize..90, level in levels()
    ) {
        let options = ConvOptions { stride: 1, padding: 1, groups: 1 };
        let case = Case { batch: 1, inputs, outputs, height, width, kernel: 3, options };
        let (x, weight) = (case.x().inner(), case.weight().inner());
        let expected = composition::conv2d(x.clone(), weight.clone(), None, options, Activation::Relu);
        let found = with_level(level, || {
            crate::PreparedConv::new(weight, None, options, Activation::Relu).forward(x)
        });
        assert_close(&data(found.into_tensor()), &data(expected), "output");
    }

    #[test]
    fn conv_batch_norm_agrees(case in cases(), activation in activations(), apart: bool, level in levels()) {
        // A normalisation over a handful of values, or one that undoes a single weight, has no gradient to speak of,
        // only rounding errors.
        let side = |side: usize| side.div_ceil(case.options.stride);
        prop_assume!(case.batch * side(case.height) * side(case.width) > 8);
        prop_assume!(case.inputs * case.kernel > 1);
        let run = |fused: bool| {
            let (x, weight) = (case.x(), case.weight());
            let (gamma, beta) = (leaf([case.channels()], 3), leaf([case.channels()], 4));
            let (input, kernel, scale, shift) = (x.clone(), weight.clone(), gamma.clone(), beta.clone());
            let (output, mean, variance) = if fused {
                let output = if apart {
                    let between = crate::conv2d(input, kernel, None, case.options, Activation::Linear);
                    crate::batch_norm(between, scale, shift, 1e-3, activation)
                } else {
                    crate::conv_batch_norm(input, kernel, scale, shift, case.options, 1e-3, activation)
                };
                (output.output.into_tensor(), output.mean, output.variance)
            } else {
                let between = composition::conv2d(input, kernel, None, case.options, Activation::Linear);
                composition::batch_norm(between, scale, shift, 1e-3, activation)
            };
            let gradients = gradients(&output, &[&x, &weight, &gamma, &beta]);
            ([data(output), data(mean), data(variance)], gradients)
        };
        let (found, found_gradients) = with_level(level, || run(true));
        let (expected, expected_gradients) = run(false);
        for (index, what) in ["output", "mean", "variance"].iter().enumerate() {
            assert_close(&found[index], &expected[index], what);
        }
        assert_all_close(&found_gradients, &expected_gradients);
    }

    #[test]
    fn sums_agree(
        n_inputs in 1usize..19, batch in 1usize..20, side in 1usize..6, activation in activations(),
        level in levels(),
    ) {
        let run = |fused: bool| {
            let leaves: Vec<Tensor<4>> = (0..n_inputs).map(|seed| leaf([batch, 3, side, side], seed as u64)).collect();
            let output = if fused {
                let maps = leaves.iter().cloned().map(FeatureMap::from).collect();
                crate::sum(maps, activation).into_tensor()
            } else {
                composition::sum(leaves.clone(), activation)
            };
            let leaves: Vec<&dyn Leaf> = leaves.iter().map(|leaf| leaf as &dyn Leaf).collect();
            (data(output.clone()), gradients(&output, &leaves))
        };
        let (found, found_gradients) = with_level(level, || run(true));
        let (expected, expected_gradients) = run(false);
        assert_close(&found, &expected, "output");
        assert_all_close(&found_gradients, &expected_gradients);
    }

    #[test]
    fn pooling_agrees(batch in 1usize..40, channels in 1usize..7, height in 1usize..9, width in 1usize..9) {
        let run = |fused: bool| {
            let x = leaf([batch, channels, height, width], 1);
            let pool = |x| if fused { crate::global_avg_pool(x) } else { composition::global_avg_pool(x) };
            let output = pool(x.clone());
            (data(output.clone()), gradients(&output, &[&x]))
        };
        let ((found, found_gradients), (expected, expected_gradients)) = (run(true), run(false));
        assert_close(&found, &expected, "output");
        assert_all_close(&found_gradients, &expected_gradients);
    }

    #[test]
    fn losses_agree(batch in 1usize..20, classes in 1usize..9, scale in 0.1f32..20.0) {
        let run = |fused: bool| {
            let logits = leaf([batch, classes], 1);
            let targets = burn::tensor::activation::softmax(leaf([batch, classes], 2).inner() * 3.0, 1);
            let scaled = logits.clone() * scale;
            let output = if fused {
                crate::softmax_cross_entropy(scaled, targets)
            } else {
                composition::softmax_cross_entropy(scaled, Tensor::from_inner(targets))
            };
            (data(output.clone()), gradients(&output, &[&logits]))
        };
        let ((found, found_gradients), (expected, expected_gradients)) = (run(true), run(false));
        assert_close(&found, &expected, "loss");
        assert_all_close(&found_gradients, &expected_gradients);
    }

    #[test]
    fn tensors_survive_blocking(batch in 1usize..40, channels in 1usize..5, side in 1usize..7) {
        let x: Tensor<4> = leaf([batch, channels, side, side], 1);
        let back = FeatureMap::from_tensor(x.clone()).into_tensor();
        assert_eq!(data(back.clone()), data(x.clone()));
        assert_eq!(gradients(&back, &[&x])[0], values(batch * channels * side * side, 99));
    }
}

fn example() -> Case {
    let options = ConvOptions { stride: 2, padding: 1, groups: 1 };
    Case { batch: 40, inputs: 5, outputs: 7, height: 13, width: 11, kernel: 3, options }
}

fn example_loss(case: Case, x: Tensor<4>, weight: Tensor<4>, activation: Activation) -> Tensor<1> {
    let (gamma, beta) = (leaf([case.channels()], 3), leaf([case.channels()], 4));
    let output = crate::conv_batch_norm(x, weight, gamma, beta, case.options, 1e-3, activation).output;
    let output = output.into_tensor();
    (output.clone() * leaf(output.dims(), 5)).sum()
}

#[test]
fn gradients_are_finite_differences() {
    let case = Case { batch: 3, height: 6, width: 5, ..example() };
    let (x, weight) = (case.x(), case.weight());
    let loss = |x: &Tensor<4>, weight: &Tensor<4>| {
        f64::from(example_loss(case, x.clone(), weight.clone(), Activation::Swish).into_scalar::<f32>())
    };
    let gradients = example_loss(case, x.clone(), weight.clone(), Activation::Swish).backward();
    let step = 1e-2f32;
    let moved = |tensor: &Tensor<4>, index: usize, by: f32| {
        let mut values = data(tensor.clone());
        values[index] += by;
        Tensor::<4>::from_data(TensorData::new(values, tensor.dims()), &Device::flex().autodiff())
    };
    for index in (0..weight.dims().iter().product()).step_by(17) {
        let difference = loss(&x, &moved(&weight, index, step)) - loss(&x, &moved(&weight, index, -step));
        let expected = (difference / f64::from(2.0 * step)) as f32;
        let found = weight.gradient(&gradients)[index];
        assert!(
            (found - expected).abs() < 0.01 * (1.0 + expected.abs()),
            "weight {index}: {found} for {expected}"
        );
    }
    for index in (0..x.dims().iter().product()).step_by(23) {
        let difference = loss(&moved(&x, index, step), &weight) - loss(&moved(&x, index, -step), &weight);
        let expected = (difference / f64::from(2.0 * step)) as f32;
        let found = x.gradient(&gradients)[index];
        assert!(
            (found - expected).abs() < 0.01 * (1.0 + expected.abs()),
            "x {index}: {found} for {expected}"
        );
    }
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let case = example();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let (x, weight) = (case.x(), case.weight());
            let loss = example_loss(case, x.clone(), weight.clone(), Activation::Relu);
            let gradients = loss.clone().backward();
            let found = [data(loss), x.gradient(&gradients), weight.gradient(&gradients)];
            found.map(|values| values.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        })
    };
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(5));
}

#[test]
fn folding_is_the_normalisation() {
    let case = example();
    let vector = |seed| leaf([case.channels()], seed).inner();
    let (gamma, beta, mean, variance) = (vector(3), vector(4), vector(5), vector(6) + 1.5);
    let (x, weight, bias) = (case.x().inner(), case.weight().inner(), vector(7));
    let row = |values: Tensor<1>| values.reshape([1, case.channels(), 1, 1]);
    let plain =
        composition::conv2d(x.clone(), weight.clone(), Some(bias.clone()), case.options, Activation::Linear);
    let expected = (plain - row(mean.clone())) / row((variance.clone() + 1e-3).sqrt()) * row(gamma.clone())
        + row(beta.clone());
    let (weight, bias) =
        crate::fold_affine(weight, Some(bias), crate::batch_norm_affine(gamma, beta, mean, variance, 1e-3));
    let found = crate::conv2d(x, weight, Some(bias), case.options, Activation::Linear).into_tensor();
    assert_close(&data(found), &data(expected), "output");
}

mod adam {
    use burn::module::{Module, Param};
    use burn::optim::{AdamWConfig, GradientsParams};

    use super::*;
    use crate::{Adam, AdamOptions};

    #[derive(Module, Debug)]
    struct Line {
        weight: Param<Tensor<2>>,
        bias: Param<Tensor<1>>,
    }

    impl Line {
        fn new() -> Self {
            Self { weight: Param::from_tensor(leaf([5, 7], 1)), bias: Param::from_tensor(leaf([7], 2)) }
        }

        fn loss(&self) -> Tensor<1> {
            let x = Tensor::from_inner(leaf([3, 5], 3).inner());
            (x.matmul(self.weight.val()) + self.bias.val().unsqueeze()).square().sum()
        }
    }

    #[test]
    fn a_step_is_burns() {
        let (mut found, mut expected) = (Line::new(), Line::new());
        let mut adam = Adam::new(AdamOptions { epsilon: 1e-5, ..AdamOptions::default() });
        let mut burns = AdamWConfig::new().with_epsilon(1e-5).with_weight_decay(0.0).init();
        for _ in 0..20 {
            let gradients = found.loss().backward();
            found = adam.step(&|_| 0.05, found, gradients);
            let gradients = GradientsParams::from_grads(expected.loss().backward(), &expected);
            expected = burns.step(0.05, expected, gradients);
        }
        assert_close(&data(found.weight.val()), &data(expected.weight.val()), "weight");
        assert_close(&data(found.bias.val()), &data(expected.bias.val()), "bias");
    }

    #[test]
    fn decay_and_average_follow_their_formulas() {
        let options =
            AdamOptions { weight_decay: 0.1, l2: 0.01, average: Some(0.5), ..AdamOptions::default() };
        let mut adam = Adam::new(options);
        let before = Line::new();
        let gradient = before.weight.val().gradient(&before.loss().backward());
        let start = data(before.weight.val());
        let gradients = before.loss().backward();
        let after = adam.step(&|_| 0.01, before, gradients);
        let weight = data(after.weight.val());
        // After one step both bias-corrected moments are the gradient, so Adam moves by the rate times its sign.
        for index in 0..weight.len() {
            let slope = gradient[index] + 0.02 * start[index];
            let expected = start[index] * (1.0 - 0.01 * 0.1) - 0.01 * slope / (slope.abs() + 1e-7);
            assert!((weight[index] - expected).abs() < 1e-5, "{} for {expected}", weight[index]);
        }
        // A young average follows: its decay starts at 2 / 11, not at the option's.
        let decay = 2.0 / 11.0;
        let averaged = data(adam.averaged(after).weight.val());
        for index in 0..weight.len() {
            let expected = decay * start[index] + (1.0 - decay) * weight[index];
            assert!((averaged[index] - expected).abs() < 1e-6, "{} for {expected}", averaged[index]);
        }
    }
}
