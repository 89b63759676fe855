//! AVX2 with FMA: 16 registers of 8 floats.

use std::arch::x86_64::*;

use super::portable::Portable;
use super::{Kernel, Simd};

#[derive(Clone, Copy)]
pub(crate) struct Avx2;

/// Compiles `kernel` with AVX2 and FMA.
///
/// # Safety
/// The processor must have AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the target features are those of this function.
    unsafe { kernel.run::<Avx2>() }
}

impl Simd for Avx2 {
    type V = __m256;
    const WIDTH: usize = 8;
    const WIDE: bool = false;

    #[inline(always)]
    unsafe fn call<K: Kernel>(part: K) -> K::Output {
        // SAFETY: the caller of this method has the instruction set, which is all that `run` asks for.
        unsafe { run(part) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_set1_ps(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA and gives a pointer that is valid for `WIDTH` floats; no alignment is needed.
        unsafe { _mm256_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: __m256) {
        // SAFETY: the caller has AVX2 and FMA and gives a pointer that is valid for `WIDTH` floats; no alignment is needed.
        unsafe { _mm256_storeu_ps(to, value) }
    }
    #[inline(always)]
    unsafe fn add(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_sub_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn div(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_div_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul_add(a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    unsafe fn max(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_max_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn min(a: __m256, b: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_min_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sqrt(a: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_sqrt_ps(a) }
    }
    #[inline(always)]
    unsafe fn where_positive(condition: __m256, value: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_and_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(condition, _mm256_setzero_ps()), value) }
    }
    #[inline(always)]
    unsafe fn mantissa_to_exponent(value: __m256) -> __m256 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(value))) }
    }
    #[inline(always)]
    unsafe fn sum(value: __m256) -> f32 {
        // SAFETY: the caller has AVX2 and FMA, and only registers are touched.
        unsafe {
            let half = _mm_add_ps(_mm256_castps256_ps128(value), _mm256_extractf128_ps::<1>(value));
            let pair = _mm_add_ps(half, _mm_movehl_ps(half, half));
            _mm_cvtss_f32(_mm_add_ss(pair, _mm_shuffle_ps::<1>(pair, pair)))
        }
    }
    #[inline(always)]
    unsafe fn sum4([a, b, c, d]: [__m256; 4]) -> [f32; 4] {
        // SAFETY: the caller has AVX2 and FMA; a store writes four floats into an array of four.
        unsafe {
            let halves = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
            let sums = _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps::<1>(halves));
            let mut four = [0.0; 4];
            _mm_storeu_ps(four.as_mut_ptr(), sums);
            four
        }
    }
    #[inline(always)]
    unsafe fn deinterleave(from: *const f32, count: usize, to: [*mut f32; 4]) {
        // SAFETY: the caller has AVX2; no float beyond `count` is read, and each place has room for four.
        unsafe {
            if count < 16 {
                return Portable::deinterleave(from, count, to);
            }
            let mut rows = [_mm_setzero_ps(); 4];
            for row in 0..4 {
                rows[row] = _mm_loadu_ps(from.add(4 * row));
            }
            let columns = transposed(rows);
            for column in 0..4 {
                _mm_storeu_ps(to[column], columns[column]);
            }
        }
    }
    #[inline(always)]
    unsafe fn interleave(from: [*const f32; 4], to: *mut f32, count: usize) {
        // SAFETY: the caller has AVX2; each place has four floats, and none beyond `count` is written.
        unsafe {
            if count < 16 {
                return Portable::interleave(from, to, count);
            }
            let mut columns = [_mm_setzero_ps(); 4];
            for column in 0..4 {
                columns[column] = _mm_loadu_ps(from[column]);
            }
            let rows = transposed(columns);
            for row in 0..4 {
                _mm_storeu_ps(to.add(4 * row), rows[row]);
            }
        }
    }
}

/// The columns of a matrix of four rows.
#[inline(always)]
unsafe fn transposed([a, b, c, d]: [__m128; 4]) -> [__m128; 4] {
    // SAFETY: the caller has AVX2, and only registers are touched.
    unsafe {
        let (ab, cd) = (_mm_unpacklo_ps(a, b), _mm_unpacklo_ps(c, d));
        let (ab_high, cd_high) = (_mm_unpackhi_ps(a, b), _mm_unpackhi_ps(c, d));
        [
            _mm_movelh_ps(ab, cd),
            _mm_movehl_ps(cd, ab),
            _mm_movelh_ps(ab_high, cd_high),
            _mm_movehl_ps(cd_high, ab_high),
        ]
    }
}
