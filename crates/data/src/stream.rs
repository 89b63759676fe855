//! Random streams: every draw is a function of what it is for, never of what was drawn before.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// The random stream of a purpose: `stream(run_seed, "augmentation", &[epoch, sample])`.
///
/// Two streams that differ in the seed, the purpose or any counter have nothing in common, so work may be done in any
/// order. The key of the ChaCha8 stream is SHA-256 over the seed, the purpose (with its length) and the counters.
pub fn stream(seed: u64, purpose: &str, counters: &[u64]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update((purpose.len() as u64).to_le_bytes());
    hash.update(purpose.as_bytes());
    for counter in counters {
        hash.update(counter.to_le_bytes());
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// A draw from [0, 1) in steps of 2^-24; one 32-bit word, exact, the same with every version of every library.
pub fn unit(rng: &mut impl Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / 16_777_216.0
}

/// A draw from [-1, 1).
pub(crate) fn signed(rng: &mut impl Rng) -> f32 {
    2.0 * unit(rng) - 1.0
}
