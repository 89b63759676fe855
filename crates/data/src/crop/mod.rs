//! The part of an image that is kept: the same in each, given by a file, or found by a face detector.

mod box_file;
mod cache;
mod detector;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

use crate::gray::Gray;
use crate::{DataError, SkipReason};
use box_file::BoxFile;
use cache::Cache;
use detector::Detector;

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
        let refuse = |option, value: String, allowed| Err(DataError::Option { option, value, allowed });
        match self {
            Crop::Whole | Crop::Centre => Ok(()),
            Crop::Box { width, height, .. } if *width == 0 || *height == 0 => {
                refuse("crop box", format!("{width}x{height}"), "at least 1x1 pixels")
            }
            Crop::Box { .. } => Ok(()),
            Crop::Face { margin } | Crop::Boxes { margin, .. } if !(0.0..=2.0).contains(margin) => {
                refuse("margin", margin.to_string(), "0 to 2, as a share of the face")
            }
            Crop::Face { .. } | Crop::Boxes { .. } => Ok(()),
        }
    }
}

/// A box in an image; it may reach outside until it is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rectangle {
    pub(crate) left: i64,
    pub(crate) top: i64,
    pub(crate) width: i64,
    pub(crate) height: i64,
}

impl Rectangle {
    fn area(self) -> i64 {
        self.width * self.height
    }

    fn is_inside(self, gray: &Gray) -> bool {
        self.left >= 0
            && self.top >= 0
            && self.left + self.width <= gray.width.into()
            && self.top + self.height <= gray.height.into()
    }

    /// With `margin` of its sides added on each side, then moved into the image, and made smaller only where it is
    /// larger than the image.
    fn widened(self, margin: f32, gray: &Gray) -> Rectangle {
        let wider = |start: i64, length: i64, room: i64| {
            let added = (f64::from(margin) * length as f64).round() as i64;
            let length_wider = (length + 2 * added).min(room);
            ((start + (length - length_wider) / 2).clamp(0, room - length_wider), length_wider)
        };
        let (left, width) = wider(self.left, self.width, gray.width.into());
        let (top, height) = wider(self.top, self.height, gray.height.into());
        Rectangle { left, top, width, height }
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

/// Where a sample is cut from its image, and whether there was a choice of faces.
pub(crate) struct Cut {
    pub(crate) place: Rectangle,
    pub(crate) is_one_of_several: bool,
}

/// What tells the part of every image: read once, asked for each image from many threads.
pub(crate) enum Cropper {
    Same(Crop),
    Faces { cache: Cache, margin: f32 },
    Boxes { boxes: BoxFile, margin: f32 },
}

impl Cropper {
    /// Reads what the crop needs.
    pub(crate) fn new(crop: &Crop) -> Result<Cropper, DataError> {
        match crop {
            Crop::Whole | Crop::Centre | Crop::Box { .. } => Ok(Cropper::Same(crop.clone())),
            Crop::Face { margin } => Ok(Cropper::Faces { cache: Cache::open()?, margin: *margin }),
            Crop::Boxes { file, margin } => {
                Ok(Cropper::Boxes { boxes: BoxFile::read(file)?, margin: *margin })
            }
        }
    }

    /// Where to cut the image of this name; `detector` is this thread's own.
    pub(crate) fn cut(
        &self,
        gray: &Gray,
        name: &str,
        detector: &mut Option<Detector>,
    ) -> Result<Cut, SkipReason> {
        let (faces, margin, none) = match self {
            Cropper::Same(crop) => {
                let place = same(crop, gray);
                if !place.is_inside(gray) {
                    return Err(SkipReason::BadImage(outside(place, gray)));
                }
                return Ok(Cut { place, is_one_of_several: false });
            }
            Cropper::Faces { cache, margin } => {
                let detect = || detector.get_or_insert_with(Detector::new).faces(gray);
                (cache.faces(gray, detect), *margin, SkipReason::NoFace)
            }
            Cropper::Boxes { boxes, margin } => (boxes.faces(name), *margin, SkipReason::NoBox),
        };
        let place = faces.largest.ok_or(none)?;
        // A detector may see a face beyond the border; a file that does belongs to other images.
        if matches!(self, Cropper::Boxes { .. }) && !place.is_inside(gray) {
            return Err(SkipReason::BadImage(outside(place, gray)));
        }
        Ok(Cut { place: place.widened(margin, gray), is_one_of_several: faces.count > 1 })
    }

    /// Writes down what was found.
    pub(crate) fn close(self) -> Result<(), DataError> {
        match self {
            Cropper::Same(_) | Cropper::Boxes { .. } => Ok(()),
            Cropper::Faces { cache, .. } => cache.close(),
        }
    }
}

fn same(crop: &Crop, gray: &Gray) -> Rectangle {
    let (full_width, full_height) = (i64::from(gray.width), i64::from(gray.height));
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
        Crop::Whole | Crop::Face { .. } | Crop::Boxes { .. } => {
            Rectangle { left: 0, top: 0, width: full_width, height: full_height }
        }
    }
}

fn outside(place: Rectangle, gray: &Gray) -> String {
    let Rectangle { left, top, width, height } = place;
    format!(
        "is {}x{} pixels, and the crop box ({width}x{height} at {left},{top}) reaches outside",
        gray.width, gray.height
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_moves_a_box_inside_before_it_makes_it_smaller() {
        let gray = Gray { width: 100, height: 60, pixels: Vec::new(), colours: None };
        let at = |left, top, side| Rectangle { left, top, width: side, height: side };
        assert_eq!(at(40, 20, 20).widened(0.25, &gray), at(35, 15, 30));
        assert_eq!(at(0, 40, 20).widened(0.25, &gray), at(0, 30, 30));
        assert_eq!(at(-10, 30, 40).widened(0.0, &gray), at(0, 20, 40));
        let wide = at(40, 10, 40).widened(0.5, &gray);
        assert_eq!((wide.left, wide.top, wide.width, wide.height), (20, 0, 80, 60));
    }
}
