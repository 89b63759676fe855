//! The way from a path to a dataset: a layout lists the images, and each is decoded, cropped and resized.

use rayon::prelude::*;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::dataset::{Unnumbered, assemble};
use crate::image::{Image, NoImage};
use crate::layouts::{self, Listed, Listing, Picture};
use crate::names::relative;
use crate::preparation::{Preparation, Prepared, Scratch};
use crate::threads::start_threads;
use crate::{DataError, DataOptions, Dataset, Layout, SkipReason, Skipped};

/// The most bytes of samples that are kept in memory.
const MAX_BYTES: usize = 8 << 30;

impl Dataset {
    /// Reads the folder `path`, or the table of pixels in the file `path`.
    ///
    /// An image that cannot be used among good ones is not an error: it is in [`Dataset::skipped`].
    ///
    /// # Errors
    /// Nothing is there, or not in a known layout, a label is malformed, nothing is left, or one class only.
    pub fn load(path: &Path, options: &DataOptions) -> Result<Dataset, DataError> {
        Dataset::load_with(path, options, &|_, _| {})
    }

    /// [`Dataset::load`] with a callback after each image, from many threads: how many are done, of how many.
    ///
    /// # Errors
    /// Those of [`Dataset::load`].
    pub fn load_with(
        path: &Path,
        options: &DataOptions,
        on_image: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Dataset, DataError> {
        options.check()?;
        if !path.exists() {
            return Err(DataError::MissingFolder { path: path.to_owned() });
        }
        decode(path, options, layouts::list(path, options)?, on_image)
    }
}

/// Decodes, crops and resizes every image, on all cores.
fn decode(
    dir: &Path,
    options: &DataOptions,
    listing: Listing,
    on_image: &(dyn Fn(usize, usize) + Sync),
) -> Result<Dataset, DataError> {
    let Listing { layout, classes, images, mut skipped, mut notes, .. } = listing;
    let n_images = images.len();
    if images.is_empty() && skipped.is_empty() {
        return Err(DataError::NoImages { path: dir.to_owned() });
    }
    if n_images * options.colour.channels() * options.height * options.width > MAX_BYTES {
        return Err(DataError::TooManyPixels { path: dir.to_owned(), images: n_images, limit: MAX_BYTES });
    }
    let preparation = Preparation::remembering(options, dir)?;
    let n_done = AtomicUsize::new(0);
    start_threads()?;
    let decoded: Result<Vec<Result<Unnumbered, Skipped>>, DataError> = images
        .into_par_iter()
        .map_init(Scratch::default, |scratch, Listed { picture, class, subject, usage }| {
            let (source, image) = match picture {
                Picture::File(path) => {
                    let image = match Image::read(&path) {
                        Err(NoImage::Shortage(cause)) => return Err(DataError::Read { path, cause }),
                        Err(NoImage::Unusable(reason)) => Err(reason),
                        Ok(image) => Ok(image),
                    };
                    (relative(&path, dir), image)
                }
                Picture::Decoded { name, image } => (name, Ok(image)),
            };
            let sample = image
                .map_err(SkipReason::BadImage)
                .and_then(|image| preparation.prepare(&image, &source, scratch));
            on_image(n_done.fetch_add(1, Ordering::Relaxed) + 1, n_images);
            Ok(match sample {
                Ok(Prepared { pixels, is_one_of_several, .. }) => {
                    Ok(Unnumbered { pixels, class, subject, source, usage, is_one_of_several })
                }
                Err(reason) => Err(Skipped { path: source, reason }),
            })
        })
        .collect();
    let decoded = decoded?;
    let not_matched = preparation.example();
    notes.extend(preparation.close());
    let mut good = Vec::with_capacity(decoded.len());
    for sample in decoded {
        match sample {
            Ok(sample) => good.push(sample),
            Err(bad) => skipped.push(bad),
        }
    }
    let Some(first) = good.first() else {
        let worst = skipped.iter().find(|skipped| skipped.reason.is_defect()).or(skipped.first());
        let example = worst.map(ToString::to_string).unwrap_or_default();
        let remedy = match (worst.map(|skipped| &skipped.reason), not_matched) {
            (Some(SkipReason::NoBox), Some(row)) => format!("{}; it has {row}", SkipReason::NoBox.remedy()),
            (Some(SkipReason::BadImage(_)), _) if layout == Layout::PixelTable => {
                layouts::TABLE_REMEDY.to_owned()
            }
            (reason, _) => reason.map(SkipReason::remedy).unwrap_or_default().to_owned(),
        };
        let (path, skipped) = (dir.to_owned(), skipped.len());
        return Err(DataError::NothingLeft { path, skipped, example, remedy });
    };
    if good.iter().all(|sample| sample.class == first.class) {
        let class = classes[first.class].clone();
        return Err(DataError::OneClass { path: dir.to_owned(), class, layout });
    }
    Ok(Dataset { notes, ..assemble(classes, good, skipped, options, Some(layout)) })
}
