//! A file that appears whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use netsynth_files::{Shown, sync_folder, unfinished};

use crate::StoreError;
use crate::failure::step;

pub(crate) fn system(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
    move |source| StoreError::System { path: path.shown(), source }
}

/// Writes a file under a name of its own, brings it to the disk, and gives it its name.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    draft(path, bytes)?;
    give_name(path)
}

/// Writes a file under the name that it has until it is whole.
pub(crate) fn draft(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    make_folder(path.parent().unwrap_or(Path::new(".")))
        .and_then(|()| netsynth_files::draft(&unfinished(path), bytes, &|| step(path)))
        .map_err(system(path))
}

/// Gives a draft its name.
pub(crate) fn give_name(path: &Path) -> Result<(), StoreError> {
    let unfinished = unfinished(path);
    netsynth_files::give_name(&unfinished, path, &|| step(path)).map_err(system(path))
}

/// Makes a folder, and brings its name to the disk.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    step(folder)?;
    fs::create_dir_all(folder)?;
    folder.parent().map_or(Ok(()), sync_folder)
}
