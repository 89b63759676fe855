//! The official CK+ release: `cohn-kanade-images/S005/001/S005_001_00000011.png` and
//! `Emotion/S005/001/S005_001_00000011_emotion.txt`, with the folder names of its copies.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::folder::{File, Folder, Kind};
use super::{Layout, Listing};
use crate::lines::short_text;
use crate::names::{frame_name, pattern};
use crate::{DataError, DataOptions, Expression, SkipReason};

const IMAGE_ROOTS: [&str; 2] = ["cohn-kanade-images", "extended-cohn-kanade-images"];
const LABEL_ROOTS: [&str; 2] = ["emotion", "emotion_labels"];
/// Subject, sequence and number at the beginning of `S005_001_00000011.png` and `S005_001_00000011_emotion.txt`.
static NAMED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^(S\d+)_(\d+)_\d+"));
/// How much of a wrong label file is shown.
const SHOWN_CHARACTERS: usize = 24;
/// A label file holds one number; whatever is longer is something else.
const MAX_LABEL_BYTES: u64 = 256;

/// Subject and sequence, such as S005 and 001.
type SequenceId = (String, String);

/// Frames of one sequence, and its folder, or its first frame where it has none of its own.
struct Sequence<'a> {
    path: &'a Path,
    frames: Vec<&'a File>,
}

/// Whether a folder has the images or the labels of CK+ in a tree of their own.
pub(super) fn recognises(folder: &Folder) -> bool {
    folder.folder(&IMAGE_ROOTS).is_some()
        // A class folder may be called "emotion" too; the label tree has no images of its own.
        || folder.folder(&LABEL_ROOTS).is_some_and(|labels| !labels.has_pictures())
}

/// Whether there are label files, and most pictures are named as the frames are, in whatever folders.
pub(super) fn is_heap(folder: &Folder) -> bool {
    sequences_named(&folder.pictures_below()) > 0 && folder.files_below().into_iter().any(is_label)
}

/// The last `options.frames` frames of every labelled sequence, and its first one where neutral is a class.
pub(super) fn list(folder: &Folder, root: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    if options.subject_pattern.is_some() {
        let (layout, subjects) = (Layout::CkPlus, "names its subjects by folder");
        return Err(DataError::UnusedPattern { layout, subjects });
    }
    let half = |found, missing| DataError::HalfOfCkPlus { path: folder.path.clone(), found, missing };
    let (image_root, label_root) = match (inner_root(folder, &IMAGE_ROOTS), inner_root(folder, &LABEL_ROOTS))
    {
        (Some(images), Some(labels)) => (images, labels),
        (None, None) if is_heap(folder) => return heap(folder, root, options),
        (Some(_), None) => return Err(half("image", "label")),
        (None, Some(_)) => return Err(half("label", "image")),
        (None, None) => return Err(DataError::NoImages { path: folder.path.clone() }),
    };
    let mut listing = Listing::new(root, Layout::CkPlus, options.labels.names());
    let sequences = sequences(&mut listing, image_root);
    let labels = read_labels(label_files(label_root))?;
    if !sequences.is_empty() && labels.is_empty() {
        return Err(DataError::NoLabels { path: folder.path.clone(), sequences: sequences.len() });
    }
    add_sequences(&mut listing, &sequences, &labels, options);
    Ok(listing)
}

/// The same where frames and labels lie in a heap: their names say which sequence they are of.
fn heap(folder: &Folder, root: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    let mut listing = Listing::new(root, Layout::CkPlus, options.labels.names());
    let mut sequences = BTreeMap::new();
    add_named(&mut listing, folder.pictures_below(), &mut sequences);
    let labels = folder.files_below().into_iter().filter(|file| is_label(file));
    let labels = read_labels(labels.filter_map(|file| Some((named(&file.name)?, file))).collect())?;
    add_sequences(&mut listing, &sequences, &labels, options);
    Ok(listing)
}

fn add_sequences(
    listing: &mut Listing,
    sequences: &BTreeMap<SequenceId, Sequence<'_>>,
    labels: &BTreeMap<SequenceId, (PathBuf, Expression)>,
    options: &DataOptions,
) {
    let ids: BTreeSet<&SequenceId> = sequences.keys().chain(labels.keys()).collect();
    for id in ids {
        match (sequences.get(id), labels.get(id)) {
            (Some(sequence), Some((_, expression))) => {
                add_sequence(listing, &id.0, sequence, *expression, options);
            }
            (Some(sequence), None) => listing.skip(sequence.path, SkipReason::Unlabelled),
            (None, Some((file, _))) => listing.skip(file, SkipReason::NoFrames),
            (None, None) => {}
        }
    }
}

fn add_sequence(
    listing: &mut Listing,
    subject: &str,
    sequence: &Sequence<'_>,
    expression: Expression,
    options: &DataOptions,
) {
    let frames = numbered(listing, sequence);
    if frames.is_empty() {
        listing.skip(sequence.path, SkipReason::NoFrames);
        return;
    }
    let (before, peak) = frames.split_at(frames.len().saturating_sub(options.frames));
    let add =
        |listing: &mut Listing, frame: &File, class| listing.add(frame, class, Some(subject.to_owned()));
    // A sequence goes from neutral to its peak. One so short that its first frame is labelled has no neutral one.
    if let (Some(first), Some(class)) = (before.first(), options.labels.class(Expression::Neutral)) {
        add(listing, first, class);
    }
    match options.labels.class(expression) {
        Some(class) => peak.iter().for_each(|frame| add(listing, frame, class)),
        None => listing.skip(sequence.path, SkipReason::OtherClass(expression)),
    }
}

/// The frames by number, not by name: some copies drop the leading zeros. Of several versions of one frame, such as a
/// copy or a mirrored one, the frame itself is taken.
fn numbered<'a>(listing: &mut Listing, sequence: &Sequence<'a>) -> Vec<&'a File> {
    let mut frames = Vec::new();
    for &frame in &sequence.frames {
        let name = frame_name(&frame.name);
        match name.rsplit('_').next().and_then(|number| number.parse::<u64>().ok()) {
            Some(number) => {
                let is_version = !frame.name.starts_with(&format!("{name}."));
                frames.push((number, frame.kind != Kind::Picture, is_version, &frame.path, frame));
            }
            None => listing.skip(&frame.path, SkipReason::NoFrameNumber),
        }
    }
    frames.sort_by(|a, b| (a.0, a.1, a.2, a.3).cmp(&(b.0, b.1, b.2, b.3)));
    let mut taken = None;
    frames.retain(|(number, .., path, _)| {
        let is_first = taken.replace(*number) != Some(*number);
        if !is_first {
            listing.skip(path, SkipReason::SameFrame);
        }
        is_first
    });
    frames.into_iter().map(|(.., frame)| frame).collect()
}

/// The folder of one of `names`, in any case. Where it holds one of the names again (an archive unpacked into a folder of
/// its own name), the inner one is meant.
fn inner_root<'a>(folder: &'a Folder, names: &[&str]) -> Option<&'a Folder> {
    let outer = folder.folder(names)?;
    Some(outer.folder(names).unwrap_or(outer))
}

/// The sequences by their folders, S005/001, and by the names of frames that lie elsewhere.
fn sequences<'a>(listing: &mut Listing, image_root: &'a Folder) -> BTreeMap<SequenceId, Sequence<'a>> {
    let mut found: BTreeMap<SequenceId, Sequence<'a>> = BTreeMap::new();
    let mut elsewhere: Vec<&File> = image_root.pictures().collect();
    for subject in &image_root.folders {
        elsewhere.extend(subject.pictures());
        for sequence in &subject.folders {
            let (id, path) = (sequence_id(subject, sequence), sequence.path.as_path());
            let frames = sequence.pictures_below();
            found.entry(id).or_insert(Sequence { path, frames: Vec::new() }).frames.extend(frames);
        }
    }
    add_named(listing, elsewhere, &mut found);
    found
}

/// Adds frames to the sequences that their names say.
fn add_named<'a>(
    listing: &mut Listing,
    frames: Vec<&'a File>,
    found: &mut BTreeMap<SequenceId, Sequence<'a>>,
) {
    for frame in frames {
        match named(&frame.name) {
            Some(id) => {
                let sequence = found.entry(id).or_insert(Sequence { path: &frame.path, frames: Vec::new() });
                sequence.frames.push(frame);
            }
            None => listing.skip(&frame.path, SkipReason::NoSequence),
        }
    }
}

/// How many sequences the names of pictures say, if most of them say one.
pub(super) fn sequences_named(pictures: &[&File]) -> usize {
    let named: Vec<SequenceId> = pictures.iter().filter_map(|file| named(&file.name)).collect();
    if 2 * named.len() > pictures.len() { BTreeSet::from_iter(named).len() } else { 0 }
}

fn named(name: &str) -> Option<SequenceId> {
    let groups = NAMED.captures(name)?;
    Some((groups[1].to_uppercase(), groups[2].to_owned()))
}

/// Subject and sequence by their folders. Some systems write names in small letters: `s005` is nobody else.
fn sequence_id(subject: &Folder, sequence: &Folder) -> SequenceId {
    (subject.name.to_ascii_uppercase(), sequence.name.clone())
}

/// `S005_001_00000011_emotion.txt`, or a copy of it.
fn is_label(file: &File) -> bool {
    let name = file.name.to_lowercase();
    name.ends_with(".txt") && frame_name(&name).ends_with("_emotion")
}

/// The label file of each labelled sequence: by their folders, S005/001, and by name where one lies elsewhere.
fn label_files(label_root: &Folder) -> BTreeMap<SequenceId, &File> {
    let mut files: BTreeMap<SequenceId, &File> = BTreeMap::new();
    let mut elsewhere: Vec<&File> = label_root.files.iter().collect();
    for subject in &label_root.folders {
        elsewhere.extend(&subject.files);
        for sequence in &subject.folders {
            let file = sequence.files_below().into_iter().rfind(|file| is_label(file));
            files.extend(file.map(|file| (sequence_id(subject, sequence), file)));
        }
    }
    for file in elsewhere.into_iter().filter(|file| is_label(file)) {
        files.extend(named(&file.name).map(|id| (id, file)));
    }
    files
}

fn read_labels(
    files: BTreeMap<SequenceId, &File>,
) -> Result<BTreeMap<SequenceId, (PathBuf, Expression)>, DataError> {
    files.into_iter().map(|(id, file)| Ok((id, (file.path.clone(), read_label(&file.path)?)))).collect()
}

/// The file holds one float, such as `   7.0000000e+00`: a whole number from 0 to 7.
fn read_label(path: &Path) -> Result<Expression, DataError> {
    let text = short_text(path, MAX_LABEL_BYTES)
        .map_err(|cause| DataError::Read { path: path.to_owned(), cause })?;
    let wrong = |reason| DataError::Label { path: path.to_owned(), reason };
    let text = text.trim();
    let code: f64 = text.parse().map_err(|_| {
        let begin: String = text.chars().take(SHOWN_CHARACTERS).collect();
        let rest = if begin.len() < text.len() { " and more" } else { "" };
        wrong(format!("expected one number, found {begin:?}{rest}"))
    })?;
    let expression = Expression::ALL.into_iter().find(|expression| expression.code() as f64 == code);
    expression
        .ok_or_else(|| wrong(format!("{code} is not a whole number from 0 to {}", Expression::ALL.len() - 1)))
}
