//! Dense layers and the loss.

use super::{argument, grid, units};
use crate::kernels::{dense, loss};
use crate::launch::{Dense, Value};
use crate::trainings::Trainings;

impl Trainings {
    pub(super) fn dense(&self, dense: &Dense, [x, output]: [Value; 2], images: usize) {
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

    pub(super) fn dense_input_gradient(&self, dense: &Dense, [gradient, output]: [Value; 2], images: usize) {
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

    pub(super) fn dense_weight_gradient(&self, dense: &Dense, [x, gradient]: [Value; 2], images: usize) {
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

    pub(super) fn loss(&self, [logits, gradient]: [Value; 2], images: usize) {
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
}
