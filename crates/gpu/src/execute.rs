//! Launches of a plan as launches on the device.
#![allow(unsafe_code, reason = "CubeCL's launches without bounds checks; the plan sizes every buffer")]

use cubecl::prelude::*;

use crate::kernels::{adam, batch, conv, conv_weight, dense, elementwise, loss, norm, pool};
use crate::launch::{Dense, Launch, Norm, Planes, Value};
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

    fn take(&self, image: Value, images: usize) {
        let input = self.plan.input;
        let area = input.height * input.width;
        let length = self.options.trainings * images * input.channels * area;
        // SAFETY: see `argument`.
        unsafe {
            batch::take::launch_unchecked(
                &self.device.client,
                strided(length, batch::UNITS),
                units(batch::UNITS),
                argument(&self.buffers.images),
                argument(&self.buffers.cursor),
                self.value(image),
                images,
                self.options.epoch_images,
                length,
                input.channels,
                area,
            );
        }
    }

    fn window(&self, pass: conv::Window, [source, target]: [Value; 2], at: [usize; 2], images: usize) {
        let [pixels, channels] = pass.cubes(images);
        // SAFETY: see `argument`.
        unsafe {
            conv::slide::launch_unchecked(
                &self.device.client,
                grid(pixels, channels, self.options.trainings),
                units(conv::UNITS),
                self.value(source),
                argument(&self.buffers.parameters),
                self.value(target),
                images,
                self.plan.parameters.len(),
                at[0],
                at[1],
                pass,
            );
        }
    }

    fn weight_gradient(
        &self,
        tile: conv_weight::WeightTile,
        [x, gradient]: [Value; 2],
        weight_at: usize,
        parts: usize,
        images: usize,
    ) {
        // SAFETY: see `argument`.
        unsafe {
            conv_weight::weight_gradient::launch_unchecked(
                &self.device.client,
                grid(tile.groups(), parts, self.options.trainings),
                units(tile.units()),
                self.value(x),
                self.value(gradient),
                argument(&self.buffers.partial),
                images,
                self.options.trainings,
                self.plan.parameters.len(),
                weight_at,
                parts,
                tile,
            );
        }
    }

    fn bias_gradient(&self, planes: Planes, gradient: Value, bias_at: usize, images: usize) {
        let (width, length) = vectors(planes.area, images * planes.area);
        // SAFETY: see `argument`.
        unsafe {
            norm::bias_gradient::launch_unchecked(
                &self.device.client,
                grid(1, self.options.trainings * planes.channels, 1),
                units(norm::UNITS),
                width,
                self.value(gradient),
                argument(&self.buffers.partial),
                length,
                self.plan.parameters.len(),
                bias_at,
                planes.channels,
            );
        }
    }

    fn moments(&self, norm: &Norm, [z, partial]: [Value; 2], images: usize) {
        let (width, length) = vectors(norm.planes.area, images * norm.planes.area);
        // SAFETY: see `argument`.
        unsafe {
            norm::moments::launch_unchecked(
                &self.device.client,
                grid(norm.parts, self.options.trainings * norm.planes.channels, 1),
                units(norm::UNITS),
                width,
                self.value(z),
                self.value(partial),
                length,
                norm.parts,
            );
        }
    }

    fn normalise(&self, norm: &Norm, [z, partial, y]: [Value; 3], images: usize) {
        let (width, length) = vectors(norm.planes.area, images * norm.planes.area);
        // SAFETY: see `argument`.
        unsafe {
            norm::normalise::launch_unchecked(
                &self.device.client,
                grid(channel_cubes(length), self.options.trainings * norm.planes.channels, 1),
                units(norm::UNITS),
                width,
                self.value(z),
                self.value(partial),
                argument(&self.buffers.parameters),
                argument(&self.buffers.schedule),
                argument(&self.buffers.cursor),
                self.value(y),
                self.value(norm.statistics),
                argument(&self.buffers.running),
                length,
                norm.parts,
                self.plan.parameters.len(),
                norm.scale_at,
                norm.shift_at,
                self.plan.n_running,
                norm.running_at,
                self.options.norm_epsilon,
                self.options.norm_momentum,
                norm.planes.channels,
                norm.relu,
            );
        }
    }

    fn norm_sums(&self, norm: &Norm, [z, gradient, partial]: [Value; 3], images: usize) {
        let (width, length) = vectors(norm.planes.area, images * norm.planes.area);
        // SAFETY: see `argument`.
        unsafe {
            norm::gradient_sums::launch_unchecked(
                &self.device.client,
                grid(norm.parts, self.options.trainings * norm.planes.channels, 1),
                units(norm::UNITS),
                width,
                self.value(z),
                self.value(gradient),
                self.value(norm.statistics),
                argument(&self.buffers.parameters),
                self.value(partial),
                length,
                norm.parts,
                self.plan.parameters.len(),
                norm.scale_at,
                norm.shift_at,
                norm.planes.channels,
                norm.relu,
            );
        }
    }

    fn norm_gradient(&self, norm: &Norm, [z, gradient, partial, output]: [Value; 4], images: usize) {
        let (width, length) = vectors(norm.planes.area, images * norm.planes.area);
        // SAFETY: see `argument`.
        unsafe {
            norm::input_gradient::launch_unchecked(
                &self.device.client,
                grid(channel_cubes(length), self.options.trainings * norm.planes.channels, 1),
                units(norm::UNITS),
                width,
                self.value(z),
                self.value(gradient),
                self.value(norm.statistics),
                self.value(partial),
                argument(&self.buffers.parameters),
                self.value(output),
                argument(&self.buffers.partial),
                length,
                norm.parts,
                self.plan.parameters.len(),
                norm.scale_at,
                norm.shift_at,
                norm.planes.channels,
                norm.relu,
            );
        }
    }

    fn sum(&self, planes: Planes, inputs: &[Value], output: Value, relu: bool, images: usize) {
        let (width, length) = vectors(planes.area, self.numbers(planes, images));
        let input = |at: usize| self.value(*inputs.get(at).unwrap_or(&inputs[0]));
        // SAFETY: see `argument`; an input beyond `count` is not read.
        unsafe {
            elementwise::sum::launch_unchecked(
                &self.device.client,
                strided(length, elementwise::UNITS),
                units(elementwise::UNITS),
                width,
                input(0),
                input(1),
                input(2),
                input(3),
                self.value(output),
                length,
                inputs.len(),
                relu,
            );
        }
    }

    fn relu_gradient(&self, planes: Planes, [y, gradient, output]: [Value; 3], images: usize) {
        let (width, length) = vectors(planes.area, self.numbers(planes, images));
        // SAFETY: see `argument`.
        unsafe {
            elementwise::relu_gradient::launch_unchecked(
                &self.device.client,
                strided(length, elementwise::UNITS),
                units(elementwise::UNITS),
                width,
                self.value(y),
                self.value(gradient),
                self.value(output),
                length,
            );
        }
    }

    fn mean(&self, planes: Planes, [x, output]: [Value; 2], images: usize) {
        let n_planes = self.options.trainings * planes.channels * images;
        // SAFETY: see `argument`.
        unsafe {
            pool::mean::launch_unchecked(
                &self.device.client,
                grid(n_planes.div_ceil(pool::UNITS), 1, 1),
                units(pool::UNITS),
                self.value(x),
                self.value(output),
                n_planes,
                planes.area,
            );
        }
    }

    fn mean_gradient(&self, planes: Planes, [gradient, output]: [Value; 2], images: usize) {
        let length = self.numbers(planes, images);
        // SAFETY: see `argument`.
        unsafe {
            pool::mean_gradient::launch_unchecked(
                &self.device.client,
                strided(length, pool::UNITS),
                units(pool::UNITS),
                self.value(gradient),
                self.value(output),
                length,
                planes.area,
            );
        }
    }

    fn dense(&self, dense: &Dense, [x, output]: [Value; 2], images: usize) {
        let length = self.options.trainings * dense.units * images;
        // SAFETY: see `argument`.
        unsafe {
            dense::forward::launch_unchecked(
                &self.device.client,
                grid(length.div_ceil(dense::UNITS), 1, 1),
                units(dense::UNITS),
                self.value(x),
                argument(&self.buffers.parameters),
                self.value(output),
                images,
                length,
                self.plan.parameters.len(),
                dense.weight_at,
                dense.bias_at,
                dense.planes.channels,
                dense.planes.area,
                dense.units,
            );
        }
    }

    fn dense_input_gradient(&self, dense: &Dense, [gradient, output]: [Value; 2], images: usize) {
        let length = self.numbers(dense.planes, images);
        // SAFETY: see `argument`.
        unsafe {
            dense::input_gradient::launch_unchecked(
                &self.device.client,
                grid(length.div_ceil(dense::UNITS), 1, 1),
                units(dense::UNITS),
                self.value(gradient),
                argument(&self.buffers.parameters),
                self.value(output),
                images,
                length,
                self.plan.parameters.len(),
                dense.weight_at,
                dense.planes.channels,
                dense.planes.area,
                dense.units,
            );
        }
    }

    fn dense_weight_gradient(&self, dense: &Dense, [x, gradient]: [Value; 2], images: usize) {
        let rows = dense.planes.channels * dense.planes.area + 1;
        let length = self.options.trainings * rows * dense.units;
        // SAFETY: see `argument`.
        unsafe {
            dense::weight_gradient::launch_unchecked(
                &self.device.client,
                grid(length.div_ceil(dense::UNITS), 1, 1),
                units(dense::UNITS),
                self.value(x),
                self.value(gradient),
                argument(&self.buffers.partial),
                images,
                length,
                self.plan.parameters.len(),
                dense.weight_at,
                dense.bias_at,
                dense.planes.channels,
                dense.planes.area,
                dense.units,
            );
        }
    }

    fn loss(&self, [logits, gradient]: [Value; 2], images: usize) {
        // SAFETY: see `argument`.
        unsafe {
            loss::cross_entropy::launch_unchecked(
                &self.device.client,
                grid(self.options.trainings, 1, 1),
                units(loss::UNITS),
                self.value(logits),
                argument(&self.buffers.targets),
                argument(&self.buffers.cursor),
                self.value(gradient),
                argument(&self.buffers.losses),
                images,
                self.options.epoch_images,
                self.plan.classes,
            );
        }
    }

    fn adam(&self) {
        let buffers = &self.buffers;
        let length = self.options.trainings * self.plan.parameters.len();
        // SAFETY: see `argument`.
        unsafe {
            adam::adam::launch_unchecked(
                &self.device.client,
                grid(length.div_ceil(adam::UNITS), 1, 1),
                units(adam::UNITS),
                argument(&buffers.partial),
                argument(&buffers.parts),
                argument(&buffers.schedule),
                argument(&buffers.cursor),
                argument(&buffers.parameters),
                argument(&buffers.first),
                argument(&buffers.second),
                argument(&buffers.average),
                argument(&buffers.gradients),
                length,
                self.plan.parameters.len(),
                self.plan.parameters.n_weights(),
                self.options.beta_1,
                self.options.beta_2,
                self.options.adam_epsilon,
                self.options.l2,
            );
        }
    }

    fn advance(&self, images: usize) {
        // SAFETY: see `argument`.
        unsafe {
            batch::advance::launch_unchecked(
                &self.device.client,
                grid(1, 1, 1),
                units(1),
                argument(&self.buffers.cursor),
                images as u32,
            );
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
