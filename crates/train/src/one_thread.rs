use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};

/// Runs a training on this thread alone: side by side, trainings use the cores better than one on all of them.
///
/// # Errors
/// No thread can be started.
pub fn on_one_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, ThreadPoolBuildError> {
    let pool = ThreadPoolBuilder::new().num_threads(1).build()?;
    Ok(pool.install(work))
}
