//! Adam over the flat parameters of all trainings, in one launch.

use cubecl::prelude::*;

use super::norm::SCHEDULE;

/// Units of a cube.
pub(crate) const UNITS: usize = 256;

/// Adds the parts of each gradient, then takes a step.
///
/// # Shapes
/// - partial: `[parts, trainings, n_parameters]`; `parts[i]` of them count for parameter `i`
/// - parameters, first, second, average, gradients: `[trainings, n_parameters]`; the first `n_decayed` of a training
///   are weights, on which l2 and decay act
/// - factors: `[n_parameters]`, of the learning rate
/// - schedule: `[steps, SCHEDULE]`: the learning rate over the first bias correction, the inverse root of the second,
///   the share that decays, and the decay of the average; the step is `cursor[1]`
#[cube(launch_unchecked)]
pub(crate) fn adam(
    partial: &[f32],
    parts: &[u32],
    factors: &[f32],
    schedule: &[f32],
    cursor: &[u32],
    parameters: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
    average: &mut [f32],
    gradients: &mut [f32],
    length: usize,
    n_parameters: usize,
    n_decayed: usize,
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
    l2: f32,
) {
    let at = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    if at < length {
        let parameter = at % n_parameters;
        let row = cursor[1] as usize * SCHEDULE;
        let factor = factors[parameter];
        let rate = schedule[row] * factor;
        let root = schedule[row + 1];
        let is_weight = parameter < n_decayed;
        let decay = select(is_weight, schedule[row + 2] * factor, 0.0f32);
        let l2 = select(is_weight, l2, 0.0f32);
        let kept = schedule[row + 3];

        let mut gradient = 0.0f32;
        for part in 0..parts[parameter] {
            gradient += partial[part as usize * length + at];
        }
        gradients[at] = gradient;

        let value = parameters[at];
        let gradient = fma(2.0f32 * l2, value, gradient);
        let mean = fma(beta_1, first[at], (1.0f32 - beta_1) * gradient);
        let square = fma(beta_2, second[at], (1.0f32 - beta_2) * gradient * gradient);
        first[at] = mean;
        second[at] = square;
        let value = value - decay * value - rate * mean / (square.sqrt() * root + epsilon);
        parameters[at] = value;
        average[at] = average[at] + (1.0f32 - kept) * (value - average[at]);
    }
}
