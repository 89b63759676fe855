//! NEON, part of every aarch64: 32 registers of 4 floats.

use std::arch::aarch64::*;

use super::{Kernel, Simd};

#[derive(Clone, Copy)]
pub(crate) struct Neon;

/// Compiles `kernel` with NEON.
///
/// # Safety
/// None needed beyond the kernel's own.
pub(crate) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: every aarch64 processor has NEON.
    unsafe { kernel.run::<Neon>() }
}

impl Simd for Neon {
    type V = float32x4_t;
    const WIDTH: usize = 4;
    const WIDE: bool = true;

    #[inline(always)]
    unsafe fn call<K: Kernel>(part: K) -> K::Output {
        // SAFETY: the caller of this method has the instruction set, which is all that `run` asks for.
        unsafe { run(part) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vdupq_n_f32(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and the caller gives a pointer that is valid for `WIDTH` floats; no alignment is needed.
        unsafe { vld1q_f32(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: float32x4_t) {
        // SAFETY: every aarch64 processor has NEON, and the caller gives a pointer that is valid for `WIDTH` floats; no alignment is needed.
        unsafe { vst1q_f32(to, value) }
    }
    #[inline(always)]
    unsafe fn add(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vaddq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vsubq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vmulq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn div(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vdivq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn mul_add(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vfmaq_f32(c, a, b) }
    }
    #[inline(always)]
    unsafe fn max(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vmaxq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn min(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vminq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn sqrt(a: float32x4_t) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vsqrtq_f32(a) }
    }
    #[inline(always)]
    unsafe fn where_positive(condition: float32x4_t, value: float32x4_t) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vbslq_f32(vcgtzq_f32(condition), value, vdupq_n_f32(0.0)) }
    }
    #[inline(always)]
    unsafe fn mantissa_to_exponent(value: float32x4_t) -> float32x4_t {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vreinterpretq_f32_u32(vshlq_n_u32::<23>(vreinterpretq_u32_f32(value))) }
    }
    #[inline(always)]
    unsafe fn sum(value: float32x4_t) -> f32 {
        // SAFETY: every aarch64 processor has NEON, and only registers are touched.
        unsafe { vaddvq_f32(value) }
    }
}
