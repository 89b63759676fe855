//! What the core can do at best, for benchmarks to compare with.

use std::hint::black_box;
use std::time::Instant;

use crate::simd::{Kernel, Simd, launch};

/// The core's multiply-add peak in GFLOP/s, measured now: independent multiply-adds in registers, best of a few runs.
pub fn peak_gflops() -> f64 {
    const ROUNDS: usize = 200_000;
    let measure = |_| {
        let start = Instant::now();
        let flops = launch(MultiplyAdds { rounds: black_box(ROUNDS) });
        flops as f64 / start.elapsed().as_secs_f64() / 1e9
    };
    (0..20).map(measure).fold(0.0, f64::max)
}

struct MultiplyAdds {
    rounds: usize,
}

impl Kernel for MultiplyAdds {
    /// Floating-point operations done.
    type Output = usize;

    #[inline(always)]
    unsafe fn run<S: Simd>(self) -> usize {
        const CHAINS: usize = 12;
        // SAFETY: only registers are touched; the caller has the instruction set.
        unsafe {
            let (factor, term) = (S::splat(black_box(0.999)), S::splat(black_box(1e-6)));
            let mut chains = [S::splat(1.0); CHAINS];
            for _ in 0..self.rounds {
                for chain in &mut chains {
                    *chain = S::mul_add(*chain, factor, term);
                }
            }
            for chain in chains {
                black_box(S::sum(chain));
            }
        }
        self.rounds * CHAINS * S::WIDTH * 2
    }
}
