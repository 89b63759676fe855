//! The layouts of data sets of faces, behind one door.
//!
//! A folder is walked once, by [`folder::Folder::walk`], which sorts what it sees. A layout is a file of this folder with
//! two functions that look at what the walk brought back: `recognises`, and `list`, which finds the pictures with their
//! labels, subjects and uses, and names what it leaves out. Nothing is decoded here; [`crate::read`] does that for all of
//! them alike.
//!
//! To add one: write its file, and add a variant to [`Layout`]. The compiler then asks for its arms of `recognises`,
//! `list`, [`Layout::coding`] and the name; `tests/layouts.rs` has a suite that all layouts pass.

mod ck48;
mod ck_plus;
mod class_folders;
mod file_names;
mod folder;
mod listing;
mod other_trees;
mod pixel_table;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::{DataError, DataOptions, Expression};
use folder::Folder;
pub(crate) use listing::{Listed, Listing, Picture};
pub(crate) use pixel_table::REMEDY as TABLE_REMEDY;

/// Where the label and the subject of an image are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Layout {
    /// The official CK+ release: `cohn-kanade-images/S005/001/*.png` and `Emotion/S005/001/*_emotion.txt`.
    CkPlus,
    /// "CK+48": one folder for each expression, the subject before the file name's first underscore.
    Ck48,
    /// One file with a row for each image, as FER2013 and `ckextended.csv` are: `emotion,pixels,Usage`. No subjects.
    PixelTable,
    /// JAFFE or KDEF as they are given out: the expression and the person are in the names of the files.
    FileNames,
    /// One folder for each class, of any names; subjects only by a subject pattern.
    ClassFolders,
}

/// What is listed of a path, in the layout that is asked for or the first that recognises it.
pub(crate) fn list(path: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    if options.layout == Some(Layout::PixelTable) || !path.is_dir() {
        let is_table = options.layout.is_none_or(|layout| layout == Layout::PixelTable);
        if !is_table || (options.layout.is_none() && !pixel_table::recognises(path)?) {
            return Err(DataError::NotAFolder { path: path.to_owned() });
        }
        return pixel_table::list(path, options);
    }
    let tree = Folder::walk(path)?;
    let Recognised { layout, folder, note } = match options.layout {
        Some(layout) => Recognised { layout, folder: &tree, note: None },
        None => recognised(&tree)?,
    };
    let mut listing = match layout {
        Layout::CkPlus => ck_plus::list(folder, path, options),
        Layout::Ck48 => ck48::list(folder, path, options),
        Layout::FileNames => file_names::list(folder, path, options),
        Layout::ClassFolders | Layout::PixelTable => class_folders::list(folder, path, options),
    }?;
    listing.notes.extend(note);
    Ok(listing)
}

/// Every picture in the folder at `path` and in the folders below it, sorted by path, whatever it shows; those of kinds that
/// are not read are among them.
///
/// # Errors
/// A folder cannot be read.
pub fn pictures_in(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    Ok(Folder::walk(path)?.pictures_below().into_iter().map(|file| file.path.clone()).collect())
}

/// The layout of a tree, and the folder in it that has the layout.
struct Recognised<'a> {
    layout: Layout,
    folder: &'a Folder,
    note: Option<String>,
}

/// The first layout that recognises a tree; class folders are last, because any folders could be some.
fn recognised(tree: &Folder) -> Result<Recognised<'_>, DataError> {
    let mut folder = tree;
    loop {
        let found = |layout| Ok(Recognised { layout, folder, note: None });
        if ck_plus::recognises(folder) {
            return found(Layout::CkPlus);
        }
        other_trees::refuse_parts(folder)?;
        if ck48::recognises(folder)? {
            return found(Layout::Ck48);
        }
        if file_names::recognises(folder) {
            return found(Layout::FileNames);
        }
        let inner = folder.with_pictures();
        if inner.iter().any(|class| Expression::of_name(&class.name).is_some()) {
            return found(Layout::ClassFolders);
        }
        // An archive may lie in a folder of its own name. What is inside is read only if it is known for certain.
        match inner.as_slice() {
            [only] if folder.pictures().next().is_none() && !only.folders.is_empty() => folder = only,
            _ => break,
        }
    }
    if ck_plus::is_heap(tree) {
        return Ok(Recognised { layout: Layout::CkPlus, folder: tree, note: None });
    }
    if !tree.has_pictures() {
        return Err(match pixel_table::in_folder(tree)? {
            Some(table) => DataError::TableInside { path: tree.path.clone(), table },
            None => DataError::NoImages { path: tree.path.clone() },
        });
    }
    let note = other_trees::refuse_people(tree)?;
    other_trees::refuse_flat(tree)?;
    Ok(Recognised { layout: Layout::ClassFolders, folder: tree, note })
}

impl Layout {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Layout; 5] =
        [Layout::CkPlus, Layout::Ck48, Layout::FileNames, Layout::PixelTable, Layout::ClassFolders];

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
            Layout::FileNames => {
                "the file's name has two letters for the expression, AN anger, DI disgust, FE or AF fear, HA happiness, NE \
                 neutral, SA sadness, SU surprise, and begins with the person (JAFFE, KDEF): people are subjects"
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
            Layout::FileNames => "file names of JAFFE or KDEF",
            Layout::ClassFolders => "class folders",
        })
    }
}
