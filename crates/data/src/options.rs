//! How a folder of faces is to be read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::{Crop, DataError, LabelSet};

/// How a folder of faces is to be read. The default reads any layout to 48x48 gray, last three frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DataOptions {
    /// The layout of the folder; `None` looks and decides.
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
    /// Regular expression whose first group is the subject, matched on the path inside the class folder (for a
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
    pub(crate) fn check(&self) -> Result<(), DataError> {
        let refuse = |option, value: String, allowed| Err(DataError::Option { option, value, allowed });
        let side = 8..=1024;
        if !side.contains(&self.height) || !side.contains(&self.width) {
            return refuse("image size", format!("{}x{}", self.width, self.height), "8x8 to 1024x1024");
        }
        if self.frames == 0 {
            return refuse("frames", "0".to_owned(), "at least 1");
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

/// How the label and the subject of an image are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Layout {
    /// The official CK+ release: `cohn-kanade-images/S005/001/*.png` and `Emotion/S005/001/*_emotion.txt`.
    CkPlus,
    /// "CK+48": one folder for each expression, the subject before the file name's first underscore.
    Ck48,
    /// One file with a row for each image, as FER2013 and `ckextended.csv` are: `emotion,pixels,Usage`. No subjects.
    PixelTable,
    /// One folder for each class, of any names; subjects only by a subject pattern.
    ClassFolders,
}

impl Layout {
    /// What a label means, in words.
    pub fn coding(self) -> &'static str {
        match self {
            Layout::CkPlus => {
                "0 neutral, 1 anger, 2 contempt, 3 disgust, 4 fear, 5 happiness, 6 sadness, 7 surprise (CK+)"
            }
            Layout::Ck48 => "the folder's name is the expression",
            Layout::PixelTable => {
                "0 anger, 1 disgust, 2 fear, 3 happiness, 4 sadness, 5 surprise, 6 neutral (FER2013), 7 contempt \
                 (ckextended.csv)"
            }
            Layout::ClassFolders => "the folder's name is the class",
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Layout::CkPlus => "official CK+ layout",
            Layout::Ck48 => "CK+48 class folders",
            Layout::PixelTable => "table of pixels",
            Layout::ClassFolders => "class folders",
        })
    }
}
