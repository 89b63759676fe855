//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use netsynth_graph::schema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

pub(crate) fn system(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |source| StoreError::System { path: path.display().to_string(), source }
}

/// Writes a file under a name of its own, brings it to the disk, and gives it its name.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(system(folder))?;
    let unfinished = path.with_extension("unfinished");
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(system(&unfinished))?;
    fs::rename(&unfinished, path).map_err(system(path))?;
    // The name itself is on the disk once its folder is; not every system can sync a folder.
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if error.kind() != ErrorKind::InvalidInput => Err(system(folder)(error)),
        _ => Ok(()),
    }
}

pub(crate) fn write_ron<T: Serialize>(path: &Path, document: &T) -> Result<(), StoreError> {
    write(path, schema::to_ron(document).as_bytes())
}

pub(crate) fn read_ron<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let text = fs::read_to_string(path).map_err(system(path))?;
    schema::from_ron(&text)
        .map_err(|source| StoreError::Malformed { path: path.display().to_string(), source })
}
