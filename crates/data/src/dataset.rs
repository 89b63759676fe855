//! A labelled set of gray images of one size.

use fast_image_resize::Resizer;
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::{DataError, DataOptions, Layout, ck_plus, class_folders, folder, gray};

/// A labelled set of gray images of one size, in a fixed order.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Class names; a sample's class is an index into it. The CK+ layouts always have the seven of the coding.
    pub classes: Vec<String>,
    /// Subject names, sorted; empty where the data names none.
    pub subjects: Vec<String>,
    /// The images.
    pub samples: Vec<Sample>,
    /// Height in pixels of every sample.
    pub height: usize,
    /// Width in pixels of every sample.
    pub width: usize,
    /// What was found and left out, with the reason.
    pub skipped: Vec<Skipped>,
    /// SHA-256, in hexadecimal, of size, classes, subjects, labels and pixels.
    pub digest: String,
    /// The layout it was read from; `None` where it was drawn in memory.
    pub layout: Option<Layout>,
}

/// One labelled image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Gray values row by row, `height * width`.
    pub pixels: Vec<u8>,
    /// Index into [`Dataset::classes`].
    pub class: usize,
    /// Index into [`Dataset::subjects`]; `None` for every sample or for none.
    pub subject: Option<usize>,
    /// The file, relative to the data folder.
    pub source: String,
}

/// Something that was found and left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file or folder, relative to the data folder.
    pub path: String,
    /// Why it was left out.
    pub reason: SkipReason,
}

/// Why something was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum SkipReason {
    /// A CK+ sequence without a label file: normal, and never taken as neutral.
    Unlabelled,
    /// A CK+ sequence labelled 0: neutral is not one of the seven classes.
    Neutral,
    /// A CK+ label without frames.
    NoFrames,
    /// A frame whose file name carries no number.
    NoFrameNumber,
    /// The subject pattern finds no subject in the path.
    NoSubject,
    /// The image cannot be used, in words.
    BadImage(String),
}

impl SkipReason {
    /// Whether the user should be warned; an unlabelled or neutral sequence is as CK+ means it.
    pub fn is_defect(&self) -> bool {
        match self {
            SkipReason::Unlabelled | SkipReason::Neutral => false,
            SkipReason::NoFrames
            | SkipReason::NoFrameNumber
            | SkipReason::NoSubject
            | SkipReason::BadImage(_) => true,
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Skipped { path, reason } = self;
        match reason {
            SkipReason::Unlabelled => write!(formatter, "{path} has no label"),
            SkipReason::Neutral => {
                write!(formatter, "{path} is labelled neutral, which is not one of the classes")
            }
            SkipReason::NoFrames => write!(formatter, "{path} has a label but no frames"),
            SkipReason::NoFrameNumber => write!(formatter, "{path} has no frame number in its name"),
            SkipReason::NoSubject => write!(formatter, "{path} does not match the subject pattern"),
            SkipReason::BadImage(words) => write!(formatter, "{path} {words}"),
        }
    }
}

/// What a layout says of a folder before any image is decoded.
pub(crate) struct Listing {
    pub(crate) layout: Layout,
    pub(crate) classes: Vec<String>,
    pub(crate) images: Vec<Listed>,
    pub(crate) skipped: Vec<Skipped>,
}

/// An image file and its label.
pub(crate) struct Listed {
    pub(crate) path: PathBuf,
    pub(crate) class: usize,
    pub(crate) subject: Option<String>,
}

impl Dataset {
    /// Reads the folder `dir`.
    ///
    /// An image that cannot be used among good ones is not an error: it is in [`Dataset::skipped`].
    ///
    /// # Errors
    /// The folder is missing or not a known layout, a label is malformed, nothing is left, or one class only.
    pub fn load(dir: &Path, options: &DataOptions) -> Result<Dataset, DataError> {
        options.check()?;
        if !dir.exists() {
            return Err(DataError::MissingFolder { path: dir.to_owned() });
        }
        if !dir.is_dir() {
            return Err(DataError::NotAFolder { path: dir.to_owned() });
        }
        let layout = match options.layout {
            Some(layout) => layout,
            None if ck_plus::matches(dir)? => Layout::CkPlus,
            None if class_folders::matches_ck48(dir)? => Layout::Ck48,
            None => Layout::ClassFolders,
        };
        let listing = match layout {
            Layout::CkPlus => ck_plus::list(dir, options)?,
            Layout::Ck48 => class_folders::list_ck48(dir, options)?,
            Layout::ClassFolders => class_folders::list(dir, options)?,
        };
        if listing.images.is_empty() && listing.skipped.is_empty() {
            return Err(DataError::NoImages { path: dir.to_owned(), layout });
        }
        decode(dir, options, listing)
    }

    /// How many samples each subject has of each class: one row for each subject, one column for each class.
    pub fn class_by_subject(&self) -> Vec<Vec<usize>> {
        let mut counts = vec![vec![0; self.classes.len()]; self.subjects.len()];
        for sample in &self.samples {
            if let Some(subject) = sample.subject {
                counts[subject][sample.class] += 1;
            }
        }
        counts
    }

    /// How many samples each class has.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for sample in &self.samples {
            counts[sample.class] += 1;
        }
        counts
    }
}

fn decode(dir: &Path, options: &DataOptions, listing: Listing) -> Result<Dataset, DataError> {
    let Listing { layout, classes, images, mut skipped } = listing;
    let decoded: Vec<Result<Vec<u8>, String>> = images
        .par_iter()
        .map_init(Resizer::new, |resizer, image| {
            gray::read(&image.path).and_then(|gray| gray::fit(gray, options, resizer))
        })
        .collect();
    let mut good = Vec::with_capacity(images.len());
    for (Listed { path, class, subject }, pixels) in images.into_iter().zip(decoded) {
        let source = folder::relative(&path, dir);
        match pixels {
            Ok(pixels) => good.push(Unnumbered { pixels, class, subject, source }),
            Err(words) => skipped.push(Skipped { path: source, reason: SkipReason::BadImage(words) }),
        }
    }
    let Some(first) = good.first() else {
        let worst = skipped.iter().find(|skipped| skipped.reason.is_defect()).or(skipped.first());
        let example = worst.map(ToString::to_string).unwrap_or_default();
        return Err(DataError::NothingLeft { path: dir.to_owned(), skipped: skipped.len(), example });
    };
    if good.iter().all(|sample| sample.class == first.class) {
        let class = classes[first.class].clone();
        return Err(DataError::OneClass { path: dir.to_owned(), class });
    }
    Ok(assemble(classes, good, skipped, options, Some(layout)))
}

/// A sample whose subject has a name but no number yet.
pub(crate) struct Unnumbered {
    pub(crate) pixels: Vec<u8>,
    pub(crate) class: usize,
    pub(crate) subject: Option<String>,
    pub(crate) source: String,
}

/// Numbers the subjects in sorted order and takes the digest.
pub(crate) fn assemble(
    classes: Vec<String>,
    samples: Vec<Unnumbered>,
    skipped: Vec<Skipped>,
    options: &DataOptions,
    layout: Option<Layout>,
) -> Dataset {
    let subjects: BTreeSet<&String> = samples.iter().filter_map(|sample| sample.subject.as_ref()).collect();
    let subjects: Vec<String> = subjects.into_iter().cloned().collect();
    let samples: Vec<Sample> = samples
        .into_iter()
        .map(|Unnumbered { pixels, class, subject, source }| {
            let subject = subject.and_then(|name| subjects.binary_search(&name).ok());
            Sample { pixels, class, subject, source }
        })
        .collect();
    let (height, width) = (options.height, options.width);
    let digest = digest(&classes, &subjects, &samples, height, width);
    Dataset { classes, subjects, samples, height, width, skipped, digest, layout }
}

fn digest(
    classes: &[String],
    subjects: &[String],
    samples: &[Sample],
    height: usize,
    width: usize,
) -> String {
    let mut hash = Sha256::new();
    let number = |hash: &mut Sha256, number: usize| hash.update((number as u64).to_le_bytes());
    number(&mut hash, height);
    number(&mut hash, width);
    for names in [classes, subjects] {
        number(&mut hash, names.len());
        for name in names {
            number(&mut hash, name.len());
            hash.update(name.as_bytes());
        }
    }
    number(&mut hash, samples.len());
    for sample in samples {
        number(&mut hash, sample.class);
        number(&mut hash, sample.subject.map_or(usize::MAX, |subject| subject));
        hash.update(&sample.pixels);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
