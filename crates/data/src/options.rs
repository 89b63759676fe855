//! How a folder of faces is to be read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

use crate::{Crop, DataError, LabelSet, Layout};

/// Height and width of a sample, in pixels.
const SIDES: RangeInclusive<usize> = 8..=1024;

/// How a folder of faces is to be read. The default reads any layout to 48x48 gray, last three frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DataOptions {
    /// The layout of the folder; `None` takes the first that recognises it.
    pub layout: Option<Layout>,
    /// Height in pixels of every sample.
    pub height: usize,
    /// Width in pixels of every sample.
    pub width: usize,
    /// Whether samples are gray or in colour.
    pub colour: Colour,
    /// How many of the last frames of a labelled sequence carry its label (official CK+ layout).
    pub frames: usize,
    /// Which expressions are classes, where the layout has a coding of expressions.
    pub labels: LabelSet,
    /// The part of each image that is kept before it is resized.
    pub crop: Crop,
    /// Regular expression with the subject as its first group, matched on the path inside the class folder (for a
    /// flat folder, the file name). Class folders of any names hold no subjects without it.
    pub subject_pattern: Option<String>,
}

impl Default for DataOptions {
    fn default() -> DataOptions {
        DataOptions {
            layout: None,
            height: 48,
            width: 48,
            colour: Colour::Gray,
            frames: 3,
            labels: LabelSet::Seven,
            crop: Crop::Whole,
            subject_pattern: None,
        }
    }
}

impl DataOptions {
    /// Refuses options by which nothing could be read.
    ///
    /// # Errors
    /// Names the first option outside its range, with the range.
    pub fn check(&self) -> Result<(), DataError> {
        if !SIDES.contains(&self.height) || !SIDES.contains(&self.width) {
            let (least, most) = (SIDES.start(), SIDES.end());
            return Err(DataError::Option {
                option: "image size",
                value: format!("{}x{}", self.width, self.height),
                allowed: format!("{least}x{least} to {most}x{most}"),
            });
        }
        if self.frames == 0 {
            let allowed = "at least 1".to_owned();
            return Err(DataError::Option { option: "frames", value: "0".to_owned(), allowed });
        }
        self.crop.check()
    }
}

/// What a pixel of a sample is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Colour {
    /// One gray level: colour becomes BT.601 luma.
    #[default]
    Gray,
    /// Red, green and blue; where an image is gray they are the same.
    Rgb,
}

impl Colour {
    /// How many planes a sample has: the channels of a network's input.
    pub fn channels(self) -> usize {
        match self {
            Colour::Gray => 1,
            Colour::Rgb => 3,
        }
    }
}
