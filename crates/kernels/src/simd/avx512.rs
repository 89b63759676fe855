//! AVX-512F: 32 registers of 16 floats.

use std::arch::x86_64::*;

use super::{Kernel, Simd};

#[derive(Clone, Copy)]
pub(crate) struct Avx512;

/// Compiles `kernel` with AVX-512F.
///
/// # Safety
/// The processor must have AVX-512F (and the AVX2 and FMA it implies).
#[target_feature(enable = "avx512f,avx2,fma")]
pub(crate) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the target features are those of this function.
    unsafe { kernel.run::<Avx512>() }
}

impl Simd for Avx512 {
    type V = __m512;
    const WIDTH: usize = 16;
    const WIDE: bool = true;

    #[inline(always)]
    unsafe fn call<K: Kernel>(part: K) -> K::Output {
        // SAFETY: the caller of this method has the instruction set, which is all that `run` asks for.
        unsafe { run(part) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_set1_ps(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        // SAFETY: the caller has AVX-512F and gives a pointer that is valid for `WIDTH` floats; no alignment is needed.
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: __m512) {
        // SAFETY: the caller has AVX-512F and gives a pointer that is valid for `WIDTH` floats; no alignment is needed.
        unsafe { _mm512_storeu_ps(to, value) }
    }
    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn div(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_div_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul_add(a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    unsafe fn max(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_max_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn min(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_min_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sqrt(a: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_sqrt_ps(a) }
    }
    #[inline(always)]
    unsafe fn where_positive(condition: __m512, value: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe {
            _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(condition, _mm512_setzero_ps()), value)
        }
    }
    #[inline(always)]
    unsafe fn mantissa_to_exponent(value: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_castps_si512(value))) }
    }
    #[inline(always)]
    unsafe fn sum(value: __m512) -> f32 {
        // SAFETY: the caller has AVX-512F, and only registers are touched.
        unsafe { _mm512_reduce_add_ps(value) }
    }
    #[inline(always)]
    unsafe fn sum4([a, b, c, d]: [__m512; 4]) -> [f32; 4] {
        // SAFETY: the caller has AVX-512F; the store writes four floats into an array of four.
        unsafe {
            let ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            let cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
            let quarters =
                _mm512_add_ps(_mm512_shuffle_ps::<0x44>(ab, cd), _mm512_shuffle_ps::<0xEE>(ab, cd));
            let upper = _mm512_castpd_ps(_mm512_castpd256_pd512(_mm512_extractf64x4_pd::<1>(
                _mm512_castps_pd(quarters),
            )));
            let halves = _mm512_castps512_ps256(_mm512_add_ps(quarters, upper));
            let sums = _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps::<1>(halves));
            let mut four = [0.0; 4];
            _mm_storeu_ps(four.as_mut_ptr(), sums);
            four
        }
    }
    #[inline(always)]
    unsafe fn deinterleave(from: *const f32, count: usize, [a, b, c, d]: [*mut f32; 4]) {
        // SAFETY: the caller has AVX-512F; no float beyond `count` is read, and each place has room for four.
        unsafe {
            let quarters =
                _mm512_permutexvar_ps(transposition(), _mm512_maskz_loadu_ps(first_lanes(count), from));
            _mm_storeu_ps(a, _mm512_castps512_ps128(quarters));
            _mm_storeu_ps(b, _mm512_extractf32x4_ps::<1>(quarters));
            _mm_storeu_ps(c, _mm512_extractf32x4_ps::<2>(quarters));
            _mm_storeu_ps(d, _mm512_extractf32x4_ps::<3>(quarters));
        }
    }
    #[inline(always)]
    unsafe fn interleave([a, b, c, d]: [*const f32; 4], to: *mut f32, count: usize) {
        // SAFETY: the caller has AVX-512F; each place has four floats, and none beyond `count` is written.
        unsafe {
            let quarters = _mm512_castps128_ps512(_mm_loadu_ps(a));
            let quarters = _mm512_insertf32x4::<1>(quarters, _mm_loadu_ps(b));
            let quarters = _mm512_insertf32x4::<2>(quarters, _mm_loadu_ps(c));
            let quarters = _mm512_insertf32x4::<3>(quarters, _mm_loadu_ps(d));
            _mm512_mask_storeu_ps(to, first_lanes(count), _mm512_permutexvar_ps(transposition(), quarters));
        }
    }
}

/// The lanes of a matrix of four by four, row by row, in the order of its columns.
#[inline(always)]
unsafe fn transposition() -> __m512i {
    // SAFETY: the caller has AVX-512F, and only registers are touched.
    unsafe { _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15) }
}

#[inline(always)]
fn first_lanes(count: usize) -> __mmask16 {
    ((1_u32 << count) - 1) as __mmask16
}
