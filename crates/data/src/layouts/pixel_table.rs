//! A table with a row for each image, as FER2013 and `ckextended.csv` are: `emotion,pixels,Usage`.

use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::{Layout, Listed, Listing, Picture};
use crate::cells::{Separator, whole_number};
use crate::image::Image;
use crate::lines::{first_line, for_each_line};
use crate::{DataError, DataOptions, Expression, SkipReason, Skipped, Usage};

/// The longest side of an image in a row.
const MAX_SIDE: usize = 1024;
/// The most pixels that all rows together may have: what is kept in memory.
const MAX_PIXELS: usize = 4 << 30;

pub(crate) const REMEDY: &str = "a table of pixels has the columns emotion (0 anger, 1 disgust, 2 fear, 3 happiness, 4 sadness, 5 surprise, \
     6 neutral, 7 contempt), pixels (gray levels with spaces between) and optionally Usage";

/// The position of each column. They come in any order, with or without spaces.
struct Columns {
    separator: Separator,
    emotion: usize,
    pixels: usize,
    usage: Option<usize>,
}

impl Columns {
    fn of_header(line: &str) -> Option<Columns> {
        let (separator, [emotion, pixels]) = Separator::of_header(line, ["emotion", "pixels"])?;
        let usage = separator.cells(line).iter().position(|name| name.eq_ignore_ascii_case("usage"));
        Some(Columns { separator, emotion, pixels, usage })
    }
}

/// Whether the first line of the file at `path` names the columns.
pub(super) fn recognises(path: &Path) -> Result<bool, DataError> {
    let header = first_line(path).map_err(|cause| DataError::Read { path: path.to_owned(), cause })?;
    Ok(header.is_some_and(|header| Columns::of_header(&header).is_some()))
}

/// The table in a folder without pictures: an unpacked archive. One that is no table of pixels is better than none.
pub(super) fn in_folder(folder: &Folder) -> Result<Option<PathBuf>, DataError> {
    let is_table = |name: &str| name.to_lowercase().ends_with(".csv");
    let tables: Vec<_> = folder.files_below().into_iter().filter(|file| is_table(&file.name)).collect();
    for table in &tables {
        if recognises(&table.path)? {
            return Ok(Some(table.path.clone()));
        }
    }
    Ok(tables.first().map(|table| table.path.clone()))
}

/// The images of the table at `path`.
pub(super) fn list(path: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    if options.subject_pattern.is_some() {
        return Err(DataError::UnusedPattern { layout: Layout::PixelTable, subjects: "names no subjects" });
    }
    let mut columns = None;
    let mut n_pixels = 0;
    let mut listing = Listing::new(path, Layout::PixelTable, options.labels.names());
    for_each_line(path, REMEDY, |number, line| {
        let wrong = |reason| DataError::Table { path: path.to_owned(), line: number, reason, remedy: REMEDY };
        let Some(Columns { separator, emotion, pixels, usage }) = &columns else {
            let header = Columns::of_header(line);
            columns = Some(header.ok_or_else(|| wrong("no columns `emotion` and `pixels`".to_owned()))?);
            return Ok(());
        };
        let cells = separator.cells(line);
        let cell = |column: usize| cells.get(column).map_or("", |cell| cell.as_ref());
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
    if listing.images.is_empty() && listing.skipped.is_empty() {
        return Err(DataError::EmptyTable { path: path.to_owned(), remedy: REMEDY });
    }
    Ok(listing)
}

/// A code outside the coding means another coding: no label of such a table can be trusted.
fn expression(cell: &str) -> Result<Expression, String> {
    let code = whole_number(cell).and_then(|code| usize::try_from(code).ok());
    code.and_then(|code| Expression::FER2013.get(code).copied())
        .ok_or_else(|| format!("emotion {cell:?} is not a code from 0 to {}", Expression::FER2013.len() - 1))
}

/// What a cell of the column Usage says, as FER2013 and people write it.
fn usage_of(cell: &str) -> Result<Usage, String> {
    let letters: String = cell.chars().filter(|letter| letter.is_alphanumeric()).collect();
    match letters.to_lowercase().as_str() {
        "training" | "train" | "trn" | "trainset" | "trainingset" => Ok(Usage::Training),
        "publictest" | "public" | "validation" | "valid" | "vali" | "val" | "valset" | "validationset"
        | "dev" | "devel" | "development" | "devset" => Ok(Usage::PublicTest),
        "privatetest" | "private" | "testing" | "test" | "tst" | "testset" | "testingset" | "holdout"
        | "heldout" => Ok(Usage::PrivateTest),
        _ => Err(format!("Usage {cell:?} is not Training, PublicTest (validation) or PrivateTest (test)")),
    }
}

/// A square image from its gray levels, row by row, with spaces between.
fn picture(cell: &str) -> Result<Image, String> {
    let mut pixels = Vec::with_capacity(48 * 48);
    for word in cell.split_ascii_whitespace() {
        let level = word.parse().ok().or_else(|| whole_number(word).and_then(|level| level.try_into().ok()));
        pixels.push(level.ok_or_else(|| format!("has a pixel {word:?}, not a whole number from 0 to 255"))?);
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
