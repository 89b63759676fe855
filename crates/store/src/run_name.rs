use std::path::{Path, PathBuf};

use crate::run_folder::refuse_existing;
use crate::{RunFolder, StoreError};

/// The most letters of a run's name.
const MAX_LETTERS: usize = 100;

impl RunFolder {
    /// The path of a new run: `runs/NAME`, or the first free `runs/PREFIX-001`, ... if it has no name.
    ///
    /// # Errors
    /// The name could lead elsewhere, or there is something of this name already.
    pub fn free_path(runs: &Path, name: Option<&str>, prefix: &str) -> Result<PathBuf, StoreError> {
        let path = match name {
            Some(name) => Self::path_of(runs, name)?,
            None => runs.join(next_name(runs, prefix)),
        };
        refuse_existing(&path)?;
        Ok(path)
    }

    /// The path of the run of this name, whether there is one or not.
    ///
    /// # Errors
    /// The name could lead elsewhere.
    pub fn path_of(runs: &Path, name: &str) -> Result<PathBuf, StoreError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins_well && name.bytes().all(is_plain) && name.len() <= MAX_LETTERS {
            Ok(runs.join(name))
        } else {
            Err(StoreError::Name { name: name.to_owned() })
        }
    }
}

/// The first of `prefix-001`, `prefix-002`, ... that is no run yet; what a name cannot have becomes `-`.
fn next_name(runs: &Path, prefix: &str) -> String {
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    let prefix: String = prefix.chars().take(60).map(plain).collect();
    let prefix = match prefix.trim_start_matches(['-', '_', '.']) {
        "" => "run",
        rest => rest,
    };
    let names = (1..).map(|number| format!("{prefix}-{number:03}"));
    let mut free = names.filter(|name| !runs.join(name).exists());
    free.next().unwrap_or_else(|| prefix.to_owned())
}
