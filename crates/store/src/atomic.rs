//! A file that appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::StoreError;
use crate::failure::step;
use crate::layout::unfinished;

pub(crate) fn system(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
    move |source| StoreError::System { path: path.display().to_string(), source }
}

/// Writes a file under a name of its own, brings it to the disk, and gives it its name.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let unfinished = unfinished(path);
    let written = make_folder(folder)
        .and_then(|()| fill(&unfinished, bytes))
        .and_then(|()| step(path).and_then(|()| fs::rename(&unfinished, path)))
        .and_then(|()| step(path).and_then(|()| sync_folder(folder)));
    written.map_err(|error| {
        // What is left of it would only take room; if it cannot be removed either, `resume` does it.
        let _ = step(path).and_then(|()| fs::remove_file(&unfinished));
        system(path)(error)
    })
}

fn fill(path: &Path, bytes: &[u8]) -> io::Result<()> {
    step(path)?;
    let mut file = File::create(path)?;
    let (first, second) = bytes.split_at(bytes.len() / 2);
    file.write_all(first)?;
    step(path)?;
    file.write_all(second)?;
    step(path)?;
    file.sync_all()
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

/// A name is on the disk once its folder is; not every system can sync a folder.
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if error.kind() != ErrorKind::InvalidInput => Err(error),
        _ => Ok(()),
    }
}
