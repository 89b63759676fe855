//! One folder for each class: "CK+48" with the names of expressions, or any names with an optional subject pattern.

use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::folder::{Entry, entries, folders, images, relative};
use crate::listing::{Listed, Listing, Picture};
use crate::{DataError, DataOptions, Expression, LabelSet, Layout, SkipReason};

/// In `S010_004_00000017.png` the subject is the text before the first underscore.
const CK48_SUBJECT: &str = r"(?:^|/)(S\d+)_[^/]*$";
/// How many folders deep images are looked for inside a class folder.
const MAX_DEPTH: usize = 3;
/// More entries than any data set of faces has.
const MAX_ENTRIES: usize = 2_000_000;

/// Whether all folders of `dir` are named by expressions of CK+, and the first image as CK+48 names its images.
pub(crate) fn matches_ck48(dir: &Path) -> Result<bool, DataError> {
    let classes = folders(dir)?;
    if classes.is_empty() || classes.iter().any(|class| Expression::of_folder(&class.name).is_none()) {
        return Ok(false);
    }
    let subject = subject_regex(CK48_SUBJECT)?;
    for class in classes {
        if let Some(image) = images(&class.path)?.first() {
            return Ok(subject.is_match(&image.name));
        }
    }
    Ok(false)
}

/// The images of the class folders of CK+48; the classes are those of the label set.
pub(crate) fn list_ck48(dir: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    let mut classes: Vec<(Expression, Entry)> = Vec::new();
    for folder in folders(dir)? {
        let Some(expression) = Expression::of_folder(&folder.name) else {
            return Err(DataError::UnknownExpression { path: folder.path });
        };
        if let Some((_, first)) = classes.iter().find(|(known, _)| *known == expression) {
            let (first, second) = (first.path.clone(), folder.path);
            return Err(DataError::SameClassTwice { first, second, class: expression.name() });
        }
        classes.push((expression, folder));
    }
    classes.sort_by_key(|(expression, _)| *expression);
    let subject = subject_regex(options.subject_pattern.as_deref().unwrap_or(CK48_SUBJECT))?;
    let mut listing = Listing::new(Layout::Ck48, options.labels.names());
    for (expression, folder) in classes {
        match options.labels.class(expression) {
            Some(class) => add_class(&mut listing, dir, &folder.path, class, Some(&subject))?,
            None => listing.skip(&folder.path, dir, SkipReason::OtherClass(expression)),
        }
    }
    Ok(listing)
}

/// The images of class folders of any names; the classes are the folders that hold images, sorted by name.
pub(crate) fn list(dir: &Path, options: &DataOptions) -> Result<Listing, DataError> {
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

fn subject_regex(pattern: &str) -> Result<Regex, DataError> {
    let wrong = |reason: String| DataError::Pattern { pattern: pattern.to_owned(), reason };
    let regex = Regex::new(pattern).map_err(|cause| wrong(cause.to_string()))?;
    if regex.captures_len() < 2 {
        return Err(wrong("it has no group, so it names no subject".to_owned()));
    }
    Ok(regex)
}

fn add_class(
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
