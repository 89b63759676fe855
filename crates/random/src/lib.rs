//! How chance is **drawn**: a stream of random numbers is a function of a seed, a purpose and counters, and of nothing
//! else.
//!
//! No draw depends on what was drawn before for another purpose, so work may be done in any order, on any number of
//! threads, and resumed anywhere. Numbers are made from the stream's raw bits by arithmetic written here: what a run has
//! recorded must not depend on a library's choice of algorithm for a distribution.
//!
//! ```
//! use netsynth_random::stream;
//!
//! // What trial 7 draws does not depend on what trial 6 drew.
//! let mut random = stream(1, "evolution", &[7]);
//! let parent = random.below(10);
//! assert!(parent < 10);
//!
//! let mut again = stream(1, "evolution", &[7]);
//! assert_eq!(again.below(10), parent);
//! ```

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// A stream of random numbers, made by [`stream()`].
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

/// The random stream of a purpose: `stream(run_seed, "augmentation", &[epoch, sample])`.
///
/// Two streams that differ in the seed, the purpose or any counter have nothing in common. The key of the ChaCha8 stream
/// (Bernstein 2008) is SHA-256 over the seed, the purpose with its length, and the counters, all numbers as 64 bits with
/// the least significant byte first.
pub fn stream(seed: u64, purpose: &str, counters: &[u64]) -> Stream {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update((purpose.len() as u64).to_le_bytes());
    hash.update(purpose.as_bytes());
    for counter in counters {
        hash.update(counter.to_le_bytes());
    }
    Stream(ChaCha8Rng::from_seed(hash.finalize().into()))
}

impl Stream {
    /// The next 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `[0, 1)` on a grid of 2^-53; takes 64 bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number in `[0, 1)` on a grid of 2^-24; takes 32 bits.
    pub fn unit_f32(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 / 16_777_216.0
    }

    /// A number in `[-1, 1)` on a grid of 2^-23; takes 32 bits.
    pub fn signed_f32(&mut self) -> f32 {
        2.0 * self.unit_f32() - 1.0
    }

    /// A whole number below `bound`, each with the same probability up to one part in 2^64; takes 64 bits.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "no number is below 0");
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A number that is nearly standard normal: the sum of twelve uniform numbers less six, with mean 0, variance 1 and no
    /// value beyond 6; takes twelve times 64 bits.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// The numbers below `count` in a random order; takes 64 bits for each number but one.
    pub fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        shuffle(&mut order, |bound| self.below(bound));
        order
    }
}

/// Puts items into a random order (Fisher and Yates 1938, from the end as Durstenfeld 1964): `below` draws a whole number
/// below its argument, once for each item but the first, with bounds that fall from the number of items to 2.
///
/// # Panics
/// If `below` gives a number that is not below its argument and beyond the end.
pub fn shuffle<T>(items: &mut [T], mut below: impl FnMut(usize) -> usize) {
    for bound in (2..=items.len()).rev() {
        items.swap(bound - 1, below(bound));
    }
}
