use std::time::{Duration, SystemTime, UNIX_EPOCH};

use netsynth_store::Attempted;

use crate::TaskId;

/// An attempt that ends now.
pub(crate) fn attempted(
    task: &TaskId,
    host: Option<String>,
    begun: SystemTime,
    lost: Option<String>,
) -> Attempted {
    Attempted {
        task: task.to_string(),
        part: task.part(),
        host,
        begun_unix_secs: begun.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
        // A clock that was set back says nothing.
        secs: begun.elapsed().unwrap_or(Duration::ZERO).as_secs_f64(),
        lost,
    }
}
