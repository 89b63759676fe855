//! Softmax cross-entropy, and its gradient.

use cubecl::prelude::*;

/// Units of a cube.
pub(crate) const UNITS: usize = 128;

/// One cube a training.
///
/// # Shapes
/// - logits, gradient: `[trainings, classes, images]`
/// - targets: `[trainings, n_epoch, classes]`; this step's begin at image `cursor[0]`
/// - losses: `[trainings]`, to which the mean over the images is added
#[cube(launch_unchecked)]
pub(crate) fn cross_entropy(
    logits: &[f32],
    targets: &[f32],
    cursor: &[u32],
    gradient: &mut [f32],
    losses: &mut [f32],
    images: usize,
    n_epoch: usize,
    #[comptime] classes: usize,
) {
    let training = CUBE_POS_X as usize;
    let unit = UNIT_POS as usize;
    let first = cursor[0] as usize;
    let mut loss = 0.0f32;
    let mut image = unit;
    while image < images {
        let row = training * classes * images + image;
        let target = (training * n_epoch + first + image) * classes;
        let mut largest = logits[row];
        let mut weight = 0.0f32;
        for class in 0..classes {
            largest = max(largest, logits[row + class * images]);
            weight += targets[target + class];
        }
        let mut total = 0.0f32;
        for class in 0..classes {
            total += (logits[row + class * images] - largest).exp();
        }
        let offset = largest + total.ln();
        for class in 0..classes {
            let log_probability = logits[row + class * images] - offset;
            let wanted = targets[target + class];
            loss -= wanted * log_probability;
            gradient[row + class * images] = (weight * log_probability.exp() - wanted) / images as f32;
        }
        image += UNITS;
    }
    let mut shared = Shared::<[f32]>::new_slice(UNITS);
    shared[unit] = loss;
    sync_cube();
    if unit == 0 {
        let mut sum = 0.0f32;
        for other in 0..UNITS {
            sum += shared[other];
        }
        losses[training] = losses[training] + sum / images as f32;
    }
}
