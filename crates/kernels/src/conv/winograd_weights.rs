//! The weights of a 3x3 convolution as Winograd's method multiplies by them: at every frequency of a tile.

use super::correlate::{self, Packed};
use super::winograd::{FREQUENCIES, REACH};
use crate::simd::{Kernel, LANES, Simd, launch};

/// Taps of the kernel.
pub(crate) const TAPS: usize = 9;

/// Three weights at the frequencies of a line of a tile, `G g`.
#[inline(always)]
unsafe fn spread<S: Simd>([a, b, c]: [S::V; 3]) -> [S::V; REACH] {
    // SAFETY: the caller's instruction set.
    unsafe {
        let minus_six = S::splat(-6.0);
        let (even, odd) = (S::div(S::add(a, c), minus_six), S::div(b, minus_six));
        let wide_even = S::add(S::div(a, S::splat(24.0)), S::div(c, S::splat(6.0)));
        let wide_odd = S::div(b, S::splat(12.0));
        [
            S::mul(a, S::splat(0.25)),
            S::add(even, odd),
            S::sub(even, odd),
            S::add(wide_even, wide_odd),
            S::sub(wide_even, wide_odd),
            c,
        ]
    }
}

/// The weights of a 3x3 convolution at every frequency of a tile, `G g Gt`, packed as groups of one tap.
///
/// `weight(output, input, tap)` gives the values of the kernel.
pub(crate) fn at_frequencies(
    outputs: usize,
    inputs: usize,
    weight: impl Fn(usize, usize, usize) -> f32,
) -> Packed {
    launch(Packing { outputs, inputs, weight })
}

struct Packing<F> {
    outputs: usize,
    inputs: usize,
    weight: F,
}

impl<F: Fn(usize, usize, usize) -> f32> Kernel for Packing<F> {
    type Output = Packed;

    #[inline(always)]
    unsafe fn run<S: Simd>(self) -> Packed {
        let Self { outputs, inputs, weight } = self;
        let group = outputs * inputs;
        let mut values = vec![0.0; FREQUENCIES * group];
        let mut taps = [[0.0; LANES]; TAPS];
        for (first, end) in correlate::tiles(outputs, S::WIDE) {
            // Of a register tile, the weights of an input are neighbours, and inputs follow each other.
            let (width, n) = (end - first, (end - first) * inputs);
            for at in (0..n).step_by(S::WIDTH) {
                let lanes = S::WIDTH.min(n - at);
                for lane in 0..lanes {
                    let (input, output) = ((at + lane) / width, first + (at + lane) % width);
                    for tap in 0..TAPS {
                        taps[tap][lane] = weight(output, input, tap);
                    }
                }
                // SAFETY: the caller's instruction set; every array is at least one vector long.
                unsafe {
                    let mut lines = [[S::splat(0.0); REACH]; 3];
                    for ky in 0..3 {
                        let mut line = [S::splat(0.0); 3];
                        for kx in 0..3 {
                            line[kx] = S::load(taps[3 * ky + kx].as_ptr());
                        }
                        lines[ky] = spread::<S>(line);
                    }
                    for j in 0..REACH {
                        let column = spread::<S>([lines[0][j], lines[1][j], lines[2][j]]);
                        for i in 0..REACH {
                            let mut found = [0.0; LANES];
                            S::store(found.as_mut_ptr(), column[i]);
                            let to = (REACH * i + j) * group + first * inputs + at;
                            values[to..][..lanes].copy_from_slice(&found[..lanes]);
                        }
                    }
                }
            }
        }
        Packed::of(values, group)
    }
}
