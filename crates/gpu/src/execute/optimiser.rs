//! What ends a step.

use super::{argument, grid, units};
use crate::kernels::{adam, batch};
use crate::trainings::Trainings;

impl Trainings {
    pub(super) fn adam(&self) {
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
                argument(&buffers.factors),
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

    pub(super) fn advance(&self, images: usize) {
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
}
