//! Convolutions and their gradients.

use super::{argument, grid, units, vectors};
use crate::kernels::weight_tile::WeightTile;
use crate::kernels::window::{self, Window};
use crate::kernels::{conv, conv_weight, norm, norm_gradient};
use crate::launch::{Planes, Value};
use crate::trainings::Trainings;

impl Trainings {
    pub(super) fn window(&self, pass: Window, [source, target]: [Value; 2], at: [usize; 2], images: usize) {
        let [pixels, channels] = pass.cubes(images);
        // SAFETY: see `argument`.
        unsafe {
            conv::slide::launch_unchecked(
                &self.device.client,
                grid(pixels, channels, self.options.trainings),
                units(window::UNITS),
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

    pub(super) fn weight_gradient(
        &self,
        tile: WeightTile,
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

    pub(super) fn bias_gradient(&self, planes: Planes, gradient: Value, bias_at: usize, images: usize) {
        let (width, length) = vectors(planes.area, images * planes.area);
        // SAFETY: see `argument`.
        unsafe {
            norm_gradient::bias_gradient::launch_unchecked(
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
}
