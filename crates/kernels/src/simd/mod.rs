//! One vector abstraction, four instruction sets: every kernel is written once, over [`Simd`].
//!
//! A kernel is a struct that implements [`Kernel`]; [`launch`] compiles it once for each instruction set (inlined
//! into a function with the right target features) and picks the best one that the processor has at run time.

use std::cell::Cell;
use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

/// The images that share a pixel: the innermost dimension of a blocked feature map, whatever the instruction set.
pub(crate) const LANES: usize = 16;

/// Vectors of `WIDTH` floats; `WIDTH` divides [`LANES`].
///
/// # Safety
/// Every method may only be called where the instruction set is known to be present, and pointers must be valid
/// for `WIDTH` floats. No alignment is required.
pub(crate) trait Simd: Copy + 'static {
    /// The register.
    type V: Copy;
    /// Floats in a register.
    const WIDTH: usize;
    /// Whether there are registers for 24 accumulators (else 12).
    const WIDE: bool;

    /// Runs a part of a kernel in a function of its own, compiled once however many kernels call it: a part inlined
    /// everywhere would be compiled everywhere.
    unsafe fn call<K: Kernel>(part: K) -> K::Output;
    /// The same value in every lane.
    unsafe fn splat(value: f32) -> Self::V;
    /// Reads `WIDTH` floats.
    unsafe fn load(from: *const f32) -> Self::V;
    /// Writes `WIDTH` floats.
    unsafe fn store(to: *mut f32, value: Self::V);
    /// a + b
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    /// a - b
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    /// a * b
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    /// a / b
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    /// a * b + c
    unsafe fn mul_add(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The larger of each pair.
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// The smaller of each pair.
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    /// The square root of each lane.
    unsafe fn sqrt(a: Self::V) -> Self::V;
    /// `value` where `condition` is above zero, else zero.
    unsafe fn where_positive(condition: Self::V, value: Self::V) -> Self::V;
    /// The bits of each lane shifted left by 23: turns a biased integer in the mantissa into a power of two.
    unsafe fn mantissa_to_exponent(value: Self::V) -> Self::V;
    /// The sum of the lanes.
    unsafe fn sum(value: Self::V) -> f32;
    /// The sums of the lanes of four registers, for much less than four times the price of one.
    #[inline(always)]
    unsafe fn sum4([a, b, c, d]: [Self::V; 4]) -> [f32; 4] {
        // SAFETY: the caller's instruction set.
        unsafe { [Self::sum(a), Self::sum(b), Self::sum(c), Self::sum(d)] }
    }
    /// Reads `count` floats, sixteen at most, and writes every fourth of them to a place of its own: four floats each, zeros
    /// where there were no more.
    #[inline(always)]
    unsafe fn deinterleave(from: *const f32, count: usize, to: [*mut f32; 4]) {
        // SAFETY: this method's contract.
        unsafe {
            let mut floats = [0.0; 16];
            for index in 0..count {
                floats[index] = *from.add(index);
            }
            for column in 0..4 {
                for row in 0..4 {
                    *to[column].add(row) = floats[4 * row + column];
                }
            }
        }
    }
    /// The reverse: reads four floats from each place, and writes `count` of the sixteen.
    #[inline(always)]
    unsafe fn interleave(from: [*const f32; 4], to: *mut f32, count: usize) {
        // SAFETY: this method's contract.
        unsafe {
            let mut floats = [0.0; 16];
            for column in 0..4 {
                for row in 0..4 {
                    floats[4 * row + column] = *from[column].add(row);
                }
            }
            for index in 0..count {
                *to.add(index) = floats[index];
            }
        }
    }
}

/// A computation that is compiled for every instruction set.
pub(crate) trait Kernel {
    /// What it gives back.
    type Output;
    /// Runs it; implementations are `#[inline(always)]` so that they inherit the caller's target features. For the
    /// same reason they use plain loops over vectors: a closure handed to an iterator keeps its own features, and
    /// every vector operation in it becomes a call.
    ///
    /// # Safety
    /// Only where the instruction set of `S` is present.
    unsafe fn run<S: Simd>(self) -> Self::Output;
}

/// The instruction sets a kernel can run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Plain Rust arrays, which the compiler vectorises with whatever the target guarantees.
    Portable,
    /// 16 registers of 8 floats, fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 32 registers of 16 floats.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 32 registers of 4 floats.
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Level {
    /// Every level this processor can run, the best last.
    pub(crate) fn available() -> &'static [Self] {
        static AVAILABLE: OnceLock<Vec<Level>> = OnceLock::new();
        AVAILABLE.get_or_init(|| {
            let mut levels = vec![Self::Portable];
            #[cfg(target_arch = "x86_64")]
            {
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    levels.push(Self::Avx2);
                }
                if is_x86_feature_detected!("avx512f") {
                    levels.push(Self::Avx512);
                }
            }
            #[cfg(target_arch = "aarch64")]
            levels.push(Self::Neon);
            levels
        })
    }
}

thread_local! {
    static FORCED: Cell<Option<Level>> = const { Cell::new(None) };
}

/// Runs `work` with every kernel of this thread forced to `level`, which must be available.
pub(crate) fn with_level<T>(level: Level, work: impl FnOnce() -> T) -> T {
    assert!(Level::available().contains(&level), "this processor has no {level:?}");
    let previous = FORCED.replace(Some(level));
    let output = work();
    FORCED.set(previous);
    output
}

/// The level kernels of this thread run on: the best there is, unless `NETSYNTH_SIMD` names another that there is.
/// Worker threads of a kernel are handed their parent's.
pub(crate) fn level() -> Level {
    static CHOSEN: OnceLock<Level> = OnceLock::new();
    FORCED.get().unwrap_or_else(|| {
        *CHOSEN.get_or_init(|| {
            let wish = std::env::var("NETSYNTH_SIMD").unwrap_or_default().to_lowercase();
            let levels = Level::available();
            let wished = levels.iter().find(|level| format!("{level:?}").to_lowercase() == wish);
            *wished.or(levels.last()).unwrap_or(&Level::Portable)
        })
    })
}

/// The instruction sets that this processor has, as far as the kernels know them, the best last; and the one that they use.
/// The order in which floats are added depends on it.
pub fn instruction_sets() -> (Vec<String>, String) {
    let name = |level: &Level| format!("{level:?}").to_lowercase();
    (Level::available().iter().map(name).collect(), name(&level()))
}

/// Runs a kernel on the best instruction set present.
pub(crate) fn launch<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: `level` is one of `Level::available`, which asked the processor.
    unsafe {
        match level() {
            Level::Portable => portable::run(kernel),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2::run(kernel),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512::run(kernel),
            #[cfg(target_arch = "aarch64")]
            Level::Neon => neon::run(kernel),
        }
    }
}

/// Whether the current level has registers for 24 accumulators: what [`Simd::WIDE`] will be.
pub(crate) fn level_is_wide() -> bool {
    struct Wide;
    impl Kernel for Wide {
        type Output = bool;
        #[inline(always)]
        unsafe fn run<S: Simd>(self) -> bool {
            S::WIDE
        }
    }
    launch(Wide)
}
