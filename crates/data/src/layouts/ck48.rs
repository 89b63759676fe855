//! "CK+48": one folder for each expression of CK+, the subject at the beginning of the file names.

use std::path::Path;

use super::class_folders::{add_class, subject_regex};
use super::folder::{Entry, folders, images};
use super::{Layout, Listing};
use crate::{DataError, DataOptions, Expression, SkipReason};

/// In `S010_004_00000017.png` the subject is the text before the first underscore.
const SUBJECT: &str = r"(?:^|/)(S\d+)_[^/]*$";

/// Whether all folders of `dir` are named by expressions of CK+, and the first image as CK+48 names its images.
pub(super) fn recognises(dir: &Path) -> Result<bool, DataError> {
    let classes = folders(dir)?;
    if classes.is_empty() || classes.iter().any(|class| Expression::of_folder(&class.name).is_none()) {
        return Ok(false);
    }
    let subject = subject_regex(SUBJECT)?;
    for class in classes {
        if let Some(image) = images(&class.path)?.first() {
            return Ok(subject.is_match(&image.name));
        }
    }
    Ok(false)
}

/// The images of the class folders of CK+48; the classes are those of the label set.
pub(super) fn list(dir: &Path, options: &DataOptions) -> Result<Listing, DataError> {
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
    let subject = subject_regex(options.subject_pattern.as_deref().unwrap_or(SUBJECT))?;
    let mut listing = Listing::new(Layout::Ck48, options.labels.names());
    for (expression, folder) in classes {
        match options.labels.class(expression) {
            Some(class) => add_class(&mut listing, dir, &folder.path, class, Some(&subject))?,
            None => listing.skip(&folder.path, dir, SkipReason::OtherClass(expression)),
        }
    }
    Ok(listing)
}
