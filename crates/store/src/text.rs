use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::TextError;

/// The most bytes of a document that are read.
const MAX_BYTES: u64 = 16 << 20;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

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
    // Some editors put a byte order mark in front of UTF-8.
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    String::from_utf8(bytes).map_err(|error| {
        let end = error.utf8_error().valid_up_to();
        refuse(format!("it is not text: byte {end} is not UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.ron");
        fs::write(&path, b"\xEF\xBB\xBF(schema: 1)").unwrap();
        assert_eq!(read_text(&path).unwrap(), "(schema: 1)");
        fs::write(&path, b"\xFF\xFE(\0").unwrap();
        assert!(read_text(&path).unwrap_err().reason.contains("byte 0 is not UTF-8"));
    }
}
