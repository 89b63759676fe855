//! The layouts of data sets of faces, behind one door.
//!
//! A layout is a file of this folder with two functions: `recognises` looks at the names at a path, and `list` finds the
//! images with their labels, subjects and uses. Nothing is decoded here; [`crate::read`] does that for all of them alike.
//!
//! To add one: write its file, and add a variant to [`Layout`]. The compiler then asks for its arms of `recognises`,
//! `list`, [`Layout::coding`] and the name; `tests/layouts.rs` has a suite that all layouts pass.

mod ck48;
mod ck_plus;
mod class_folders;
mod folder;
mod listing;
mod pixel_table;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

use crate::{DataError, DataOptions};
pub(crate) use folder::relative;
pub(crate) use listing::{Listed, Listing, Picture};

/// Where the label and the subject of an image are.
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
    /// All of them, in the order in which they are tried: class folders are last, because they recognise any folder.
    pub const ALL: [Layout; 4] = [Layout::CkPlus, Layout::Ck48, Layout::PixelTable, Layout::ClassFolders];

    /// The layout of what is at `path`: the first that recognises it.
    ///
    /// # Errors
    /// The path cannot be read, or is a file that is no table of pixels, or a folder that holds such a table only.
    pub fn of(path: &Path) -> Result<Layout, DataError> {
        for layout in Layout::ALL {
            if layout.recognises(path)? {
                return Ok(layout);
            }
        }
        Err(DataError::NotAFolder { path: path.to_owned() })
    }

    fn recognises(self, path: &Path) -> Result<bool, DataError> {
        let is_folder = path.is_dir();
        match self {
            Layout::CkPlus => Ok(is_folder && ck_plus::recognises(path)?),
            Layout::Ck48 => Ok(is_folder && ck48::recognises(path)?),
            Layout::PixelTable => Ok(!is_folder && pixel_table::recognises(path)?),
            Layout::ClassFolders => Ok(is_folder && class_folders::recognises(path)?),
        }
    }

    /// Finds the images at `path`, and what is left out.
    pub(crate) fn list(self, path: &Path, options: &DataOptions) -> Result<Listing, DataError> {
        match self {
            Layout::CkPlus => ck_plus::list(path, options),
            Layout::Ck48 => ck48::list(path, options),
            Layout::PixelTable => pixel_table::list(path, options),
            Layout::ClassFolders => class_folders::list(path, options),
        }
    }

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
