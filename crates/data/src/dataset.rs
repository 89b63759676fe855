//! A labelled set of images of one size.

use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

use crate::digest::hexadecimal;
use crate::{Colour, DataOptions, Layout, Skipped};

/// A labelled set of images of one size, in a fixed order.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// Class names; a sample's class is an index into it. Layouts with a coding of expressions always have all of
    /// the label set.
    pub classes: Vec<String>,
    /// Subject names, sorted; empty where the data names none.
    pub subjects: Vec<String>,
    /// The images.
    pub samples: Vec<Sample>,
    /// Height in pixels of every sample.
    pub height: usize,
    /// Width in pixels of every sample.
    pub width: usize,
    /// Whether every sample is gray or in colour.
    pub colour: Colour,
    /// What was found and left out, with the reason.
    pub skipped: Vec<Skipped>,
    /// Sources of samples that are the largest of several faces in their image.
    pub several_faces: Vec<String>,
    /// What a person should know of how the data was read.
    pub notes: Vec<String>,
    /// SHA-256, in hexadecimal, of size, classes, subjects, labels and pixels.
    pub digest: String,
    /// The layout it was read from; `None` where it was drawn in memory.
    pub layout: Option<Layout>,
}

/// One labelled image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Levels row by row, plane by plane: `channels * height * width`.
    pub pixels: Vec<u8>,
    /// Index into [`Dataset::classes`].
    pub class: usize,
    /// Index into [`Dataset::subjects`]; `None` for every sample or for none.
    pub subject: Option<usize>,
    /// The file, relative to the data folder, or the line of a table.
    pub source: String,
    /// What a FER2013-style table marks it for; `None` in every other layout.
    pub usage: Option<Usage>,
}

/// What the column `Usage` of a FER2013-style table has for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Usage {
    /// For training.
    Training,
    /// For judging while choices are made.
    PublicTest,
    /// For judging once, at the end.
    PrivateTest,
}

impl Dataset {
    /// What is known of data that somebody else has: its classes, and the size and colour of its images.
    pub fn without_samples(classes: Vec<String>, options: &DataOptions) -> Self {
        assemble(classes, Vec::new(), Vec::new(), options, None)
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

    /// Samples with the same pixels: each group has at least two, in the order of the dataset.
    pub fn duplicates(&self) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
        for (index, sample) in self.samples.iter().enumerate() {
            groups.entry(&sample.pixels).or_default().push(index);
        }
        let mut groups: Vec<Vec<usize>> = groups.into_values().filter(|group| group.len() > 1).collect();
        groups.sort();
        groups
    }

    /// Classes of which all samples are of one subject, with that subject: nobody can learn such a class from others and be
    /// judged on it.
    pub fn classes_of_one(&self) -> Vec<(&str, &str)> {
        let by_subject = self.class_by_subject();
        let only = |class: usize| {
            let mut shown = (0..self.subjects.len()).filter(|&subject| by_subject[subject][class] > 0);
            shown.next().filter(|_| shown.next().is_none())
        };
        let named = self.classes.iter().enumerate();
        named
            .filter_map(|(class, name)| Some((name.as_str(), self.subjects[only(class)?].as_str())))
            .collect()
    }

    /// The names of classes without a sample.
    pub fn empty_classes(&self) -> Vec<&str> {
        let counts = self.class_counts();
        let named = self.classes.iter().zip(counts);
        named.filter(|(_, count)| *count == 0).map(|(name, _)| name.as_str()).collect()
    }
}

/// A sample with the name of its subject, which has no number yet.
pub(crate) struct Unnumbered {
    pub(crate) pixels: Vec<u8>,
    pub(crate) class: usize,
    pub(crate) subject: Option<String>,
    pub(crate) source: String,
    pub(crate) usage: Option<Usage>,
    /// Whether the image shows other faces too.
    pub(crate) is_one_of_several: bool,
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
    let several = samples.iter().filter(|sample| sample.is_one_of_several);
    let several_faces = several.map(|sample| sample.source.clone()).collect();
    let samples: Vec<Sample> = samples
        .into_iter()
        .map(|Unnumbered { pixels, class, subject, source, usage, is_one_of_several: _ }| {
            let subject = subject.and_then(|name| subjects.binary_search(&name).ok());
            Sample { pixels, class, subject, source, usage }
        })
        .collect();
    let DataOptions { height, width, colour, .. } = *options;
    let digest = digest(&classes, &subjects, &samples, height, width);
    let notes = Vec::new();
    Dataset {
        classes,
        subjects,
        samples,
        height,
        width,
        colour,
        skipped,
        several_faces,
        notes,
        digest,
        layout,
    }
}

pub(crate) fn digest(
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
    hexadecimal(hash)
}
