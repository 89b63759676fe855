//! Text files read line by line, within bounds: UTF-8 or, where they begin with its byte order mark, UTF-16; a line ends
//! in LF, CR LF or, as old Macs wrote it, CR.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use crate::DataError;

/// The longest line, in bytes: a 1024x1024 image in decimal numbers takes half of it.
const MAX_LINE_BYTES: usize = 8 << 20;
/// More lines than any table of faces has.
const MAX_LINES: usize = 2_000_000;
/// The most bytes of UTF-16, which is held in memory.
const MAX_UTF16_BYTES: u64 = 1 << 30;
/// A first line that names columns is a short one.
const MAX_HEADER_BYTES: usize = 1024;

/// Calls `take` with the number, from 1, and the text of every line that is not blank; `remedy` is for a file that
/// is beyond the bounds.
pub(crate) fn for_each_line(
    path: &Path,
    remedy: &'static str,
    mut take: impl FnMut(usize, &str) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let failed = |cause| DataError::Read { path: path.to_owned(), cause };
    let wrong = |line, reason: String| DataError::Table { path: path.to_owned(), line, reason, remedy };
    let mut reader = open(path, MAX_UTF16_BYTES).map_err(failed)?;
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let is_line = read_line(&mut reader, MAX_LINE_BYTES, &mut bytes).map_err(failed)?;
        if !is_line {
            break;
        }
        if number > MAX_LINES {
            return Err(wrong(number, format!("more than {MAX_LINES} lines are not read")));
        }
        if bytes.len() >= MAX_LINE_BYTES {
            return Err(wrong(number, format!("more than {MAX_LINE_BYTES} bytes in one line are not read")));
        }
        let text =
            std::str::from_utf8(&bytes).map_err(|_| wrong(number, "it is no text in UTF-8".to_owned()))?;
        let text = text.trim();
        if !text.is_empty() {
            take(number, text)?;
        }
    }
    Ok(())
}

/// The first line of a file that is not blank, as far as a header would reach; nothing where there is no text.
pub(crate) fn first_line(path: &Path) -> io::Result<Option<String>> {
    let mut reader = open(path, MAX_UTF16_BYTES)?;
    let mut bytes = Vec::new();
    while read_line(&mut reader, MAX_HEADER_BYTES, &mut bytes)? {
        let text = String::from_utf8_lossy(&bytes);
        if !text.trim().is_empty() {
            return Ok(Some(text.trim().to_owned()));
        }
        bytes.clear();
    }
    Ok(None)
}

/// A short text as a whole, such as a label: its first bytes, whatever they are encoded in.
pub(crate) fn short_text(path: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    open(path, most)?.take(most).read_to_string(&mut text)?;
    Ok(text)
}

/// A regular file as UTF-8, without its byte order mark; of UTF-16 no more than so many bytes.
fn open(path: &Path, most_wide: u64) -> io::Result<Box<dyn BufRead>> {
    let mut reader = BufReader::new(netsynth_files::open(path)?);
    let decode: fn([u8; 2]) -> u16 = match reader.fill_buf()? {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        [0xef, 0xbb, 0xbf, ..] => {
            reader.consume(3);
            return Ok(Box::new(reader));
        }
        _ => return Ok(Box::new(reader)),
    };
    reader.consume(2);
    let mut bytes = Vec::new();
    reader.take(most_wide + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_wide {
        return Err(io::Error::other("it is too long for UTF-16: save it as UTF-8"));
    }
    let units = bytes.chunks_exact(2).map(|pair| decode([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.map_err(|_| io::Error::other("it is no text in UTF-16: save it as UTF-8"))?;
    Ok(Box::new(Cursor::new(text)))
}

/// Reads the bytes of the next line, without its end, but no more than `most`; whether there is one.
fn read_line(reader: &mut dyn BufRead, most: usize, line: &mut Vec<u8>) -> io::Result<bool> {
    let mut is_line = false;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() || line.len() >= most {
            return Ok(is_line);
        }
        is_line = true;
        let room = buffer.len().min(most - line.len());
        let Some(end) = buffer[..room].iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            line.extend(&buffer[..room]);
            reader.consume(room);
            continue;
        };
        line.extend(&buffer[..end]);
        let is_return = buffer[end] == b'\r';
        reader.consume(end + 1);
        if is_return && reader.fill_buf()?.first() == Some(&b'\n') {
            reader.consume(1);
        }
        return Ok(true);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

    use std::fs;

    use super::*;
    use tempfile::tempdir;

    fn lines(bytes: &[u8]) -> Result<Vec<(usize, String)>, DataError> {
        let dir = tempdir().unwrap();
        let path = dir.path().join("t.csv");
        fs::write(&path, bytes).unwrap();
        let mut lines = Vec::new();
        for_each_line(&path, "", |number, line| {
            lines.push((number, line.to_owned()));
            Ok(())
        })?;
        Ok(lines)
    }

    fn utf16(text: &str, encode: fn(u16) -> [u8; 2]) -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(encode).collect()
    }

    #[test]
    fn a_line_is_the_same_by_whatever_end_and_encoding() {
        let expected = [(1, "emotion,pixels".to_owned()), (3, "3,é 𝒳".to_owned()), (4, "4,0".to_owned())];
        for end in ["\n", "\r\n", "\r"] {
            let text = ["emotion,pixels", "", " 3,é 𝒳", "4,0"].join(end);
            let marked = format!("\u{feff}{text}");
            let ways = [
                text.clone().into_bytes(),
                marked.into_bytes(),
                utf16(&text, u16::to_le_bytes),
                utf16(&text, u16::to_be_bytes),
                (text + end).into_bytes(),
            ];
            for bytes in ways {
                assert_eq!(lines(&bytes).unwrap(), expected, "{bytes:?}");
            }
        }
        assert_eq!(lines(b"").unwrap(), []);
        assert!(lines(b"\xff\xfe\x00\xd8\x00\xd8").unwrap_err().to_string().contains("UTF-16"));
        assert!(lines(b"a\nb\xff\n").unwrap_err().to_string().contains("t.csv:2: it is no text in UTF-8"));
    }
}
