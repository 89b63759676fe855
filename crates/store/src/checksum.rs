//! Checksums: how a change of one bit in a run folder is noticed.
//!
//! A RON document ends in a comment with the SHA-256 of all before it, so a file and its checksum appear together. Any
//! other file `NAME` has its checksum in `NAME.sha256` beside it, as `sha256sum -c` reads it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::atomic::{system, write};
use crate::document::read_text;
use crate::layout::checksum_of;

/// How the last line of a document begins.
const MARK: &str = "// sha256 ";

/// What a document's last line says of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked<'a> {
    /// The checksum fits the document, which is this.
    Matches(&'a str),
    /// There is no checksum: an earlier version wrote it, or a person.
    Absent(&'a str),
    /// The document is not what was written.
    Differs,
}

/// The document with its checksum as the last line.
pub(crate) fn with_checksum(document: &str) -> String {
    format!("{document}{MARK}{}\n", hexadecimal(&Sha256::digest(document)))
}

/// Checks a document against its last line.
pub(crate) fn check(text: &str) -> Checked<'_> {
    let Some(start) = text.rfind(MARK) else { return Checked::Absent(text) };
    let document = &text[..start];
    if with_checksum(document) == text { Checked::Matches(document) } else { Checked::Differs }
}

/// Writes a file that is no document, after the file with its checksum.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write(&checksum_of(path), line(path, &Sha256::digest(bytes)).as_bytes())?;
    write(path, bytes)
}

/// The bytes of a file that is no document, if there is one of this name; its checksum must fit before it is read.
pub(crate) fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    if !path.try_exists().map_err(system(path))? {
        return Ok(None);
    }
    if !matches_checksum(path)? {
        return Err(StoreError::Damaged { path: path.display().to_string() });
    }
    fs::read(path).map(Some).map_err(system(path))
}

/// Whether a file that is no document is what its checksum says.
pub(crate) fn matches_checksum(path: &Path) -> Result<bool, StoreError> {
    let expected = line(path, &digest_of_file(path).map_err(system(path))?);
    Ok(read_text(&checksum_of(path)).is_ok_and(|found| found == expected))
}

/// The content of `NAME.sha256` for a file of this path and digest.
fn line(path: &Path, digest: &[u8]) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{}  {name}\n", hexadecimal(digest))
}

/// SHA-256 of a file of any size.
fn digest_of_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hash.finalize().to_vec()),
            n_bytes => hash.update(&piece[..n_bytes]),
        }
    }
}

/// A digest in hexadecimal.
pub(crate) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
