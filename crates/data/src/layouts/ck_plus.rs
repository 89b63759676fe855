//! The official CK+ release: `cohn-kanade-images/S005/001/S005_001_00000011.png` and
//! `Emotion/S005/001/S005_001_00000011_emotion.txt`, with the folder names of its copies.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::folder::{Entry, entries, folders, images};
use super::{Layout, Listed, Listing, Picture};
use crate::{DataError, DataOptions, Expression, SkipReason};

const IMAGE_ROOTS: [&str; 2] = ["cohn-kanade-images", "extended-cohn-kanade-images"];
const LABEL_ROOTS: [&str; 2] = ["emotion", "emotion_labels"];
/// How much of a wrong label file is shown.
const SHOWN_CHARACTERS: usize = 24;
/// A label file holds one number; whatever is longer is something else.
const MAX_LABEL_BYTES: u64 = 256;

/// Subject and sequence, such as S005 and 001.
type SequenceId = (String, String);

/// Whether `dir` has the images or the labels of CK+.
pub(super) fn recognises(dir: &Path) -> Result<bool, DataError> {
    Ok(root(dir, &IMAGE_ROOTS)?.is_some()
        || root(dir, &LABEL_ROOTS)?.is_some_and(|labels| !has_images(&labels)))
}

/// A class folder may be called "emotion" too; the label tree has no images of its own.
fn has_images(folder: &Path) -> bool {
    images(folder).is_ok_and(|images| !images.is_empty())
}

/// The last `options.frames` frames of every labelled sequence, and its first one where neutral is a class.
pub(super) fn list(dir: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    if options.subject_pattern.is_some() {
        let (layout, subjects) = (Layout::CkPlus, "names its subjects by folder");
        return Err(DataError::UnusedPattern { layout, subjects });
    }
    let half = |found, missing| DataError::HalfOfCkPlus { path: dir.to_owned(), found, missing };
    let (image_root, label_root) = match (root(dir, &IMAGE_ROOTS)?, root(dir, &LABEL_ROOTS)?) {
        (Some(images), Some(labels)) => (images, labels),
        (Some(_), None) => return Err(half("image", "label")),
        (None, Some(_)) => return Err(half("label", "image")),
        (None, None) => return Err(DataError::NoImages { path: dir.to_owned(), layout: Layout::CkPlus }),
    };
    let sequences = sequences(&image_root)?;
    let labels = labels(&label_root)?;
    if !sequences.is_empty() && labels.is_empty() {
        return Err(DataError::NoLabels { path: dir.to_owned(), sequences: sequences.len() });
    }
    let mut listing = Listing::new(Layout::CkPlus, options.labels.names());
    let ids: BTreeSet<&SequenceId> = sequences.keys().chain(labels.keys()).collect();
    for id in ids {
        match (sequences.get(id), labels.get(id)) {
            (Some(folder), Some((_, expression))) => {
                add_sequence(&mut listing, dir, &id.0, folder, *expression, options)?;
            }
            (Some(folder), None) => listing.skip(folder, dir, SkipReason::Unlabelled),
            (None, Some((file, _))) => listing.skip(file, dir, SkipReason::NoFrames),
            (None, None) => {}
        }
    }
    Ok(listing)
}

fn add_sequence(
    listing: &mut Listing,
    dir: &Path,
    subject: &str,
    sequence: &Path,
    expression: Expression,
    options: &DataOptions,
) -> Result<(), DataError> {
    let mut frames = Vec::new();
    for image in images(sequence)? {
        match frame_number(&image.path) {
            Some(number) => frames.push((number, image.path)),
            None => listing.skip(&image.path, dir, SkipReason::NoFrameNumber),
        }
    }
    if frames.is_empty() {
        listing.skip(sequence, dir, SkipReason::NoFrames);
        return Ok(());
    }
    // By number, not by name: some copies drop the leading zeros.
    frames.sort();
    let peak = frames.split_off(frames.len().saturating_sub(options.frames));
    let add = |listing: &mut Listing, path: PathBuf, class: usize| {
        let (picture, subject) = (Picture::File(path), Some(subject.to_owned()));
        listing.images.push(Listed { picture, class, subject, usage: None });
    };
    // A sequence goes from neutral to its peak. One so short that its first frame is labelled has no neutral one.
    if let (Some((_, first)), Some(class)) =
        (frames.into_iter().next(), options.labels.class(Expression::Neutral))
    {
        add(listing, first, class);
    }
    match options.labels.class(expression) {
        Some(class) => peak.into_iter().for_each(|(_, path)| add(listing, path, class)),
        None => listing.skip(sequence, dir, SkipReason::OtherClass(expression)),
    }
    Ok(())
}

/// The number behind the last underscore of `S005_001_00000011.png`.
fn frame_number(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.rsplit('_').next()?.parse().ok()
}

/// The folder of one of `names` in `dir`, in any case. Where it holds one of the names again (an archive unpacked
/// into a folder of its own name), the inner one is meant.
fn root(dir: &Path, names: &[&str]) -> Result<Option<PathBuf>, DataError> {
    let find = |dir: &Path| -> Result<Option<PathBuf>, DataError> {
        let found =
            folders(dir)?.into_iter().find(|entry| names.contains(&entry.name.to_lowercase().as_str()));
        Ok(found.map(|entry| entry.path))
    };
    match find(dir)? {
        Some(outer) => Ok(Some(find(&outer)?.unwrap_or(outer))),
        None => Ok(None),
    }
}

fn sequences(image_root: &Path) -> Result<BTreeMap<SequenceId, PathBuf>, DataError> {
    let mut found = BTreeMap::new();
    for subject in folders(image_root)? {
        for sequence in folders(&subject.path)? {
            found.insert((subject.name.clone(), sequence.name), sequence.path);
        }
    }
    Ok(found)
}

/// The label file of each labelled sequence and its label.
fn labels(label_root: &Path) -> Result<BTreeMap<SequenceId, (PathBuf, Expression)>, DataError> {
    let mut found = BTreeMap::new();
    for subject in folders(label_root)? {
        for sequence in folders(&subject.path)? {
            let is_label = |entry: &Entry| !entry.is_folder && entry.name.ends_with("_emotion.txt");
            let Some(file) = entries(&sequence.path)?.into_iter().rfind(is_label) else { continue };
            let label = read_label(&file.path)?;
            found.insert((subject.name.clone(), sequence.name), (file.path, label));
        }
    }
    Ok(found)
}

/// The file holds one float, such as `   7.0000000e+00`: a whole number from 0 to 7.
fn read_label(path: &Path) -> Result<Expression, DataError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_LABEL_BYTES).read_to_string(&mut text))
        .map_err(|cause| DataError::Read { path: path.to_owned(), cause })?;
    let wrong = |reason| DataError::Label { path: path.to_owned(), reason };
    let text = text.trim_start_matches('\u{feff}').trim();
    let code: f64 = text.parse().map_err(|_| {
        let begin: String = text.chars().take(SHOWN_CHARACTERS).collect();
        let rest = if begin.len() < text.len() { " and more" } else { "" };
        wrong(format!("expected one number, found {begin:?}{rest}"))
    })?;
    let expression = Expression::ALL.into_iter().find(|expression| expression.code() as f64 == code);
    expression
        .ok_or_else(|| wrong(format!("{code} is not a whole number from 0 to {}", Expression::ALL.len() - 1)))
}
