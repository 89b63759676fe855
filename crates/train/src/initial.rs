use netsynth_data::{stream, unit};

/// Initial weights, uniform with the variance `2 / fan_in` that keeps a ReLU network's signal (He et al. 2015).
///
/// Each node draws from a stream of its own, so the order in which layers are built means nothing.
pub(crate) fn he_uniform(count: usize, fan_in: usize, seed: u64, node: usize) -> Vec<f32> {
    let mut random = stream(seed, "weights", &[node as u64]);
    let bound = libm::sqrtf(6.0 / fan_in.max(1) as f32);
    (0..count).map(|_| bound * (2.0 * unit(&mut random) - 1.0)).collect()
}
