use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process;

use crate::sync_folder;
use crate::write::UNFINISHED;

/// A folder that somebody named, while it is filled beside its place: there it appears whole or not at all. What is not
/// finished is removed when this goes.
#[derive(Debug)]
pub struct FolderDraft {
    draft: PathBuf,
    place: PathBuf,
}

impl FolderDraft {
    /// Begins a folder. At its place there is nothing yet, or an empty folder.
    ///
    /// # Errors
    /// There is something else, or the system refuses.
    pub fn begin(place: &Path) -> io::Result<Self> {
        match fs::read_dir(place).map(|mut entries| entries.next().is_some()) {
            Ok(true) => return Err(io::Error::new(ErrorKind::DirectoryNotEmpty, "it is not empty")),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or(Ok(()), fs::create_dir_all)?;
        // Two processes can fill one folder at once: what is not whole yet is each one's own.
        let mut name = OsString::from(".");
        name.push(place.file_name().ok_or_else(|| io::Error::from(ErrorKind::InvalidFilename))?);
        name.push(format!(".{}{UNFINISHED}", process::id()));
        let draft = place.with_file_name(name);
        fs::create_dir(&draft)?;
        Ok(Self { draft, place: place.to_owned() })
    }

    /// Where its files are written.
    pub fn path(&self) -> &Path {
        &self.draft
    }

    /// Brings it to its place.
    ///
    /// # Errors
    /// The system refuses, or something has come to that place.
    pub fn finish(self) -> io::Result<()> {
        match fs::remove_dir(&self.place) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(&self.draft, &self.place)?;
        sync_folder(self.place.parent().unwrap_or(Path::new(".")))
    }
}

impl Drop for FolderDraft {
    fn drop(&mut self) {
        // Once it has its place there is nothing here.
        let _ = fs::remove_dir_all(&self.draft);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn a_folder_is_whole_or_not_there() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("a/pictures");
        let draft = FolderDraft::begin(&place).unwrap();
        fs::write(draft.path().join("1.png"), "one").unwrap();
        assert!(!place.exists());
        drop(draft);
        assert!(names(&home.path().join("a")).is_empty());

        fs::create_dir(&place).unwrap();
        let draft = FolderDraft::begin(&place).unwrap();
        fs::write(draft.path().join("1.png"), "one").unwrap();
        draft.finish().unwrap();
        assert_eq!(
            (names(&place), names(&home.path().join("a"))),
            (vec!["1.png".into()], vec!["pictures".into()])
        );
        assert_eq!(FolderDraft::begin(&place).unwrap_err().to_string(), "it is not empty");
        assert!(FolderDraft::begin(&place.join("1.png")).is_err());
    }

    #[test]
    fn what_comes_to_the_place_meanwhile_stays() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("pictures");
        let draft = FolderDraft::begin(&place).unwrap();
        fs::create_dir(&place).unwrap();
        fs::write(place.join("mine"), "mine").unwrap();
        assert!(draft.finish().is_err());
        assert_eq!(names(home.path()), ["pictures"]);
        assert_eq!(names(&place), ["mine"]);
    }
}
