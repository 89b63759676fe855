//! Files that appear whole or not at all, and are read within bounds.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use netsynth_graph::schema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::fault::step;
use crate::seal::{Seal, beside, beside_hash, hexadecimal_of, opened, sealed};
use crate::{StoreError, TextError};

/// The most bytes of a document that are read.
const MAX_BYTES: u64 = 16 << 20;

/// The ending of a file that is not whole yet.
pub(crate) const UNFINISHED: &str = ".unfinished";

pub(crate) fn system(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
    move |source| StoreError::System { path: path.display().to_string(), source }
}

/// Writes a file under a name of its own, brings it to the disk, and gives it its name.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let unfinished = with_ending(path, UNFINISHED);
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

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(ending);
    path.with_file_name(name)
}

/// Writes a document with its checksum.
pub(crate) fn write_ron<T: Serialize>(path: &Path, document: &T) -> Result<(), StoreError> {
    write(path, sealed(&schema::to_ron(document)).as_bytes())
}

/// Writes a file that is no document, after the file with its checksum.
pub(crate) fn write_other(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let name = path.file_name().unwrap_or_default().display().to_string();
    write(&checksum_of(path), beside(&name, bytes).as_bytes())?;
    write(path, bytes)
}

/// A file that is no document, if there is one of this name; its checksum must fit before it is taken in.
pub(crate) fn read_other(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    if !path.try_exists().map_err(system(path))? {
        return Ok(None);
    }
    if !is_whole(path)? {
        return Err(StoreError::Damaged { path: path.display().to_string() });
    }
    fs::read(path).map(Some).map_err(system(path))
}

/// Whether a file that is no document is what its checksum says.
pub(crate) fn is_whole(path: &Path) -> Result<bool, StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let expected = beside_hash(&name, &file_digest(path).map_err(system(path))?);
    Ok(read_text(&checksum_of(path)).is_ok_and(|found| found == expected))
}

/// SHA-256 of a file of any size.
fn file_digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hexadecimal_of(&hash.finalize())),
            n_bytes => hash.update(&piece[..n_bytes]),
        }
    }
}

/// Where the checksum of a file that is no document stands.
pub(crate) fn checksum_of(path: &Path) -> PathBuf {
    with_ending(path, ".sha256")
}

/// Writes a document once: if it is there, it must be the same.
pub(crate) fn keep(path: &Path, document: &str) -> Result<(), StoreError> {
    match known(path)? {
        None => write(path, sealed(document).as_bytes()),
        Some(text) if text == document => Ok(()),
        Some(_) => Err(StoreError::Differs { path: path.display().to_string() }),
    }
}

/// A document without its checksum, if there is one of this name.
pub(crate) fn known(path: &Path) -> Result<Option<String>, StoreError> {
    if !path.try_exists().map_err(system(path))? {
        return Ok(None);
    }
    match opened(&read_text(path)?) {
        Seal::Whole(text) | Seal::Absent(text) => Ok(Some(text.to_owned())),
        Seal::Broken => Err(StoreError::Damaged { path: path.display().to_string() }),
    }
}

/// Reads a document whose checksum, if it has one, is right.
pub(crate) fn read_ron<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let text = known(path)?.ok_or_else(|| system(path)(ErrorKind::NotFound.into()))?;
    schema::from_ron(&text)
        .map_err(|source| StoreError::Malformed { path: path.display().to_string(), source })
}

/// The text of a document that somebody names: a regular file of UTF-8, at most 16 MiB of it.
pub fn read_text(path: &Path) -> Result<String, TextError> {
    let refuse = |reason: String| TextError { path: path.display().to_string(), reason };
    let broken = |error: io::Error| refuse(error.to_string());
    // Opening a pipe would wait for a writer; looking at it first does not.
    if !fs::metadata(path).map_err(broken)?.is_file() {
        return Err(refuse("it is not a file".to_owned()));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(broken)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(refuse(format!("it has more than the {MAX_BYTES} bytes a netsynth document may have")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let end = error.utf8_error().valid_up_to();
        refuse(format!("it is not text: byte {end} is not UTF-8"))
    })
}
