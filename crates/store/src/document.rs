//! RON documents with their checksums, read within bounds.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use netsynth_graph::schema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::atomic::{system, write};
use crate::checksum::{Checked, check, hexadecimal, with_checksum};
use crate::{StoreError, TextError};

/// The most bytes of a document that are read.
const MAX_BYTES: u64 = 16 << 20;

/// Writes a document, anew if it is there.
pub(crate) fn write_ron<T: Serialize>(path: &Path, document: &T) -> Result<(), StoreError> {
    write(path, with_checksum(&schema::to_ron(document)).as_bytes())
}

/// Writes a document once: if it is there, it must be the same.
pub(crate) fn keep<T: Serialize + DeserializeOwned + PartialEq>(
    path: &Path,
    document: &T,
) -> Result<(), StoreError> {
    match text(path)? {
        None => write_ron(path, document),
        Some(text) if agrees(document, &text) => Ok(()),
        Some(_) => Err(StoreError::Differs { path: path.display().to_string() }),
    }
}

/// Whether a text is this document, be it in today's form or in that of an earlier version.
pub(crate) fn agrees<T: Serialize + DeserializeOwned + PartialEq>(document: &T, text: &str) -> bool {
    schema::to_ron(document) == text || schema::from_ron::<T>(text).is_ok_and(|found| found == *document)
}

/// The text of a document without its checksum, if there is one of this name.
pub(crate) fn text(path: &Path) -> Result<Option<String>, StoreError> {
    if !path.try_exists().map_err(system(path))? {
        return Ok(None);
    }
    match check(&read_text(path)?) {
        Checked::Matches(text) | Checked::Absent(text) => Ok(Some(text.to_owned())),
        Checked::Differs => Err(StoreError::Damaged { path: path.display().to_string() }),
    }
}

/// Reads a document, if there is one of this name; its checksum, if it has one, must fit.
pub(crate) fn read_ron<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let parse = |text: String| {
        schema::from_ron(&text)
            .map_err(|source| StoreError::Malformed { path: path.display().to_string(), source })
    };
    text(path)?.map(parse).transpose()
}

/// Reads a document that must be there.
pub(crate) fn read_required<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    read_ron(path)?.ok_or_else(|| system(path)(ErrorKind::NotFound.into()))
}

/// The SHA-256 of a document, in hexadecimal.
pub fn digest<T: Serialize>(document: &T) -> String {
    hexadecimal(&Sha256::digest(schema::to_ron(document)))
}

/// The text of a document that a user names: a regular file of UTF-8, at most 16 MiB of it.
///
/// # Errors
/// The file cannot be read, is no regular file, is larger, or is no UTF-8.
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
