//! The part of an image that is kept: the same in each, given by a file, or found by a face detector.

mod box_file;
mod cache;
mod detector;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

use crate::error::check_range;
use crate::image::Image;
use crate::rectangle::Rectangle;
use crate::{DataError, SkipReason};
use box_file::BoxFile;
use cache::Cache;
pub(crate) use detector::Detector;

/// The widest margin, as a share of the face.
const MAX_MARGIN: f32 = 2.0;

/// The part of each image that is kept, before it is resized to the sample's height and width.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Crop {
    /// The whole image, whatever its proportions.
    #[default]
    // RON cannot write a name `None` plainly, which it was called first.
    #[serde(alias = "None")]
    Whole,
    /// The largest centred square.
    Centre,
    /// The same box in every image, in pixels of the original.
    Box {
        /// Pixels left of the box.
        left: u32,
        /// Pixels above the box.
        top: u32,
        /// Width of the box in pixels.
        width: u32,
        /// Height of the box in pixels.
        height: u32,
    },
    /// The largest face that the detector finds. What it found is remembered in the folder `face-boxes`.
    Face {
        /// What is added on each side, as a share of the face's side.
        margin: f32,
    },
    /// A box for each image from a file.
    Boxes {
        /// A table with the columns `path` (as netsynth names the image), `x`, `y`, `width`, `height`.
        file: PathBuf,
        /// What is added on each side, as a share of the box's side.
        margin: f32,
    },
}

impl Crop {
    pub(crate) fn check(&self) -> Result<(), DataError> {
        match self {
            Crop::Whole | Crop::Centre => Ok(()),
            Crop::Box { width, height, .. } if *width == 0 || *height == 0 => {
                let (option, value) = ("crop box", format!("{width}x{height}"));
                Err(DataError::Option { option, value, allowed: "at least 1x1 pixels".to_owned() })
            }
            Crop::Box { .. } => Ok(()),
            Crop::Face { margin } | Crop::Boxes { margin, .. } => {
                check_range("margin", *margin, 0.0..=MAX_MARGIN, ", as a share of the face")
            }
        }
    }
}

/// What is found in an image: how many faces, and the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Faces {
    pub(crate) count: usize,
    pub(crate) largest: Option<Rectangle>,
}

impl Faces {
    fn of(boxes: &[Rectangle]) -> Faces {
        // The first of equals, so that the order of a file decides.
        let largest = boxes.iter().copied().rev().max_by_key(|one| one.area());
        Faces { count: boxes.len(), largest }
    }
}

/// The part of an image that becomes a sample, and whether there was a choice of faces.
pub(crate) struct Cut {
    pub(crate) part: Rectangle,
    pub(crate) is_one_of_several: bool,
}

/// Finds the part of every image: made once, and used for each image from many threads.
pub(crate) enum Cropper {
    Same(Crop),
    /// Without a cache each face is looked for anew.
    Faces {
        cache: Option<Cache>,
        margin: f32,
    },
    Boxes {
        boxes: BoxFile,
        margin: f32,
    },
}

impl Cropper {
    /// Reads what the crop needs for images in the folder `dir`.
    pub(crate) fn new(crop: &Crop, dir: &Path) -> Result<Cropper, DataError> {
        match crop {
            Crop::Whole | Crop::Centre | Crop::Box { .. } => Ok(Cropper::Same(crop.clone())),
            Crop::Face { margin } => Ok(Cropper::Faces { cache: None, margin: *margin }),
            Crop::Boxes { file, margin } => {
                Ok(Cropper::Boxes { boxes: BoxFile::read(file, dir)?, margin: *margin })
            }
        }
    }

    /// The same with what the detector found before, and with what it finds now kept for the next time.
    pub(crate) fn remembering(crop: &Crop, dir: &Path) -> Result<Cropper, DataError> {
        match Cropper::new(crop, dir)? {
            Cropper::Faces { margin, .. } => Ok(Cropper::Faces { cache: Some(Cache::open()?), margin }),
            other @ (Cropper::Same(_) | Cropper::Boxes { .. }) => Ok(other),
        }
    }

    /// Where to cut the image of this name; `detector` is this thread's own.
    pub(crate) fn cut(
        &self,
        image: &Image,
        name: &str,
        detector: &mut Option<Detector>,
    ) -> Result<Cut, SkipReason> {
        let (faces, margin, none) = match self {
            Cropper::Same(crop) => {
                let part = same(crop, image);
                if !part.is_inside(image.size()) {
                    return Err(SkipReason::BadImage(outside(part, image)));
                }
                return Ok(Cut { part, is_one_of_several: false });
            }
            Cropper::Faces { cache, margin } => {
                let mut detect = || detector.get_or_insert_with(Detector::new).faces(image);
                let faces = match cache {
                    Some(cache) => cache.faces(image, detect),
                    None => detect(),
                };
                (faces, *margin, SkipReason::NoFace)
            }
            Cropper::Boxes { boxes, margin } => (boxes.faces(name), *margin, SkipReason::NoBox),
        };
        let part = faces.largest.ok_or(none)?;
        // A detector may see a face beyond the border; a file that does belongs to other images.
        if matches!(self, Cropper::Boxes { .. }) && !part.is_inside(image.size()) {
            return Err(SkipReason::BadImage(outside(part, image)));
        }
        Ok(Cut { part: part.widened(margin, image.size()), is_one_of_several: faces.count > 1 })
    }

    /// The name of an image that the crop's own file has.
    pub(crate) fn example(&self) -> Option<String> {
        match self {
            Cropper::Same(_) | Cropper::Faces { .. } => None,
            Cropper::Boxes { boxes, .. } => boxes.example().cloned(),
        }
    }

    /// Writes down what was found; why it could not comes back.
    pub(crate) fn close(self) -> Option<String> {
        match self {
            Cropper::Same(_) | Cropper::Boxes { .. } => None,
            Cropper::Faces { cache, .. } => cache.and_then(Cache::close),
        }
    }
}

fn same(crop: &Crop, image: &Image) -> Rectangle {
    let (full_width, full_height) = (i64::from(image.width), i64::from(image.height));
    match crop {
        Crop::Box { left, top, width, height } => Rectangle {
            left: (*left).into(),
            top: (*top).into(),
            width: (*width).into(),
            height: (*height).into(),
        },
        Crop::Centre => {
            let side = full_width.min(full_height);
            Rectangle {
                left: (full_width - side) / 2,
                top: (full_height - side) / 2,
                width: side,
                height: side,
            }
        }
        Crop::Whole | Crop::Face { .. } | Crop::Boxes { .. } => image.whole(),
    }
}

fn outside(part: Rectangle, image: &Image) -> String {
    let Rectangle { left, top, width, height } = part;
    format!(
        "is {}x{} pixels, and the crop box ({width}x{height} at {left},{top}) reaches outside",
        image.width, image.height
    )
}
