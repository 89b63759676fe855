//! A plan carried out in 32-bit floats, in its arena: what the written programs are held against.
//!
//! In the arena a value's numbers lie row by row, column by column, channel by channel.

use netsynth_graph::Shape;

use crate::plan::{Activation, Conv, Kernel, Plan, Step, Window};

/// The logits of one image.
///
/// # Shapes
/// `image` holds what the network reads, plane by plane. `observe` is given the number of each step, and what it computed
/// before and after its activation.
pub fn run(plan: &Plan, image: &[f32], observe: &mut dyn FnMut(usize, &[f32], &[f32])) -> Vec<f32> {
    let mut arena = vec![0.0; plan.arena];
    let input = &plan.values[0];
    arena[input.offset..input.offset + image.len()].copy_from_slice(&interleaved(image, input.shape));
    for (number, step) in plan.steps.iter().enumerate() {
        let (before, activation) = computed(plan, step, &arena);
        let after: Vec<f32> = before.iter().map(|&x| activation.of(x)).collect();
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
    let taps = conv.taps();
    let mut output = sums(&conv.window, conv.groups, from, to, input, |channel, tap, x| {
        x * conv.weight[channel * taps + tap]
    });
    for pixel in output.chunks_exact_mut(to.channels) {
        pixel.iter_mut().zip(&conv.bias).for_each(|(sum, bias)| *sum += bias);
    }
    output
}

/// The sums of a convolution, without its bias: of what each output channel makes of its taps.
///
/// `product` is given the output channel, the number of the tap and the number there.
pub(crate) fn sums<T: Copy, S: Copy + Default + std::ops::AddAssign>(
    window: &Window,
    groups: usize,
    from: Shape,
    to: Shape,
    input: &[T],
    product: impl Fn(usize, usize, T) -> S,
) -> Vec<S> {
    let (per_group, out_per_group) = (from.channels / groups, to.channels / groups);
    let (rows, columns) = window.size;
    let mut output = vec![S::default(); to.elements() as usize];
    for row in 0..to.height {
        let (ys, first_y) = window.covered(row, rows, from.height);
        for column in 0..to.width {
            let (xs, first_x) = window.covered(column, columns, from.width);
            let start = (row * to.width + column) * to.channels;
            let sums = &mut output[start..start + to.channels];
            for (y, ky) in ys.clone().zip(first_y..) {
                for (x, kx) in xs.clone().zip(first_x..) {
                    let pixel = &input[(y * from.width + x) * from.channels..][..from.channels];
                    for (channel, sum) in sums.iter_mut().enumerate() {
                        let first = channel / out_per_group * per_group;
                        for (i, &number) in pixel[first..first + per_group].iter().enumerate() {
                            *sum += product(channel, (i * rows + ky) * columns + kx, number);
                        }
                    }
                }
            }
        }
    }
    output
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
