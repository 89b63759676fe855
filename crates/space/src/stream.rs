use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random numbers that is a function of a seed and a place, and of nothing else.
///
/// Numbers are taken from the raw bits by arithmetic written here: what is recorded in a run must not depend on
/// a library's choice of algorithm for a distribution.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

/// The stream of `seed` at `place`: a purpose followed by the numbers it is for, such as a trial's.
pub fn stream(seed: u64, purpose: &str, place: &[u64]) -> Stream {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    hasher.update(seed.to_le_bytes());
    hasher.update((purpose.len() as u64).to_le_bytes());
    hasher.update(purpose.as_bytes());
    for number in place {
        hasher.update(number.to_le_bytes());
    }
    Stream(ChaCha8Rng::from_seed(hasher.finalize().into()))
}

impl Stream {
    /// A number of the 53-bit grid in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A whole number below `bound`, every one equally likely up to one part in 2^64.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "nothing lies below 0");
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A standard normal number (the sum of twelve uniforms less six: mean 0, variance 1, tails cut at 6).
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}
