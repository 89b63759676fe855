use std::path::{Path, PathBuf};

use crate::run_folder::refuse_existing;
use crate::{RunFolder, StoreError};

/// The most letters of a run's name.
const MAX_LETTERS: usize = 100;

/// The name of a run that is to be begun.
#[derive(Debug, Clone)]
pub enum NewRun {
    /// The folder at this path, which was free when it was asked for.
    At(PathBuf),
    /// The first of `PREFIX-001`, `PREFIX-002`, ... below this folder that is free when the run is begun.
    Numbered {
        /// The folder of all runs.
        runs: PathBuf,
        /// What the names begin with.
        prefix: String,
    },
}

impl NewRun {
    /// `runs/NAME`, or the first free `runs/PREFIX-001`, ... if it has no name; what a name cannot have becomes `-` in the
    /// prefix.
    ///
    /// # Errors
    /// The name could lead elsewhere, or there is something of this name already.
    pub fn named(runs: &Path, name: Option<&str>, prefix: &str) -> Result<Self, StoreError> {
        match name {
            Some(name) => {
                let path = RunFolder::path_of(runs, name)?;
                refuse_existing(&path)?;
                Ok(NewRun::At(path))
            }
            None => Ok(NewRun::Numbered { runs: runs.to_owned(), prefix: plain(prefix) }),
        }
    }

    /// Begins the run, as [`RunFolder::begin`] does. Of several that are begun at once without a name, each gets a folder of
    /// its own.
    ///
    /// # Errors
    /// There is something of its name already, or the system refuses.
    pub fn begin(&self) -> Result<RunFolder, StoreError> {
        let (runs, prefix) = match self {
            NewRun::At(path) => return RunFolder::begin(path),
            NewRun::Numbered { runs, prefix } => (runs, prefix),
        };
        let paths = (1..).map(|number: u64| runs.join(format!("{prefix}-{number:03}")));
        for path in paths.filter(|path| path.symlink_metadata().is_err()) {
            match RunFolder::begin(&path) {
                // Another process was faster.
                Err(StoreError::Exists { .. } | StoreError::Occupied { .. } | StoreError::Locked { .. }) => {}
                begun => return begun,
            }
        }
        unreachable!("there is always another number")
    }
}

impl RunFolder {
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

/// What names begin with, without what they cannot have.
fn plain(prefix: &str) -> String {
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    let prefix: String = prefix.chars().take(60).map(plain).collect();
    match prefix.trim_start_matches(['-', '_', '.']) {
        "" => "run".to_owned(),
        rest => rest.to_owned(),
    }
}
