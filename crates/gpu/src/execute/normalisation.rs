//! Batch norms and their gradients.

use super::{argument, channel_cubes, grid, units, vectors};
use crate::kernels::{norm, norm_gradient};
use crate::launch::{Norm, Value};
use crate::trainings::Trainings;

impl Trainings {
    pub(super) fn moments(&self, norm: &Norm, [z, partial]: [Value; 2], images: usize) {
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

    pub(super) fn normalise(&self, norm: &Norm, [z, partial, y]: [Value; 3], images: usize) {
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

    pub(super) fn norm_sums(&self, norm: &Norm, [z, gradient, partial]: [Value; 3], images: usize) {
        let (width, length) = vectors(norm.planes.area, images * norm.planes.area);
        // SAFETY: see `argument`.
        unsafe {
            norm_gradient::gradient_sums::launch_unchecked(
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

    pub(super) fn norm_gradient(
        &self,
        norm: &Norm,
        [z, gradient, partial, output]: [Value; 4],
        images: usize,
    ) {
        let (width, length) = vectors(norm.planes.area, images * norm.planes.area);
        // SAFETY: see `argument`.
        unsafe {
            norm_gradient::input_gradient::launch_unchecked(
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
}
