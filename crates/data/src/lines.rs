//! Text files read line by line, within bounds.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::DataError;

/// The longest line, in bytes: a 1024x1024 image in decimal numbers takes half of it.
const MAX_LINE_BYTES: u64 = 8 << 20;
/// More lines than any table of faces has.
const MAX_LINES: usize = 2_000_000;

/// Calls `take` with the number, from 1, and the text of every line that is not blank; `remedy` is for a file that
/// is beyond the bounds.
pub(crate) fn for_each_line(
    path: &Path,
    remedy: &'static str,
    mut take: impl FnMut(usize, &str) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let failed = |cause| DataError::Read { path: path.to_owned(), cause };
    let wrong = |line, reason: String| DataError::Table { path: path.to_owned(), line, reason, remedy };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let read = reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes).map_err(failed)?;
        if read == 0 {
            break;
        }
        if number > MAX_LINES {
            return Err(wrong(number, format!("more than {MAX_LINES} lines are not read")));
        }
        if read as u64 == MAX_LINE_BYTES {
            return Err(wrong(number, format!("more than {MAX_LINE_BYTES} bytes in one line are not read")));
        }
        let text =
            std::str::from_utf8(&bytes).map_err(|_| wrong(number, "it is no text in UTF-8".to_owned()))?;
        // Spreadsheets put a byte order mark in front of the first line.
        let text = text.trim_start_matches('\u{feff}').trim();
        if !text.is_empty() {
            take(number, text)?;
        }
    }
    Ok(())
}

/// The cells of a line of comma-separated values, without spaces and quotes around them. No cell of the tables that
/// are read here has a comma inside.
pub(crate) fn cells(line: &str) -> Vec<&str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"').trim()).collect()
}
