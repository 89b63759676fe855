//! Lets a test make writing fail.

use std::io;
use std::path::Path;

/// Called before each step of each write below a run folder.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "in tests it fails")]
pub(crate) fn step(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(crate) use planned::{fail_after, step, steps_left};

#[cfg(test)]
mod planned {
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use std::sync::Mutex;

    use super::{Path, io};

    /// For each folder, how many steps may still be taken.
    static STEPS: Mutex<BTreeMap<PathBuf, usize>> = Mutex::new(BTreeMap::new());

    /// From the step after so many on, every step below a folder fails, as on a full disk.
    pub(crate) fn fail_after(folder: &Path, n_steps: usize) {
        STEPS.lock().unwrap().insert(folder.to_owned(), n_steps);
    }

    /// Ends the failing; how many steps could still have been taken.
    pub(crate) fn steps_left(folder: &Path) -> usize {
        STEPS.lock().unwrap().remove(folder).unwrap_or_default()
    }

    /// Called before each step of each write below a run folder.
    pub(crate) fn step(path: &Path) -> io::Result<()> {
        let mut steps = STEPS.lock().unwrap();
        let planned = steps.iter_mut().find(|(folder, _)| path.starts_with(folder));
        match planned {
            Some((_, 0)) => Err(io::ErrorKind::StorageFull.into()),
            Some((_, left)) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}
