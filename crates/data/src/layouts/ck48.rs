//! "CK+48": one folder for each expression of CK+, the subject at the beginning of the file names.

use std::path::Path;

use super::class_folders::{add_class, skip_beside, subject_regex};
use super::folder::Folder;
use super::{Layout, Listing, other_trees};
use crate::{DataError, DataOptions, Expression, SkipReason};

/// In `S010_004_00000017.png` the subject is the text before the first underscore.
const SUBJECT: &str = r"(?i)(?:^|/)(S\d+)_[^/]*$";

/// Whether most folders with pictures are named by expressions of CK+, and most pictures in those as CK+48 names its own.
pub(super) fn recognises(folder: &Folder) -> Result<bool, DataError> {
    let subject = subject_regex(SUBJECT)?;
    let folders = folder.with_pictures();
    let classes: Vec<&&Folder> =
        folders.iter().filter(|class| Expression::of_name(&class.name).is_some()).collect();
    let pictures: Vec<_> = classes.iter().flat_map(|class| class.pictures_below()).collect();
    let n_named = pictures.iter().filter(|picture| subject.is_match(&picture.name)).count();
    Ok(2 * classes.len() > folders.len() && 2 * n_named > pictures.len())
}

/// The images of the class folders of CK+48; the classes are those of the label set.
pub(super) fn list(folder: &Folder, root: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    let subject = subject_regex(options.subject_pattern.as_deref().unwrap_or(SUBJECT))?;
    let mut listing = Listing::new(root, Layout::Ck48, options.labels.names());
    let mut classes: Vec<(Expression, &Folder)> = Vec::new();
    for class in folder.with_pictures() {
        let Some(expression) = Expression::of_name(&class.name) else {
            listing.skip(&class.path, SkipReason::NoExpression);
            continue;
        };
        if let Some((_, first)) = classes.iter().find(|(known, _)| *known == expression) {
            let (first, second) = (first.path.clone(), class.path.clone());
            return Err(DataError::SameClassTwice { first, second, class: expression.name() });
        }
        classes.push((expression, class));
    }
    if classes.is_empty() {
        // Asked for by name, it is not seen before that these are no expressions.
        other_trees::refuse_parts(folder)?;
        other_trees::refuse_people(folder)?;
    }
    classes.sort_by_key(|(expression, _)| *expression);
    for (expression, class) in classes {
        match options.labels.class(expression) {
            Some(number) => add_class(&mut listing, class, number, Some(&subject)),
            None => listing.skip(&class.path, SkipReason::OtherClass(expression)),
        }
    }
    if options.subject_pattern.is_none() {
        // Some systems write names in small letters: `s010` is nobody else.
        let subjects = listing.images.iter_mut().filter_map(|listed| listed.subject.as_mut());
        subjects.for_each(|subject| subject.make_ascii_uppercase());
    }
    skip_beside(&mut listing, folder);
    Ok(listing)
}
