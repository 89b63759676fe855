//! One folder for each class, of any names, with an optional subject pattern.

use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::folder::{Entry, entries, folders, lone_table, relative};
use super::{Layout, Listed, Listing, Picture};
use crate::{DataError, DataOptions, LabelSet, SkipReason};

/// How many folders deep images are looked for inside a class folder.
const MAX_DEPTH: usize = 3;
/// More entries than any data set of faces has.
const MAX_ENTRIES: usize = 2_000_000;

/// Any folder that does not hold a table of pixels alone.
pub(super) fn recognises(dir: &Path) -> Result<bool, DataError> {
    match lone_table(dir)? {
        Some(table) => Err(DataError::TableInside { path: dir.to_owned(), table }),
        None => Ok(true),
    }
}

/// The images of class folders of any names; the classes are the folders that hold images, sorted by name.
pub(super) fn list(dir: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    if options.labels != LabelSet::default() {
        return Err(DataError::UnusedLabels);
    }
    let subject = options.subject_pattern.as_deref().map(subject_regex).transpose()?;
    let classes = folders(dir)?;
    refuse_other_trees(dir, &classes)?;
    let mut listing = Listing::new(Layout::ClassFolders, Vec::new());
    for folder in classes {
        let (n_images, n_skipped) = (listing.images.len(), listing.skipped.len());
        let class = listing.classes.len();
        add_class(&mut listing, dir, &folder.path, class, subject.as_ref())?;
        if (listing.images.len(), listing.skipped.len()) != (n_images, n_skipped) {
            listing.classes.push(folder.name);
        }
    }
    Ok(listing)
}

/// A classifier of "train" against "test", or of S005 against S010, would train without complaint.
fn refuse_other_trees(dir: &Path, folders: &[Entry]) -> Result<(), DataError> {
    const PARTS: [&str; 8] =
        ["train", "training", "test", "val", "valid", "validation", "publictest", "privatetest"];
    let Some(first) = folders.first() else { return Ok(()) };
    if folders.iter().all(|folder| PARTS.contains(&folder.name.to_lowercase().as_str())) {
        let names = folders.iter().map(|folder| folder.name.clone()).collect();
        return Err(DataError::SplitFolders { path: dir.to_owned(), names });
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if folders.iter().all(|folder| folder.name.strip_prefix('S').is_some_and(is_number)) {
        return Err(DataError::SubjectFolders { path: dir.to_owned(), first: first.name.clone() });
    }
    Ok(())
}

/// The subject pattern, which has a group for the subject.
pub(super) fn subject_regex(pattern: &str) -> Result<Regex, DataError> {
    let wrong = |reason: String| DataError::Pattern { pattern: pattern.to_owned(), reason };
    let regex = Regex::new(pattern).map_err(|cause| wrong(cause.to_string()))?;
    if regex.captures_len() < 2 {
        return Err(wrong("it has no group, so it names no subject".to_owned()));
    }
    Ok(regex)
}

/// Adds every image below a class folder.
pub(super) fn add_class(
    listing: &mut Listing,
    dir: &Path,
    class_folder: &Path,
    class: usize,
    subject: Option<&Regex>,
) -> Result<(), DataError> {
    for path in images_below(class_folder)? {
        let subject = match subject {
            None => None,
            Some(pattern) => {
                let inside = relative(&path, class_folder);
                let Some(name) = pattern.captures(&inside).and_then(|groups| groups.get(1)) else {
                    listing.skip(&path, dir, SkipReason::NoSubject);
                    continue;
                };
                Some(name.as_str().to_owned())
            }
        };
        listing.images.push(Listed { picture: Picture::File(path), class, subject, usage: None });
    }
    Ok(())
}

/// Every image in `top` and the folders below it. Links are followed, but no folder is entered twice, so a link back
/// up ends.
fn images_below(top: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut found = Vec::new();
    let mut entered = BTreeSet::new();
    let mut n_entries = 0;
    let mut waiting = vec![(top.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let real =
            fs::canonicalize(&folder).map_err(|cause| DataError::Read { path: folder.clone(), cause })?;
        if !entered.insert(real) {
            continue;
        }
        for entry in entries(&folder)? {
            n_entries += 1;
            if n_entries > MAX_ENTRIES {
                return Err(DataError::TooManyEntries { path: top.to_owned(), limit: MAX_ENTRIES });
            }
            if entry.is_image() {
                found.push(entry.path);
            } else if entry.is_folder && depth < MAX_DEPTH {
                waiting.push((entry.path, depth + 1));
            }
        }
    }
    found.sort();
    Ok(found)
}
