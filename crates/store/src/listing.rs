use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::atomic::system;
use crate::layout::ATTEMPTS;

/// A file or folder below a run folder.
pub(crate) struct Listed {
    pub(crate) path: PathBuf,
    pub(crate) is_folder: bool,
    /// Neither a file nor a folder: a link, a pipe.
    pub(crate) is_odd: bool,
}

/// How deep a run folder's folders go at most, with room for what later versions put there.
const MAX_DEPTH: usize = 8;

/// Whether file managers, synchronisation tools and network file systems leave files of this name where people look at
/// folders: they are no part of a run.
fn is_left_behind(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let known =
        [".DS_Store", ".directory", ".localized", "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r"];
    let begins = ["._", ".nfs", ".~lock.", ".syncthing."];
    known.iter().any(|known| name.eq_ignore_ascii_case(known))
        || begins.iter().any(|begin| name.starts_with(begin))
}

/// Everything below a run's folder in order of its path, but for what file managers leave and for the attempts at tasks, in
/// which other processes write. Links are listed and not followed.
pub(crate) fn list(folder: &Path) -> Result<Vec<Listed>, StoreError> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((next, depth)) = folders.pop() {
        for entry in fs::read_dir(&next).map_err(system(&next))? {
            let entry = entry.map_err(system(&next))?;
            let kind = entry.file_type().map_err(system(&next))?;
            if !kind.is_dir() && is_left_behind(&entry.file_name()) {
                continue;
            }
            if kind.is_dir() && depth == 0 && entry.file_name() == ATTEMPTS {
                continue;
            }
            let is_folder = kind.is_dir() && depth < MAX_DEPTH;
            if is_folder {
                folders.push((entry.path(), depth + 1));
            }
            found.push(Listed { path: entry.path(), is_folder, is_odd: !kind.is_file() && !is_folder });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// The numbers that the names in a folder stand for, rising; none where there is no folder.
pub(crate) fn numbers(
    folder: &Path,
    number: impl Fn(&str) -> Option<usize>,
) -> Result<Vec<usize>, StoreError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(system(folder))? {
        let name = entry.map_err(system(folder))?.file_name();
        numbers.extend(name.to_str().and_then(&number));
    }
    numbers.sort_unstable();
    Ok(numbers)
}
