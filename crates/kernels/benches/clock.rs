//! Time on the core, so that a busy machine does not show.

/// Seconds this thread has run.
#[cfg(unix)]
#[allow(unsafe_code, reason = "the thread's clock is a system call")]
pub(crate) fn seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writes, and every Unix has this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Wall-clock seconds where there is no such clock.
#[cfg(not(unix))]
pub(crate) fn seconds() -> f64 {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed().as_secs_f64()
}
