//! Many samples in one picture.

use image::{ImageFormat, Rgb, RgbImage};
use std::io;
use std::path::Path;

use crate::DataError;

/// Pixels between samples.
const GUTTER: usize = 4;
/// Samples smaller than this are shown enlarged, each pixel as a square.
const LEAST_SIDE: usize = 96;
const PAPER: u8 = 255;

/// Writes rows of samples as a PNG: every pixel as it is, enlarged by a whole factor where samples are small.
///
/// # Shapes
/// Each sample: one gray plane of `height * width` levels, row by row, or three of red, green and blue. Rows may differ
/// in length.
///
/// # Errors
/// The file cannot be written.
pub fn write_contact_sheet(
    path: &Path,
    rows: &[Vec<Vec<u8>>],
    height: usize,
    width: usize,
) -> Result<(), DataError> {
    let zoom = LEAST_SIDE.div_ceil(height.max(width)).max(1);
    let (row_step, column_step) = (height * zoom + GUTTER, width * zoom + GUTTER);
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let size = ((GUTTER + n_columns * column_step) as u32, (GUTTER + rows.len() * row_step) as u32);
    let mut sheet = RgbImage::from_pixel(size.0, size.1, Rgb([PAPER; 3]));
    for (row, samples) in rows.iter().enumerate() {
        for (column, pixels) in samples.iter().enumerate() {
            let (left, top) = (GUTTER + column * column_step, GUTTER + row * row_step);
            for y in 0..height * zoom {
                for x in 0..width * zoom {
                    let level = |plane: usize| pixels[plane + y / zoom * width + x / zoom];
                    let colour = match pixels.len() / (height * width) {
                        3 => [0, 1, 2].map(|plane| level(plane * height * width)),
                        _ => [level(0); 3],
                    };
                    sheet.put_pixel((left + x) as u32, (top + y) as u32, Rgb(colour));
                }
            }
        }
    }
    sheet
        .save_with_format(path, ImageFormat::Png)
        .map_err(|cause| DataError::Write { path: path.to_owned(), cause: io::Error::other(cause) })
}
