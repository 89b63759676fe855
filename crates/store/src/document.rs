//! RON documents with their seals, read within bounds.

use std::path::Path;

use netsynth_files::Shown;
use netsynth_graph::schema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::atomic::{system, write};
use crate::checksum::{check, refuse, sealed, sha256};
use crate::text::read_encoded;

/// Writes a document, anew if it is there. Its place is its path in the run's folder.
pub(crate) fn write_ron<T: Serialize>(path: &Path, place: &Path, document: &T) -> Result<(), StoreError> {
    write(path, sealed(&schema::to_ron(document), place).as_bytes())
}

/// Whether a text is this document, be it in today's form or in that of an earlier version.
pub(crate) fn agrees<T: Serialize + DeserializeOwned + PartialEq>(document: &T, text: &str) -> bool {
    schema::to_ron(document) == text || schema::from_ron::<T>(text).is_ok_and(|found| found == *document)
}

/// The text of a document without its seal, if there is one of this name; a seal must fit.
pub(crate) fn text(path: &Path, place: &Path) -> Result<Option<String>, StoreError> {
    if !path.try_exists().map_err(system(path))? {
        return Ok(None);
    }
    let (text, encoding) = read_encoded(path)?;
    let (document, seal) = check(&text, encoding, place);
    refuse(path, seal)?;
    Ok(Some(document.to_owned()))
}

/// Reads a document, if there is one of this name.
pub(crate) fn read_ron<T: DeserializeOwned>(path: &Path, place: &Path) -> Result<Option<T>, StoreError> {
    let parse = |text: String| {
        schema::from_ron(&text).map_err(|source| StoreError::Malformed { path: path.shown(), source })
    };
    text(path, place)?.map(parse).transpose()
}

/// The SHA-256 of a document, in hexadecimal.
pub fn digest<T: Serialize>(document: &T) -> String {
    sha256(schema::to_ron(document))
}
