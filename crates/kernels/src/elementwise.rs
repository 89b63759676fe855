//! Kernels that treat every float alike.

use netsynth_graph::Activation;

use crate::activation;
use crate::buffer::Buffer;
use crate::parallel;
use crate::simd::{Kernel, Simd, launch};

/// Floats of a piece of work for one thread: a multiple of every vector's width.
const PIECE: usize = 1 << 16;

/// The activation of every value.
pub(crate) fn activate(x: &[f32], activation: Activation) -> Buffer {
    sum(&[x], activation)
}

/// The activation of the sum of the inputs, which are equally long: whole vectors.
pub(crate) fn sum(inputs: &[&[f32]], activation: Activation) -> Buffer {
    let mut output = Buffer::stale(inputs[0].len());
    let jobs = output.chunks_mut(PIECE).enumerate().collect();
    parallel::each(jobs, |(piece, output)| {
        let inputs: Vec<&[f32]> =
            inputs.iter().map(|input| &input[piece * PIECE..][..output.len()]).collect();
        launch(Sum { inputs: &inputs, activation, output })
    });
    output
}

/// The gradient before the activation; `x` is the activation's input, or its output where that determines the derivative too.
pub(crate) fn activation_gradient(gradient: &[f32], x: &[f32], activation: Activation) -> Buffer {
    let mut output = Buffer::stale(gradient.len());
    let pieces = gradient.chunks(PIECE).zip(x.chunks(PIECE)).zip(output.chunks_mut(PIECE)).collect();
    parallel::each(pieces, |((gradient, x), output)| launch(Slope { gradient, x, activation, output }));
    output
}

struct Sum<'a> {
    inputs: &'a [&'a [f32]],
    activation: Activation,
    output: &'a mut [f32],
}

impl Kernel for Sum<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        for (index, output) in self.output.chunks_exact_mut(S::WIDTH).enumerate() {
            // SAFETY: every input is as long as the output, which is whole vectors.
            unsafe {
                let mut sum = S::load(self.inputs[0].as_ptr().add(index * S::WIDTH));
                for input in &self.inputs[1..] {
                    sum = S::add(sum, S::load(input.as_ptr().add(index * S::WIDTH)));
                }
                S::store(output.as_mut_ptr(), activation::apply::<S>(self.activation, sum));
            }
        }
    }
}

struct Slope<'a> {
    gradient: &'a [f32],
    x: &'a [f32],
    activation: Activation,
    output: &'a mut [f32],
}

impl Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let inputs = self.gradient.chunks_exact(S::WIDTH).zip(self.x.chunks_exact(S::WIDTH));
        for (output, (gradient, x)) in self.output.chunks_exact_mut(S::WIDTH).zip(inputs) {
            // SAFETY: every chunk is one vector long.
            unsafe {
                let gradient = activation::backward::<S>(
                    self.activation,
                    S::load(x.as_ptr()),
                    S::load(gradient.as_ptr()),
                );
                S::store(output.as_mut_ptr(), gradient);
            }
        }
    }
}
