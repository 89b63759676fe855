//! RON documents with their checksums, read within bounds.

use std::io::ErrorKind;
use std::path::Path;

use netsynth_graph::schema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::atomic::{system, write};
use crate::checksum::{Checked, check, hexadecimal, with_checksum};
use crate::text::read_text;

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
