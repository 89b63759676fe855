//! Launches of a plan as launches on the device.
#![allow(unsafe_code, reason = "CubeCL's launches without bounds checks; the plan sizes every buffer")]

mod classifier;
mod convolution;
mod elementwise;
mod normalisation;
mod optimiser;

use cubecl::prelude::*;

use crate::kernels::norm;
use crate::launch::{Launch, Planes, Value};
use crate::trainings::Trainings;

/// Cubes of a grid-strided pass over one channel or one buffer, at most.
const MOST_CUBES: usize = 1 << 14;

impl Trainings {
    /// Launches one step on `images` images of each training.
    pub(crate) fn launch_step(&self, images: usize) {
        for launch in &self.plan.launches {
            self.launch(launch, images);
        }
    }

    pub(crate) fn launch(&self, launch: &Launch, images: usize) {
        match launch {
            Launch::Take { image } => self.take(*image, images),
            Launch::Window { pass, source, target, weight_at, bias_at } => {
                self.window(*pass, [*source, *target], [*weight_at, *bias_at], images);
            }
            Launch::WeightGradient { tile, x, gradient, weight_at, parts } => {
                self.weight_gradient(*tile, [*x, *gradient], *weight_at, *parts, images);
            }
            Launch::BiasGradient { planes, gradient, bias_at } => {
                self.bias_gradient(*planes, *gradient, *bias_at, images);
            }
            Launch::Moments { norm, z, partial } => self.moments(norm, [*z, *partial], images),
            Launch::Normalise { norm, z, partial, y } => self.normalise(norm, [*z, *partial, *y], images),
            Launch::NormSums { norm, z, gradient, partial } => {
                self.norm_sums(norm, [*z, *gradient, *partial], images);
            }
            Launch::NormGradient { norm, z, gradient, partial, z_gradient } => {
                self.norm_gradient(norm, [*z, *gradient, *partial, *z_gradient], images);
            }
            Launch::Sum { planes, inputs, output, relu } => self.sum(*planes, inputs, *output, *relu, images),
            Launch::ReluGradient { planes, y, gradient, output } => {
                self.relu_gradient(*planes, [*y, *gradient, *output], images);
            }
            Launch::Mean { planes, x, output } => self.mean(*planes, [*x, *output], images),
            Launch::MeanGradient { planes, gradient, output } => {
                self.mean_gradient(*planes, [*gradient, *output], images);
            }
            Launch::Dense { dense, x, output } => self.dense(dense, [*x, *output], images),
            Launch::DenseInputGradient { dense, gradient, output } => {
                self.dense_input_gradient(dense, [*gradient, *output], images);
            }
            Launch::DenseWeightGradient { dense, x, gradient } => {
                self.dense_weight_gradient(dense, [*x, *gradient], images);
            }
            Launch::Loss { logits, gradient } => self.loss([*logits, *gradient], images),
            Launch::Adam => self.adam(),
            Launch::Advance => self.advance(images),
        }
    }

    fn value(&self, value: Value) -> BufferArg {
        argument(&self.buffers.slots[self.plan.memory.slot_of[value.0]])
    }

    fn numbers(&self, planes: Planes, images: usize) -> usize {
        self.options.trainings * images * planes.channels * planes.area
    }
}

/// A buffer as a kernel's argument.
fn argument(handle: &cubecl::server::Handle) -> BufferArg {
    // SAFETY: the length is the allocation's own. Every kernel stays below the lengths that are its arguments, and
    // the plan allocates each buffer for the largest of them.
    unsafe { BufferArg::from_raw_parts(handle.clone(), handle.size_in_used() as usize / 4) }
}

/// The width of vectors over planes of `area`, and how many of them `length` numbers are.
fn vectors(area: usize, length: usize) -> (usize, usize) {
    let width = if area.is_multiple_of(4) { 4 } else { 1 };
    (width, length / width)
}

/// Cubes that share a channel of `length` vectors.
fn channel_cubes(length: usize) -> usize {
    length.div_ceil(4 * norm::UNITS).clamp(1, 256)
}

fn strided(length: usize, units: usize) -> CubeCount {
    grid(length.div_ceil(units).min(MOST_CUBES), 1, 1)
}

fn grid(x: usize, y: usize, z: usize) -> CubeCount {
    CubeCount::Static(x as u32, y as u32, z as u32)
}

fn units(count: usize) -> CubeDim {
    CubeDim::new_1d(count as u32)
}
