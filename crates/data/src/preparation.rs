//! The way from an image to a sample, the same in training and afterwards.

use std::path::Path;

use fast_image_resize::Resizer;

use crate::crop::{Cropper, Detector};
use crate::image::Image;
use crate::{DataError, DataOptions, Rectangle, SkipReason};

/// How images become samples: shared by threads, each with a [`Scratch`] of its own.
///
/// ```
/// use netsynth_data::{DataOptions, Image, Preparation, Scratch};
///
/// let options = DataOptions { height: 8, width: 8, ..DataOptions::default() };
/// let preparation = Preparation::new(&options, std::path::Path::new(""))?;
/// let image = Image::decode(&[b"P5 16 16 255\n".as_slice(), &[128; 256]].concat()).expect("a gray picture");
/// let prepared = preparation.prepare(&image, "gray.pgm", &mut Scratch::default()).expect("all of it is kept");
/// assert_eq!(prepared.pixels, [128; 64]);
/// # Ok::<(), netsynth_data::DataError>(())
/// ```
pub struct Preparation<'a> {
    cropper: Cropper,
    options: &'a DataOptions,
}

/// What a thread uses again from image to image.
#[derive(Default)]
pub struct Scratch {
    resizer: Resizer,
    detector: Option<Detector>,
}

/// An image as a network sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Levels row by row, plane by plane: `channels * height * width` of the options.
    pub pixels: Vec<u8>,
    /// The part of the image that it is.
    pub part: Rectangle,
    /// Whether it is the largest of several faces.
    pub is_one_of_several: bool,
}

impl<'a> Preparation<'a> {
    /// For images that a file of boxes names as they are called in the folder `dir`. Each face is looked for anew, and
    /// none is remembered.
    ///
    /// # Errors
    /// An option is out of its range, or the file of boxes cannot be read.
    pub fn new(options: &'a DataOptions, dir: &Path) -> Result<Self, DataError> {
        options.check()?;
        Ok(Self { cropper: Cropper::new(&options.crop, dir)?, options })
    }

    /// The same for a data set: what the detector finds is remembered until the next time.
    pub(crate) fn remembering(options: &'a DataOptions, dir: &Path) -> Result<Self, DataError> {
        Ok(Self { cropper: Cropper::remembering(&options.crop, dir)?, options })
    }

    /// Crops and resizes the image of this name.
    ///
    /// # Errors
    /// There is no face, no box, or the crop reaches outside of the image.
    pub fn prepare(&self, image: &Image, name: &str, scratch: &mut Scratch) -> Result<Prepared, SkipReason> {
        let cut = self.cropper.cut(image, name, &mut scratch.detector)?;
        let pixels = image.fitted(cut.part, self.options, &mut scratch.resizer);
        Ok(Prepared {
            pixels: pixels.map_err(SkipReason::BadImage)?,
            part: cut.part,
            is_one_of_several: cut.is_one_of_several,
        })
    }

    /// The name of an image that the crop's own file has.
    pub(crate) fn example(&self) -> Option<String> {
        self.cropper.example()
    }

    /// Writes down what was found, if that is wanted; why it could not comes back.
    pub(crate) fn close(self) -> Option<String> {
        self.cropper.close()
    }
}
