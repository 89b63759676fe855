use std::error::Error;

use rayon::ThreadPoolBuilder;

use crate::DataError;

/// Starts the threads that images are read and drawn on, if there are none yet. Without this, a system that has no thread to
/// give would be met as a panic at the first image.
pub(crate) fn start_threads() -> Result<(), DataError> {
    match ThreadPoolBuilder::new().build_global() {
        // There is no cause where they were started before.
        Err(error) if error.source().is_some() => Err(DataError::NoThreads { reason: error.to_string() }),
        _ => Ok(()),
    }
}
