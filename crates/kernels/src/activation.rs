//! The activations a fused operator can end with, on vectors.

use netsynth_graph::Activation;

use crate::simd::Simd;

/// The activation of one vector.
///
/// # Safety
/// The instruction set of `S` must be present.
#[inline(always)]
pub(crate) unsafe fn apply<S: Simd>(activation: Activation, x: S::V) -> S::V {
    // SAFETY: the caller has the instruction set.
    unsafe {
        match activation {
            Activation::Linear => x,
            Activation::Relu => S::max(x, S::splat(0.0)),
            Activation::Relu6 => S::min(S::max(x, S::splat(0.0)), S::splat(6.0)),
            Activation::Swish => S::mul(x, sigmoid::<S>(x)),
        }
    }
}

/// `gradient` times the derivative at the activation's input `x`.
///
/// # Safety
/// The instruction set of `S` must be present.
#[inline(always)]
pub(crate) unsafe fn backward<S: Simd>(activation: Activation, x: S::V, gradient: S::V) -> S::V {
    // SAFETY: the caller has the instruction set.
    unsafe {
        match activation {
            Activation::Linear => gradient,
            Activation::Relu => S::where_positive(x, gradient),
            Activation::Relu6 => S::where_positive(x, S::where_positive(S::sub(S::splat(6.0), x), gradient)),
            Activation::Swish => {
                let sigmoid = sigmoid::<S>(x);
                let slope = S::mul_add(S::mul(x, sigmoid), S::sub(S::splat(1.0), sigmoid), sigmoid);
                S::mul(gradient, slope)
            }
        }
    }
}

/// 1 / (1 + e^-x)
#[inline(always)]
unsafe fn sigmoid<S: Simd>(x: S::V) -> S::V {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let exponential = exp::<S>(S::sub(S::splat(0.0), x));
        S::div(S::splat(1.0), S::add(S::splat(1.0), exponential))
    }
}

/// e^x to about 1e-7 relative: 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2] (the coefficients are Cephes' expf).
#[inline(always)]
unsafe fn exp<S: Simd>(x: S::V) -> S::V {
    // Adding 1.5 * 2^23 leaves the nearest integer, plus the exponent's bias, in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0 + 127.0;
    // SAFETY: the caller has the instruction set.
    unsafe {
        let x = S::max(S::min(x, S::splat(87.0)), S::splat(-87.0));
        let rounded = S::mul_add(x, S::splat(std::f32::consts::LOG2_E), S::splat(ROUND));
        let n = S::sub(rounded, S::splat(ROUND));
        let r = S::mul_add(n, S::splat(-0.693_359_4), x);
        let r = S::mul_add(n, S::splat(2.121_944_4e-4), r);
        let mut p = S::splat(1.987_569_1e-4);
        for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
            p = S::mul_add(p, r, S::splat(coefficient));
        }
        let p = S::add(S::mul_add(S::mul(p, r), r, r), S::splat(1.0));
        S::mul(p, S::mantissa_to_exponent(rounded))
    }
}
