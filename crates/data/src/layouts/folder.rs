//! Listing of folders: sorted, without hidden files, links followed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::DataError;

/// An entry of a folder.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) is_folder: bool,
}

/// The entries of `folder`, sorted by name. Hidden ones (`.DS_Store`, `._S005_001.png`) are left out; a link that
/// leads nowhere counts as a file.
pub(super) fn entries(folder: &Path) -> Result<Vec<Entry>, DataError> {
    let failed = |cause| DataError::Read { path: folder.to_owned(), cause };
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let is_folder = fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        entries.push(Entry { name, path, is_folder });
    }
    entries.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    Ok(entries)
}

/// The folders in `folder`, sorted by name.
pub(super) fn folders(folder: &Path) -> Result<Vec<Entry>, DataError> {
    Ok(entries(folder)?.into_iter().filter(|entry| entry.is_folder).collect())
}

/// A `.csv` file in a folder without folders: an unpacked archive of a table of pixels.
pub(super) fn lone_table(folder: &Path) -> Result<Option<PathBuf>, DataError> {
    let entries = entries(folder)?;
    if entries.iter().any(|entry| entry.is_folder) {
        return Ok(None);
    }
    let is_table = |entry: &Entry| entry.name.to_lowercase().ends_with(".csv");
    Ok(entries.into_iter().find(is_table).map(|entry| entry.path))
}

/// The image files in `folder`, by their extension, sorted by name.
pub(super) fn images(folder: &Path) -> Result<Vec<Entry>, DataError> {
    Ok(entries(folder)?.into_iter().filter(Entry::is_image).collect())
}

impl Entry {
    pub(super) fn is_image(&self) -> bool {
        const EXTENSIONS: [&str; 9] = ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "pgm", "ppm", "pnm"];
        let extension = self.path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        !self.is_folder && extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
    }
}

/// `path` as it reads from `root`, with forward slashes on every system.
pub(crate) fn relative(path: &Path, root: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
