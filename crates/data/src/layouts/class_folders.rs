//! One folder for each class, of any names, with an optional subject pattern.

use regex::Regex;
use std::path::Path;

use super::folder::Folder;
use super::{Layout, Listing};
use crate::names::{composed, relative};
use crate::{DataError, DataOptions, LabelSet, SkipReason};

/// The images of class folders of any names; the classes are the folders that hold images, sorted by name. Two folders
/// of one name, which a system wrote in two forms of Unicode, are one class.
pub(super) fn list(folder: &Folder, root: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    if options.labels != LabelSet::default() {
        return Err(DataError::UnusedLabels);
    }
    let subject = options.subject_pattern.as_deref().map(subject_regex).transpose()?;
    let mut listing = Listing::new(root, Layout::ClassFolders, Vec::new());
    for class in folder.with_pictures() {
        if listing.classes.last() != Some(&class.name) {
            listing.classes.push(class.name.clone());
        }
        let number = listing.classes.len() - 1;
        add_class(&mut listing, class, number, subject.as_ref());
    }
    skip_beside(&mut listing, folder);
    Ok(listing)
}

/// The subject pattern, which has a group for the subject.
pub(super) fn subject_regex(pattern: &str) -> Result<Regex, DataError> {
    let wrong = |reason: String| DataError::Pattern { pattern: pattern.to_owned(), reason };
    let regex = Regex::new(&composed(pattern)).map_err(|cause| wrong(cause.to_string()))?;
    if regex.captures_len() < 2 {
        return Err(wrong("it has no group, so it names no subject".to_owned()));
    }
    Ok(regex)
}

/// Adds every image below a class folder.
pub(super) fn add_class(listing: &mut Listing, folder: &Folder, class: usize, subject: Option<&Regex>) {
    for file in folder.pictures_below() {
        let subject = match subject {
            None => None,
            Some(pattern) => {
                let inside = relative(&file.path, &folder.path);
                let Some(name) = pattern.captures(&inside).and_then(|groups| groups.get(1)) else {
                    listing.skip(&file.path, SkipReason::NoSubject);
                    continue;
                };
                Some(name.as_str().to_owned())
            }
        };
        listing.add(file, class, subject);
    }
}

/// Names what lies beside the class folders and is in no class.
pub(super) fn skip_beside(listing: &mut Listing, folder: &Folder) {
    for file in folder.pictures() {
        listing.skip(&file.path, SkipReason::NoClassFolder);
    }
    for empty in folder.folders.iter().filter(|folder| !folder.has_pictures()) {
        listing.skip(&empty.path, SkipReason::NoImagesInside);
    }
}
