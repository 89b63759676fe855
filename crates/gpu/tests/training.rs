//! The GPU against the reference in 64 bits, packed against alone, and twice the same.
//!
//! Runs on the device that the driver prefers; without one it fails, as a missing device is no reason to skip.

mod oracle;

use std::sync::OnceLock;

use netsynth_gpu::{Device, GpuError, StepOptions, StepRates, Trainings};
use netsynth_graph::{ArchitectureSpec, Graph, Shape};
use oracle::{Oracle, Rates};

/// Of the first loss, and of later ones.
const LOSS: [f64; 2] = [1e-5, 2e-3];
/// Of a run's gradients, as lengths of vectors: of small networks, and of deep ones, in which a number within rounding
/// of a ReLU's kink may fall to either side and take the gradients before it along.
const GRADIENT: f64 = 1e-4;
const DEEP_GRADIENT: f64 = 0.1;

fn device() -> &'static Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(|| Device::open(0).expect("these tests need a Vulkan device, lavapipe at least"))
}

/// Numbers between -1 and 1 that depend on a seed alone.
fn noise(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let draw = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..count).map(draw).collect()
}

fn network(text: &str, side: Option<usize>) -> Graph {
    let mut spec = ArchitectureSpec::from_ron(text).expect("the spec reads");
    if let Some(side) = side {
        spec.input = Shape { height: side, width: side, ..spec.input };
    }
    Graph::new(&spec).expect("the spec is a network")
}

/// A network of these nodes, a pool and a classifier after `last`.
fn small(shape: (usize, usize, usize), nodes: &str, last: &str) -> Graph {
    let (channels, height, width) = shape;
    let text = format!(
        "(schema: 1, name: \"small\", input: (channels: {channels}, height: {height}, width: {width}), nodes: [{nodes}
        (name: \"pool\", from: [\"{last}\"], op: GlobalAvgPool()), (name: \"out\", from: [\"pool\"], op: Dense(units: 5))])"
    );
    network(&text, None)
}

/// What is trained: weights, images and targets of several trainings.
struct Data {
    parameters: Vec<f32>,
    images: Vec<f32>,
    targets: Vec<f32>,
}

fn options(trainings: usize, batch: usize, steps: usize) -> StepOptions {
    StepOptions {
        trainings,
        batch,
        epoch_images: batch * steps,
        epoch_steps: steps,
        l2: 1e-3,
        ..StepOptions::default()
    }
}

fn data(graph: &Graph, layout: &netsynth_gpu::Parameters, options: StepOptions) -> Data {
    let mut parameters = Vec::new();
    for training in 0..options.trainings {
        let mut own = noise(10 + training as u64, layout.len());
        for run in layout.runs() {
            let numbers = &mut own[run.at..run.at + run.len];
            match run.role {
                netsynth_gpu::Role::Scale => numbers.iter_mut().for_each(|value| *value = 1.0 + 0.3 * *value),
                netsynth_gpu::Role::Weight => {
                    let outputs = graph.node(run.node).shape.channels;
                    let bound = (6.0 * outputs as f32 / run.len as f32).sqrt();
                    numbers.iter_mut().for_each(|value| *value *= bound);
                }
                _ => numbers.iter_mut().for_each(|value| *value *= 0.2),
            }
        }
        parameters.extend(own);
    }
    let n_images = options.trainings * options.epoch_images;
    let classes = graph.classes();
    let mut targets = vec![0.1 / classes as f32; n_images * classes];
    for (image, row) in targets.chunks_mut(classes).enumerate() {
        row[image * 7 % classes] += 0.9;
    }
    Data { parameters, images: noise(3, n_images * graph.input().elements() as usize), targets }
}

/// A learning rate of its own for each layer.
fn factors(layout: &netsynth_gpu::Parameters) -> Vec<f32> {
    let mut factors = vec![1.0; layout.len()];
    for (index, run) in layout.runs().iter().enumerate() {
        factors[run.at..run.at + run.len].fill([1.0, 0.5, 1.5][index % 3]);
    }
    factors
}

fn rates(step: usize) -> StepRates {
    StepRates { learning_rate: 1e-3, steps_before: step as u32, weight_decay: 0.05, average: 0.5 }
}

/// Trains on the device and returns the trainings with the losses after each step.
fn train(graph: &Graph, options: StepOptions, data: &Data) -> (Trainings, Vec<Vec<f32>>) {
    let mut trainings = Trainings::new(device(), graph, options).expect("the network is supported");
    trainings.set_parameters(&data.parameters).expect("parameters fit");
    trainings.set_rate_factors(&factors(&trainings.layout().clone())).expect("factors fit");
    let schedule: Vec<StepRates> = (0..options.epoch_steps).map(rates).collect();
    trainings.begin_epoch(&data.images, &data.targets, &schedule).expect("images fit");
    let mut losses: Vec<Vec<f32>> = vec![vec![0.0; options.trainings]];
    for _ in 0..options.epoch_steps {
        trainings.step(options.batch).expect("the step runs");
        losses.push(trainings.losses().expect("losses are read"));
    }
    let steps = losses.windows(2).map(|pair| pair[1].iter().zip(&pair[0]).map(|(b, a)| b - a).collect());
    (trainings, steps.collect())
}

/// The length of the difference over the length of what is right.
fn apart(found: &[f64], right: &[f64]) -> f64 {
    let length =
        |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let difference = length(&mut found.iter().zip(right).map(|(found, right)| found - right));
    difference / length(&mut right.iter().copied()).max(1e-6)
}

/// Compares one step of every training, and what `steps` of them come to, with the reference.
fn check(name: &str, graph: &Graph, options: StepOptions) {
    let layout = Trainings::new(device(), graph, options).expect("the network is supported").layout().clone();
    let data = data(graph, &layout, options);
    let (trainings, losses) = train(graph, options, &data);
    let (parameters, gradients, running, averages) = (
        trainings.parameters().expect("read"),
        trainings.gradients().expect("read"),
        trainings.running().expect("read"),
        trainings.averages().expect("read"),
    );
    let pixels = graph.input().elements() as usize;
    for training in 0..options.trainings {
        let own = training * layout.len()..(training + 1) * layout.len();
        let factors = factors(&layout);
        let mut oracle = Oracle::new(graph, &layout, &data.parameters[own.clone()], &factors);
        for (step, losses) in losses.iter().enumerate() {
            let first = training * options.epoch_images + step * options.batch;
            let images = &data.images[first * pixels..(first + options.batch) * pixels];
            let targets = &data.targets[first * graph.classes()..(first + options.batch) * graph.classes()];
            let rates =
                Rates { learning_rate: 1e-3, weight_decay: 0.05, l2: options.l2.into(), average: 0.5 };
            let expected = oracle.step(images, targets, rates);
            let error = (f64::from(losses[training]) - expected).abs() / expected;
            assert!(
                error < LOSS[step.min(1)],
                "{name}: training {training}, step {step}: loss off by {error:.1e}"
            );
        }
        let found: Vec<f64> = gradients[own.clone()].iter().map(|&value| value.into()).collect();
        for run in layout.runs().iter().filter(|_| options.epoch_steps == 1) {
            let (node, role) = (&graph.node(run.node).name, run.role);
            let error = apart(&found[run.at..run.at + run.len], &oracle.gradients[run.at..run.at + run.len]);
            let limit = if graph.len() > 20 { DEEP_GRADIENT } else { GRADIENT };
            assert!(
                error < limit,
                "{name}: training {training}, {node} {role:?}: gradients {error:.1e} apart"
            );
        }
        let off = |found: &[f32], expected: &[f64]| {
            let square: f64 = found.iter().zip(expected).map(|(f, e)| (f64::from(*f) - e).powi(2)).sum();
            (square / expected.len() as f64).sqrt()
        };
        // Adam's first steps are about the learning rate long, whatever a gradient's size, so numbers whose gradient
        // is mere rounding may go the other way.
        let moved = 1e-3 * options.epoch_steps as f64;
        let error = off(&parameters[own.clone()], &oracle.parameters) / moved;
        assert!(error < 0.05, "{name}: training {training}: parameters off by {error:.1e} of their way");
        let error = off(&averages[own.clone()], &oracle.average) / moved;
        assert!(error < 0.05, "{name}: training {training}: averages off by {error:.1e} of their way");
        let n_running = oracle.running.len();
        let error = off(&running[training * n_running..(training + 1) * n_running], &oracle.running);
        assert!(
            n_running == 0 || error < 1e-2,
            "{name}: training {training}: running statistics off by {error:.1e}"
        );
    }
}

#[test]
fn convolutions_of_every_kernel_and_stride_agree_with_the_reference() {
    for (kernel, stride, side) in
        [(1, 1, 8), (1, 2, 9), (2, 1, 7), (3, 1, 8), (3, 2, 9), (3, 3, 11), (5, 1, 7), (5, 2, 8), (7, 2, 12)]
    {
        let nodes = format!(
            "(name: \"a\", from: [\"input\"], op: Conv(channels: 6, kernel: {kernel}, norm: Batch, activation: Relu)),
             (name: \"b\", from: [\"a\"], op: Conv(channels: 9, kernel: {kernel}, stride: {stride})),"
        );
        let graph = small((3, side, side + 1), &nodes, "b");
        check(&format!("kernel {kernel}, stride {stride}"), &graph, options(2, 3, 1));
    }
}

#[test]
fn widths_that_fill_no_tile_agree_with_the_reference() {
    for channels in [1, 4, 7, 19, 22, 70] {
        let nodes = format!(
            "(name: \"a\", from: [\"input\"], op: Conv(channels: {channels}, norm: Batch, activation: Relu)),
             (name: \"b\", from: [\"a\"], op: Conv(channels: 5, norm: Batch)),"
        );
        check(&format!("{channels} channels"), &small((2, 6, 6), &nodes, "b"), options(1, 4, 1));
    }
}

#[test]
fn sums_of_any_number_of_inputs_agree_with_the_reference() {
    let nodes = "(name: \"a\", from: [\"input\"], op: Conv(channels: 4, norm: Batch, activation: Relu)),
        (name: \"b\", from: [\"a\"], op: Conv(channels: 4, activation: Relu)),
        (name: \"c\", from: [\"b\"], op: Conv(channels: 4, kernel: 1, bias: false)),
        (name: \"s2\", from: [\"a\", \"b\"], op: Add(activation: Relu)),
        (name: \"s5\", from: [\"a\", \"b\", \"c\", \"s2\", \"a\"], op: Add(norm: Batch, activation: Relu)),
        (name: \"s6\", from: [\"a\", \"b\", \"c\", \"s2\", \"s5\", \"a\"], op: Add()),";
    check("sums", &small((1, 7, 5), nodes, "s6"), options(2, 3, 1));
}

#[test]
fn hidden_dense_layers_agree_with_the_reference() {
    let text = "(schema: 1, name: \"dense\", input: (channels: 2, height: 4, width: 3), nodes: [
        (name: \"a\", from: [\"input\"], op: Conv(channels: 3, activation: Relu)),
        (name: \"b\", from: [\"a\"], op: Dense(units: 6, activation: Relu)),
        (name: \"c\", from: [\"b\"], op: Dense(units: 4))])";
    check("dense", &network(text, None), options(2, 5, 1));
}

#[test]
fn five_steps_of_nano_b_agree_with_the_reference() {
    let graph = network(include_str!("../../../prototypes/nano-b.ron"), Some(12));
    check("nano-b", &graph, options(2, 4, 1));
    check("nano-b", &graph, options(2, 4, 5));
}

#[test]
fn five_steps_of_resnet20_agree_with_the_reference() {
    let graph = network(include_str!("../../../prototypes/resnet20.ron"), Some(8));
    check("resnet20", &graph, options(1, 4, 1));
    check("resnet20", &graph, options(1, 4, 5));
}

#[test]
fn packed_trainings_come_to_what_each_comes_to_alone() {
    let graph = network(include_str!("../../../prototypes/nano-b.ron"), Some(12));
    let (packed_options, alone_options) = (options(3, 4, 3), options(1, 4, 3));
    let layout =
        Trainings::new(device(), &graph, packed_options).expect("the network is supported").layout().clone();
    let all = data(&graph, &layout, packed_options);
    let (packed, packed_losses) = train(&graph, packed_options, &all);
    let packed = packed.parameters().expect("read");
    for training in 0..3 {
        let part = |values: &[f32]| values.chunks(values.len() / 3).nth(training).expect("three").to_vec();
        let own = Data {
            parameters: part(&all.parameters),
            images: part(&all.images),
            targets: part(&all.targets),
        };
        let (alone, losses) = train(&graph, alone_options, &own);
        for (packed, alone) in packed_losses.iter().zip(&losses) {
            let error = (packed[training] - alone[0]).abs() / alone[0];
            assert!(
                error < 1e-4,
                "training {training}: loss {} packed, {} alone",
                packed[training],
                alone[0]
            );
        }
        let alone = alone.parameters().expect("read");
        let apart: f32 = alone.iter().zip(part(&packed)).map(|(a, b)| (a - b).powi(2)).sum();
        let apart = (apart / alone.len() as f32).sqrt() / 3e-3;
        assert!(apart < 0.02, "training {training}: parameters are {apart:.1e} of their way apart");
    }
}

#[test]
fn the_same_training_twice_gives_the_same_bits() {
    let graph = network(include_str!("../../../prototypes/nano-b.ron"), Some(12));
    let options = options(2, 5, 4);
    let layout =
        Trainings::new(device(), &graph, options).expect("the network is supported").layout().clone();
    let data = data(&graph, &layout, options);
    let bits = || {
        let (trainings, losses) = train(&graph, options, &data);
        let numbers = [trainings.parameters(), trainings.running(), trainings.averages()]
            .map(|read| read.expect("read"));
        (numbers.concat().into_iter().map(f32::to_bits).collect::<Vec<_>>(), losses)
    };
    assert!(bits() == bits());
}

#[test]
fn a_recorded_step_comes_to_what_its_launches_come_to() {
    let graph = network(include_str!("../../../prototypes/nano-b.ron"), Some(12));
    let options = options(1, 4, 4);
    let layout =
        Trainings::new(device(), &graph, options).expect("the network is supported").layout().clone();
    let (trainings, _) = train(&graph, options, &data(&graph, &layout, options));
    assert_eq!(trainings.replay_failure(), None);
}

#[test]
fn an_epoch_may_end_in_smaller_steps() {
    let graph = small(
        (1, 6, 6),
        "(name: \"a\", from: [\"input\"], op: Conv(channels: 4, norm: Batch, activation: Relu)),",
        "a",
    );
    let options = options(2, 4, 2);
    let layout =
        Trainings::new(device(), &graph, options).expect("the network is supported").layout().clone();
    let data = data(&graph, &layout, options);
    let mut trainings = Trainings::new(device(), &graph, options).expect("the network is supported");
    trainings.set_parameters(&data.parameters).expect("parameters fit");
    trainings.set_rate_factors(&factors(&trainings.layout().clone())).expect("factors fit");
    trainings.begin_epoch(&data.images, &data.targets, &[rates(0), rates(1)]).expect("images fit");
    let factors = factors(&layout);
    let mut oracle = Oracle::new(&graph, &layout, &data.parameters[..layout.len()], &factors);
    let mut expected = 0.0;
    for (first, count) in [(0, 4), (4, 3)] {
        trainings.step(count).expect("the step runs");
        let rates = Rates { learning_rate: 1e-3, weight_decay: 0.05, l2: options.l2.into(), average: 0.5 };
        let classes = graph.classes();
        expected += oracle.step(
            &data.images[first * 36..(first + count) * 36],
            &data.targets[first * classes..(first + count) * classes],
            rates,
        );
    }
    let found = f64::from(trainings.losses().expect("read")[0]);
    assert!((found - expected).abs() < 1e-4, "{found} where {expected} is right");
    assert!(matches!(trainings.step(5), Err(GpuError::Length { .. })));
}

#[test]
fn operators_without_a_kernel_are_named() {
    for (node, operator) in [
        ("Conv(channels: 4, groups: 2)", "Conv with groups 2"),
        ("Conv(channels: 4, activation: Swish)", "Conv with Swish"),
        ("MaxPool(kernel: 2, stride: 2)", "MaxPool"),
    ] {
        let graph = small((2, 6, 6), &format!("(name: \"a\", from: [\"input\"], op: {node}),"), "a");
        let error = Trainings::new(device(), &graph, StepOptions::default()).err();
        assert_eq!(error, Some(GpuError::Unsupported { node: "a".into(), operator: operator.into() }));
    }
}
