use std::io::ErrorKind;
use std::path::Path;

use netsynth_files::{Shown, read};

use crate::TextError;

/// The most bytes of a document that are read.
const MAX_BYTES: u64 = 16 << 20;

const NO_UTF16: &str = "it is not text: it begins as UTF-16 and does not go on so";

/// How a text lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8 without a mark, as this program writes.
    Plain,
    /// UTF-8 with a byte order mark, or UTF-16, as editors and shells of Windows write.
    Other,
}

/// The text of a document that a user names: a regular file of UTF-8, at most 16 MiB of it.
///
/// # Errors
/// The file cannot be read, is no regular file, is larger, or is no UTF-8.
pub fn read_text(path: &Path) -> Result<String, TextError> {
    Ok(read_encoded(path)?.0)
}

/// The same, and how it lies there.
pub(crate) fn read_encoded(path: &Path) -> Result<(String, Encoding), TextError> {
    let refuse = |reason: String| TextError { path: path.shown(), reason };
    let bytes = read(path, MAX_BYTES).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => {
            refuse(format!("it has more than the {MAX_BYTES} bytes a netsynth document may have"))
        }
        _ => refuse(error.to_string()),
    })?;
    decoded(bytes).map_err(refuse)
}

/// The text that some bytes are, or why they are none.
pub(crate) fn decoded(mut bytes: Vec<u8>) -> Result<(String, Encoding), String> {
    let wide = match bytes.as_slice() {
        // Some editors put a byte order mark in front of UTF-8.
        [0xef, 0xbb, 0xbf, ..] => {
            bytes.drain(..3);
            return Ok((utf8(bytes)?, Encoding::Other));
        }
        // Some shells write UTF-16, and some programs without its mark: two letters have two zeros beside them.
        [0xff, 0xfe, wide @ ..] | wide @ [1..=u8::MAX, 0, 1..=u8::MAX, 0, ..] => {
            utf16(wide, u16::from_le_bytes)
        }
        [0xfe, 0xff, wide @ ..] | wide @ [0, 1..=u8::MAX, 0, 1..=u8::MAX, ..] => {
            utf16(wide, u16::from_be_bytes)
        }
        _ => return Ok((utf8(bytes)?, Encoding::Plain)),
    };
    wide.map(|text| (text, Encoding::Other)).ok_or_else(|| NO_UTF16.to_owned())
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let end = error.utf8_error().valid_up_to();
        format!("it is not text: byte {end} is not UTF-8")
    })
}

/// The text of whole units of UTF-16.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    char::decode_utf16(units.iter().copied().map(unit)).collect::<Result<_, _>>().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_text_and_may_announce_utf_16() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.ron");
        fs::write(&path, b"\xEF\xBB\xBF(schema: 1)").unwrap();
        assert_eq!(read_text(&path).unwrap(), "(schema: 1)");
        for encode in [u16::to_le_bytes, u16::to_be_bytes] {
            let wide: Vec<u8> = "\u{feff}(name: \"é𝒳\")".encode_utf16().flat_map(encode).collect();
            for bytes in [&wide[..], &wide[2..]] {
                fs::write(&path, bytes).unwrap();
                assert_eq!(read_text(&path).unwrap(), "(name: \"é𝒳\")");
            }
            fs::write(&path, &wide[..wide.len() - 1]).unwrap();
            assert!(read_text(&path).unwrap_err().reason.contains("UTF-16"));
        }
    }
}
