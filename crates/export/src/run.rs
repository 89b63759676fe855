//! A plan carried out in 32-bit floats, in its arena: what the written programs are held against.
//!
//! In the arena a value's numbers lie row by row, column by column, channel by channel.

use std::ops::AddAssign;

use netsynth_graph::Shape;

use crate::plan::{Activation, Conv, Kernel, Plan, Step, Window, activated};

/// Who is given the number of each step, and what it computed before and after its activation.
pub type Observer<'a> = dyn FnMut(usize, &[f32], &[f32]) + 'a;

/// The logits of one image.
///
/// # Shapes
/// `image` holds what the network reads, plane by plane.
pub fn run(plan: &Plan, image: &[f32], observe: &mut Observer<'_>) -> Vec<f32> {
    let mut arena = vec![0.0; plan.arena];
    let input = &plan.values[0];
    arena[input.offset..input.offset + image.len()].copy_from_slice(&interleaved(image, input.shape));
    for (number, step) in plan.steps.iter().enumerate() {
        let (before, activation) = computed(plan, step, &arena);
        let after: Vec<f32> = before.iter().map(|&x| activated(activation, x)).collect();
        observe(number, &before, &after);
        let offset = plan.values[step.output].offset;
        arena[offset..offset + after.len()].copy_from_slice(&after);
    }
    let output = &plan.values[plan.output()];
    arena[output.offset..output.offset + plan.classes()].to_vec()
}

/// Planes one after the other become pixels with all their channels.
pub(crate) fn interleaved<T: Copy>(planes: &[T], shape: Shape) -> Vec<T> {
    let pixels = shape.height * shape.width;
    (0..pixels * shape.channels)
        .map(|at| planes[at % shape.channels * pixels + at / shape.channels])
        .collect()
}

/// What a step computes before its activation, and that.
fn computed(plan: &Plan, step: &Step, arena: &[f32]) -> (Vec<f32>, Activation) {
    let read = |input: usize| {
        let value = &plan.values[step.inputs[input]];
        &arena[value.offset..value.offset + value.shape.elements() as usize]
    };
    let from = plan.values[step.inputs[0]].shape;
    let to = plan.values[step.output].shape;
    match &step.kernel {
        Kernel::Conv(conv) => (convolved(conv, from, to, read(0)), conv.activation),
        Kernel::Sum(activation) => {
            let mut sum = read(0).to_vec();
            for input in 1..step.inputs.len() {
                sum.iter_mut().zip(read(input)).for_each(|(sum, x)| *sum += x);
            }
            (sum, *activation)
        }
        Kernel::Concat => {
            let channels: Vec<usize> =
                step.inputs.iter().map(|&input| plan.values[input].shape.channels).collect();
            let pixel = |pixel: usize| {
                let parts = channels.iter().enumerate();
                parts.flat_map(move |(input, &n)| &read(input)[pixel * n..(pixel + 1) * n])
            };
            ((0..to.height * to.width).flat_map(pixel).copied().collect(), Activation::Linear)
        }
        Kernel::MaxPool(window) => {
            let largest = |numbers: &mut dyn Iterator<Item = f32>| numbers.fold(f32::NEG_INFINITY, f32::max);
            (pooled(window, from, to, read(0), &largest), Activation::Linear)
        }
        Kernel::AvgPool(window) => (pooled(window, from, to, read(0), &mean), Activation::Linear),
        Kernel::GlobalAvgPool => {
            let whole = Window::whole(from);
            (pooled(&whole, from, to, read(0), &mean), Activation::Linear)
        }
        Kernel::Gate => {
            let gate = read(1);
            let gated = read(0).iter().enumerate().map(|(at, x)| x * gate[at % to.channels]);
            (gated.collect(), Activation::Linear)
        }
    }
}

fn mean(numbers: &mut dyn Iterator<Item = f32>) -> f32 {
    let (sum, count) = numbers.fold((0.0, 0), |(sum, count), x| (sum + x, count + 1));
    sum / count as f32
}

fn convolved(conv: &Conv, from: Shape, to: Shape, input: &[f32]) -> Vec<f32> {
    let mut output = sums(conv, &conv.numbers.weight, from, to, input, |x, weight| x * weight);
    for pixel in output.chunks_exact_mut(to.channels) {
        pixel.iter_mut().zip(&conv.numbers.bias).for_each(|(sum, bias)| *sum += bias);
    }
    output
}

/// The sums of a convolution's products, without its bias.
///
/// `weight` has the places of the convolution's own.
pub(crate) fn sums<T: Copy, W: Copy, S: Copy + Default + AddAssign>(
    conv: &Conv,
    weight: &[W],
    from: Shape,
    to: Shape,
    input: &[T],
    product: impl Fn(T, W) -> S,
) -> Vec<S> {
    let Conv { window, groups, .. } = conv;
    let (n_in, n_out) = (from.channels / groups, to.channels / groups);
    let (rows, columns) = window.size;
    let weight = by_tap(weight, *groups, n_in, rows * columns);
    let mut output = vec![S::default(); to.elements() as usize];
    for row in 0..to.height {
        let (ys, first_y) = window.covered(row, rows, from.height);
        for column in 0..to.width {
            let (xs, first_x) = window.covered(column, columns, from.width);
            let start = (row * to.width + column) * to.channels;
            for (y, ky) in ys.clone().zip(first_y..) {
                for (x, kx) in xs.clone().zip(first_x..) {
                    let pixel = &input[(y * from.width + x) * from.channels..][..from.channels];
                    let inputs = pixel.chunks_exact(n_in).enumerate();
                    for ((group, inputs), sums) in inputs.zip(output[start..].chunks_exact_mut(n_out)) {
                        let tap = (group * rows + ky) * columns + kx;
                        let weights = weight[tap * n_in * n_out..].chunks_exact(n_out);
                        for (&number, weights) in inputs.iter().zip(weights) {
                            for (sum, &weight) in sums.iter_mut().zip(weights) {
                                *sum += product(number, weight);
                            }
                        }
                    }
                }
            }
        }
    }
    output
}

/// Weights `[outputs, inputs, taps]` of each group as `[taps, inputs, outputs]`: as loops over pixels read them.
pub(crate) fn by_tap<W: Copy>(weight: &[W], groups: usize, n_in: usize, n_taps: usize) -> Vec<W> {
    let n_out = weight.len() / (groups * n_in * n_taps);
    let mut found = Vec::with_capacity(weight.len());
    for group in weight.chunks_exact(weight.len() / groups) {
        for tap in 0..n_taps {
            for input in 0..n_in {
                found.extend((0..n_out).map(|output| group[(output * n_in + input) * n_taps + tap]));
            }
        }
    }
    found
}

pub(crate) fn pooled<T: Copy>(
    window: &Window,
    from: Shape,
    to: Shape,
    input: &[T],
    reduce: &dyn Fn(&mut dyn Iterator<Item = T>) -> T,
) -> Vec<T> {
    let mut output = Vec::with_capacity(to.elements() as usize);
    for row in 0..to.height {
        let (ys, _) = window.covered(row, window.size.0, from.height);
        for column in 0..to.width {
            let (xs, _) = window.covered(column, window.size.1, from.width);
            for channel in 0..to.channels {
                let pixels = ys.clone().flat_map(|y| xs.clone().map(move |x| y * from.width + x));
                output.push(reduce(&mut pixels.map(|pixel| input[pixel * from.channels + channel])));
            }
        }
    }
    output
}
