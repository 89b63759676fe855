use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::TextError;

/// The most bytes of a document that are read.
const MAX_BYTES: u64 = 16 << 20;

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
