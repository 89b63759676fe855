//! Images as photographs of other sizes than the network's, with what netsynth itself makes of them.

use std::path::Path;

use netsynth_data::{Crop, DataOptions, Image, NoImage, Preparation, Scratch, Skipped};
use netsynth_run::RunError;

use super::shipment::DEFECT;

/// How much higher and wider than the network's images they are, in turns.
const SCALES: [(f64, f64); 4] = [(1.0, 1.0), (2.5, 1.75), (0.75, 1.5), (4.1, 4.1)];

/// Pixels of any size, red, green and blue of each.
pub(super) struct Photograph {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) pixels: Vec<u8>,
    /// The levels, plane by plane, that netsynth reads of it.
    pub(super) levels: Vec<u8>,
}

/// Each image, levels plane by plane of the size of `options`, as a photograph of one of a few sizes. Where a face is cut out of
/// photographs, it is cut out of these already.
pub(super) fn photographs(images: &[Vec<u8>], options: &DataOptions) -> Result<Vec<Photograph>, RunError> {
    let (crop, least) = match options.crop {
        Crop::Whole | Crop::Face { .. } | Crop::Boxes { .. } => (Crop::Whole, (1, 1)),
        Crop::Centre => (Crop::Centre, (1, 1)),
        Crop::Box { left, top, width, height } => {
            (options.crop.clone(), ((top + height) as usize, (left + width) as usize))
        }
    };
    let options = DataOptions { crop, ..options.clone() };
    let preparation = Preparation::new(&options, Path::new(""))?;
    let mut scratch = Scratch::default();
    let photograph = |(image, (down, across)): (&Vec<u8>, &(f64, f64))| {
        let height = ((options.height as f64 * down).round() as usize).max(least.0);
        let width = ((options.width as f64 * across).round() as usize).max(least.1);
        let pixels = enlarged(image, &options, height, width);
        let decoded = decoded(&pixels, height, width)?;
        let prepared = preparation.prepare(&decoded, "", &mut scratch);
        let prepared = prepared
            .map_err(|reason| defect(&Skipped { path: "a photograph".to_owned(), reason }.to_string()))?;
        Ok(Photograph { height, width, pixels, levels: prepared.pixels })
    };
    images.iter().zip(SCALES.iter().cycle()).map(photograph).collect()
}

/// An image at another size by its nearest pixels, whose edges are the hardest to resize.
fn enlarged(image: &[u8], options: &DataOptions, height: usize, width: usize) -> Vec<u8> {
    let plane = options.height * options.width;
    let level = |row: usize, column: usize, colour: usize| {
        let at = row * options.height / height * options.width + column * options.width / width;
        image[colour.min(options.colour.channels() - 1) * plane + at]
    };
    let pixels = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
    pixels.flat_map(|(row, column)| [0, 1, 2].map(|colour| level(row, column, colour))).collect()
}

fn decoded(pixels: &[u8], height: usize, width: usize) -> Result<Image, RunError> {
    let ppm = [format!("P6\n{width} {height}\n255\n").as_bytes(), pixels].concat();
    Image::decode(&ppm).map_err(|error| match error {
        NoImage::Shortage(cause) => defect(&cause.to_string()),
        NoImage::Unusable(reason) => defect(&format!("a photograph {reason}")),
    })
}

fn defect(reason: &str) -> RunError {
    RunError::new(format!("nothing to check the model on: {reason}"), DEFECT)
}
