//! Where a step begins and ends: its images are taken out of the epoch's, and the cursor moves on.

use cubecl::prelude::*;

/// Units of a cube.
pub(crate) const UNITS: usize = 256;

/// # Shapes
/// - epoch: `[trainings, n_epoch, channels, area]`
/// - cursor: the epoch's first image of this step, and the step's number
/// - output: `[trainings, channels, images, area]`
#[cube(launch_unchecked)]
pub(crate) fn take(
    epoch: &[f32],
    cursor: &[u32],
    output: &mut [f32],
    images: usize,
    n_epoch: usize,
    length: usize,
    #[comptime] channels: usize,
    #[comptime] area: usize,
) {
    let first = cursor[0] as usize;
    let mut at = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    let step = CUBE_COUNT_X as usize * UNITS;
    while at < length {
        let pixel = at % area;
        let image = (at / area) % images;
        let channel = (at / area / images) % channels;
        let training = at / area / images / channels;
        output[at] = epoch[((training * n_epoch + first + image) * channels + channel) * area + pixel];
        at += step;
    }
}

/// The next step begins after this one's images.
#[cube(launch_unchecked)]
pub(crate) fn advance(cursor: &mut [u32], images: u32) {
    if UNIT_POS == 0 {
        cursor[0] = cursor[0] + images;
        cursor[1] = cursor[1] + 1;
    }
}
