//! Sums, activations and pools.

use super::{argument, grid, strided, units, vectors};
use crate::kernels::{batch, elementwise, pool};
use crate::launch::{Planes, Value};
use crate::trainings::Trainings;

impl Trainings {
    pub(super) fn take(&self, image: Value, images: usize) {
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

    pub(super) fn sum(&self, planes: Planes, inputs: &[Value], output: Value, relu: bool, images: usize) {
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

    pub(super) fn relu_gradient(&self, planes: Planes, [y, gradient, output]: [Value; 3], images: usize) {
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

    pub(super) fn mean(&self, planes: Planes, [x, output]: [Value; 2], images: usize) {
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

    pub(super) fn mean_gradient(&self, planes: Planes, [gradient, output]: [Value; 2], images: usize) {
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
}
