//! A table with a row for each image, as FER2013 and `ckextended.csv` are: `emotion,pixels,Usage`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Layout, Listed, Listing, Picture};
use crate::image::Image;
use crate::lines::{cells, for_each_line};
use crate::{DataError, DataOptions, Expression, SkipReason, Skipped, Usage};

/// The longest side of an image in a row.
const MAX_SIDE: usize = 1024;
/// The most pixels that all rows together may have: what is kept in memory.
const MAX_PIXELS: usize = 4 << 30;
/// A header is one short line.
const MAX_HEADER_BYTES: u64 = 1024;

const REMEDY: &str = "a table of pixels has the columns emotion (0 anger, 1 disgust, 2 fear, 3 happiness, 4 sadness, 5 surprise, \
     6 neutral, 7 contempt), pixels (gray levels with spaces between) and optionally Usage";

/// The position of each column. They come in any order, with or without spaces.
struct Columns {
    emotion: usize,
    pixels: usize,
    usage: Option<usize>,
}

impl Columns {
    fn of_header(line: &str) -> Option<Columns> {
        let names = cells(line);
        let at = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        Some(Columns { emotion: at("emotion")?, pixels: at("pixels")?, usage: at("usage") })
    }
}

/// Whether the first line of the file at `path` names the columns.
pub(super) fn recognises(path: &Path) -> Result<bool, DataError> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_HEADER_BYTES).read_to_end(&mut start))
        .map_err(|cause| DataError::Read { path: path.to_owned(), cause })?;
    let text = String::from_utf8_lossy(&start);
    let header = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    Ok(Columns::of_header(header).is_some())
}

/// The images of the table at `path`.
pub(super) fn list(path: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    if options.subject_pattern.is_some() {
        return Err(DataError::UnusedPattern { layout: Layout::PixelTable, subjects: "names no subjects" });
    }
    let mut columns = None;
    let mut n_pixels = 0;
    let mut listing = Listing::new(Layout::PixelTable, options.labels.names());
    for_each_line(path, REMEDY, |number, line| {
        let wrong = |reason| DataError::Table { path: path.to_owned(), line: number, reason, remedy: REMEDY };
        let Some(Columns { emotion, pixels, usage }) = &columns else {
            let header = Columns::of_header(line);
            columns = Some(header.ok_or_else(|| wrong("no columns `emotion` and `pixels`".to_owned()))?);
            return Ok(());
        };
        let cells = cells(line);
        let cell = |column: usize| cells.get(column).copied().unwrap_or_default();
        let expression = expression(cell(*emotion)).map_err(wrong)?;
        let usage = usage.map(|column| usage_of(cell(column))).transpose().map_err(wrong)?;
        let name = format!("line {number}");
        let Some(class) = options.labels.class(expression) else {
            listing.skipped.push(Skipped { path: name, reason: SkipReason::OtherClass(expression) });
            return Ok(());
        };
        match picture(cell(*pixels)) {
            Ok(image) => {
                n_pixels += image.gray.len();
                if n_pixels > MAX_PIXELS {
                    return Err(wrong(format!("more than {MAX_PIXELS} pixels in one table are not read")));
                }
                let picture = Picture::Decoded { name, image };
                listing.images.push(Listed { picture, class, subject: None, usage });
            }
            Err(words) => listing.skipped.push(Skipped { path: name, reason: SkipReason::BadImage(words) }),
        }
        Ok(())
    })?;
    Ok(listing)
}

/// A code outside the coding means another coding: no label of such a table can be trusted.
fn expression(cell: &str) -> Result<Expression, String> {
    let code: Option<usize> = cell.parse().ok();
    code.and_then(|code| Expression::FER2013.get(code).copied())
        .ok_or_else(|| format!("emotion {cell:?} is not a code from 0 to {}", Expression::FER2013.len() - 1))
}

fn usage_of(cell: &str) -> Result<Usage, String> {
    match cell.to_lowercase().as_str() {
        "training" => Ok(Usage::Training),
        "publictest" => Ok(Usage::PublicTest),
        "privatetest" => Ok(Usage::PrivateTest),
        _ => Err(format!("Usage {cell:?} is not Training, PublicTest or PrivateTest")),
    }
}

/// A square image from its gray levels, row by row, with spaces between.
fn picture(cell: &str) -> Result<Image, String> {
    let mut pixels = Vec::with_capacity(48 * 48);
    for word in cell.split_ascii_whitespace() {
        pixels.push(word.parse().map_err(|_| format!("has a pixel {word:?}, not a number from 0 to 255"))?);
        if pixels.len() > MAX_SIDE * MAX_SIDE {
            return Err(format!("has more than {MAX_SIDE}x{MAX_SIDE} pixels"));
        }
    }
    let side = pixels.len().isqrt();
    if side == 0 || side * side != pixels.len() {
        return Err(format!("has {} pixels, which make no square image", pixels.len()));
    }
    Ok(Image { width: side as u32, height: side as u32, gray: pixels, colours: None })
}
