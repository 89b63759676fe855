use netsynth_random::stream;

/// Initial weights, uniform with the variance `2 / fan_in` that keeps a ReLU network's signal (He et al. 2015).
///
/// Each node draws from a stream of its own, so the order in which layers are built means nothing.
pub(crate) fn he_uniform(count: usize, fan_in: usize, seed: u64, node: usize) -> Vec<f32> {
    let mut random = stream(seed, "weights", &[node as u64]);
    let bound = libm::sqrtf(6.0 / fan_in.max(1) as f32);
    (0..count).map(|_| bound * random.signed_f32()).collect()
}
