//! What a layout says of its images before any is decoded, and the way from there to samples.

use fast_image_resize::Resizer;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::crop::Cropper;
use crate::dataset::{Unnumbered, Usage, assemble};
use crate::gray::{self, Gray};
use crate::{DataError, DataOptions, Dataset, Layout, SkipReason, Skipped, folder};

/// The most bytes of samples that are kept in memory.
const MAX_BYTES: usize = 8 << 30;

/// What a layout says of a folder before any image is decoded.
pub(crate) struct Listing {
    pub(crate) layout: Layout,
    pub(crate) classes: Vec<String>,
    pub(crate) images: Vec<Listed>,
    pub(crate) skipped: Vec<Skipped>,
}

/// An image and its label.
pub(crate) struct Listed {
    pub(crate) picture: Picture,
    pub(crate) class: usize,
    pub(crate) subject: Option<String>,
    pub(crate) usage: Option<Usage>,
}

/// Where an image is.
pub(crate) enum Picture {
    /// In a file, which is read when it is decoded.
    File(PathBuf),
    /// Here, from a place of this name.
    Decoded { name: String, gray: Gray },
}

impl Listing {
    /// Nothing found yet.
    pub(crate) fn new(layout: Layout, classes: Vec<String>) -> Listing {
        Listing { layout, classes, images: Vec::new(), skipped: Vec::new() }
    }

    /// Leaves out what is at `path` in the data folder `dir`.
    pub(crate) fn skip(&mut self, path: &Path, dir: &Path, reason: SkipReason) {
        self.skipped.push(Skipped { path: folder::relative(path, dir), reason });
    }
}

/// Decodes, crops and resizes every image, on all cores; `tell` hears how many of how many are done.
pub(crate) fn decode(
    dir: &Path,
    options: &DataOptions,
    listing: Listing,
    tell: &(dyn Fn(usize, usize) + Sync),
) -> Result<Dataset, DataError> {
    let Listing { layout, classes, images, mut skipped } = listing;
    let n_images = images.len();
    if images.is_empty() && skipped.is_empty() {
        return Err(DataError::NoImages { path: dir.to_owned(), layout });
    }
    if n_images * options.colour.channels() * options.height * options.width > MAX_BYTES {
        return Err(DataError::TooManyPixels { path: dir.to_owned(), images: n_images, limit: MAX_BYTES });
    }
    let cropper = Cropper::new(&options.crop)?;
    let n_done = AtomicUsize::new(0);
    let decoded: Vec<Result<Unnumbered, Skipped>> = images
        .into_par_iter()
        .map_init(
            || (Resizer::new(), None),
            |(resizer, detector), Listed { picture, class, subject, usage }| {
                let (source, gray) = match picture {
                    Picture::File(path) => (folder::relative(&path, dir), gray::read(&path)),
                    Picture::Decoded { name, gray } => (name, Ok(gray)),
                };
                let sample = gray.map_err(SkipReason::BadImage).and_then(|gray| {
                    let cut = cropper.cut(&gray, &source, detector)?;
                    let pixels =
                        gray::fit(gray, cut.place, options, resizer).map_err(SkipReason::BadImage)?;
                    Ok((pixels, cut.is_one_of_several))
                });
                tell(n_done.fetch_add(1, Ordering::Relaxed) + 1, n_images);
                match sample {
                    Ok((pixels, is_one_of_several)) => {
                        Ok(Unnumbered { pixels, class, subject, source, usage, is_one_of_several })
                    }
                    Err(reason) => Err(Skipped { path: source, reason }),
                }
            },
        )
        .collect();
    cropper.close()?;
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
        return Err(DataError::NothingLeft { path: dir.to_owned(), skipped: skipped.len(), example });
    };
    if good.iter().all(|sample| sample.class == first.class) {
        let class = classes[first.class].clone();
        return Err(DataError::OneClass { path: dir.to_owned(), class });
    }
    Ok(assemble(classes, good, skipped, options, Some(layout)))
}
