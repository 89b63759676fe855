//! Arrays of four floats, for targets without a path of their own: the compiler turns them into whatever vectors
//! the target guarantees (SSE2 on x86-64, WebAssembly's 128-bit vectors).

use super::{Kernel, Simd};

#[derive(Clone, Copy)]
pub(crate) struct Portable;

/// Compiles `kernel` with what the target guarantees.
///
/// # Safety
/// None needed beyond the kernel's own.
pub(crate) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the target has the instruction set.
    unsafe { kernel.run::<Portable>() }
}

#[inline(always)]
fn each(a: [f32; 4], b: [f32; 4], f: impl Fn(f32, f32) -> f32) -> [f32; 4] {
    [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])]
}

impl Simd for Portable {
    type V = [f32; 4];
    const WIDTH: usize = 4;
    const WIDE: bool = false;

    #[inline(always)]
    unsafe fn call<K: Kernel>(part: K) -> K::Output {
        // SAFETY: `run` asks for nothing beyond the kernel's own contract, which the caller of this method keeps.
        unsafe { run(part) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> [f32; 4] {
        [value; 4]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 4] {
        // SAFETY: the trait's contract gives a pointer that is valid for four floats.
        unsafe { from.cast::<[f32; 4]>().read() }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: [f32; 4]) {
        // SAFETY: the trait's contract gives a pointer that is valid for four floats.
        unsafe { to.cast::<[f32; 4]>().write(value) }
    }
    #[inline(always)]
    unsafe fn add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| a / b)
    }
    // Not f32::mul_add: without the instruction it is a library call.
    #[inline(always)]
    unsafe fn mul_add(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        each(each(a, b, |a, b| a * b), c, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn max(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn min(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        each(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn sqrt(a: [f32; 4]) -> [f32; 4] {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    unsafe fn where_positive(condition: [f32; 4], value: [f32; 4]) -> [f32; 4] {
        each(condition, value, |condition, value| if condition > 0.0 { value } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn mantissa_to_exponent(value: [f32; 4]) -> [f32; 4] {
        value.map(|value| f32::from_bits(value.to_bits() << 23))
    }
    #[inline(always)]
    unsafe fn sum(value: [f32; 4]) -> f32 {
        (value[0] + value[2]) + (value[1] + value[3])
    }
}
