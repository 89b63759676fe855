//! Folds: by subject, with the rule that reproduces a published 10-fold list of CK+; or by chance, or by a table's own
//! column.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::frames::frames;
use crate::{DataError, Dataset, Layout, Usage};

/// What keeps the samples of one part of a split together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SplitBy {
    /// No subject is in two parts: accuracy is of faces that were never seen.
    #[default]
    Subject,
    /// Chance. The same face may be in two parts; only versions of one image, as identical and mirrored ones, stay together.
    Random,
    /// The column `Usage` of a table: PublicTest is judged, Training is trained on, PrivateTest is held out.
    Usage,
}

impl SplitBy {
    /// Splits `dataset` into `folds` folds after setting `held_out` aside; the column `Usage` decides both
    /// by itself.
    ///
    /// # Errors
    /// The data lacks what the split goes by, a share is not in [0, 1), or folds are fewer than two or
    /// more than what there is to put in them.
    pub fn split(
        self,
        dataset: &Dataset,
        folds: usize,
        held_out: impl Into<HeldOut>,
    ) -> Result<Split, DataError> {
        match self {
            SplitBy::Subject => split(dataset, folds, held_out),
            SplitBy::Random => random(dataset, folds, held_out.into()),
            SplitBy::Usage => by_usage(dataset),
        }
    }

    /// Refuses what no data could be split into.
    ///
    /// # Errors
    /// The share is not in [0, 1), or the folds are fewer than two; the column `Usage` decides both by itself.
    pub fn check(self, folds: usize, held_out: HeldOut) -> Result<(), DataError> {
        match self {
            SplitBy::Subject | SplitBy::Random => check(folds, held_out),
            SplitBy::Usage => Ok(()),
        }
    }

    /// The reservation that belongs beside every accuracy on such a split, if there is one.
    pub fn caveat(self) -> Option<&'static str> {
        match self {
            SplitBy::Subject => None,
            SplitBy::Random => Some(
                "not subject-independent: the folds are random, so a person may be both trained on and judged on",
            ),
            SplitBy::Usage => {
                Some("not subject-independent: the folds follow the column Usage, which names no person")
            }
        }
    }
}

/// What is set aside before folds are made of the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HeldOut {
    /// A share, evenly spread; at least one for any share above 0.
    Share(f64),
    /// One of so many folds, as they are made where nothing is set aside.
    Fold(OuterFold),
}

/// One of the folds that a whole search is judged by: the search sees the others alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OuterFold {
    /// Which, from 1.
    pub fold: usize,
    /// Of how many.
    pub of: usize,
}

impl From<f64> for HeldOut {
    fn from(share: f64) -> Self {
        Self::Share(share)
    }
}

impl HeldOut {
    /// Whether one of so many things in a row is set aside.
    fn has(self, thing: usize, all: usize) -> bool {
        match self {
            Self::Share(0.0) => false,
            Self::Share(share) => {
                let count = ((share * all as f64).round() as usize).max(1);
                (thing + 1) * count / all > thing * count / all
            }
            Self::Fold(OuterFold { fold, of }) => thing % of + 1 == fold,
        }
    }
}

/// A division of a dataset's samples: each is in one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Samples in no fold, read once at the end.
    pub held_out: Vec<usize>,
    /// Samples that are never judged and always trained on; only a table's column marks such samples.
    pub always_trained: Vec<usize>,
    /// Samples of each fold.
    pub folds: Vec<Vec<usize>>,
}

impl Split {
    /// The samples validated on in fold `k`.
    pub fn validation(&self, k: usize) -> &[usize] {
        &self.folds[k]
    }

    /// The samples trained on in fold `k`, all but that fold and the held-out ones, in the order of the dataset.
    pub fn train(&self, k: usize) -> Vec<usize> {
        let others = self.folds.iter().enumerate().filter(|(fold, _)| *fold != k);
        let mut samples = self.always_trained.clone();
        samples.extend(others.flat_map(|(_, samples)| samples));
        samples.sort_unstable();
        samples
    }

    /// Every sample of every fold, in the order of the dataset: what a final network is trained on.
    pub fn all_folds(&self) -> Vec<usize> {
        self.train(self.folds.len())
    }

    /// Pairs of samples that show one frame (the same pixels, mirrored or not, or versions by name) and are in different
    /// parts, one for each frame that is in several.
    pub fn leaks(&self, dataset: &Dataset) -> Vec<(usize, usize)> {
        let mut part_of = vec![0; dataset.samples.len()];
        let parts = [&self.held_out, &self.always_trained].into_iter().chain(&self.folds);
        for (part, samples) in parts.enumerate() {
            samples.iter().for_each(|&sample| part_of[sample] = part);
        }
        let leak = |group: Vec<usize>| {
            let other = group.iter().find(|&&sample| part_of[sample] != part_of[group[0]])?;
            Some((group[0], *other))
        };
        frames(dataset).into_iter().filter_map(leak).collect()
    }
}

/// Splits `dataset` into `folds` folds by subject, after setting `held_out` of the subjects aside.
///
/// With S subjects sorted by name, of a share n = round(share * S) are held out (at least one for any share above 0), evenly
/// spread: subject i is, where floor((i + 1) n / S) > floor(i n / S). Of the others, the j-th is in fold j mod
/// `folds`.
///
/// # Errors
/// The data names no subjects, the share is not in [0, 1), or folds are fewer than two or more than the subjects.
pub fn split(dataset: &Dataset, folds: usize, held_out: impl Into<HeldOut>) -> Result<Split, DataError> {
    let held_out = held_out.into();
    if dataset.subjects.is_empty() {
        let is_table = dataset.layout == Some(Layout::PixelTable);
        return Err(DataError::NoSubjects { is_table, has_usage: by_usage(dataset).is_ok() });
    }
    check(folds, held_out)?;
    let n_subjects = dataset.subjects.len();
    check_room(n_subjects, folds, held_out, |folds, subjects, held_out| DataError::TooManyFolds {
        folds,
        subjects,
        held_out,
    })?;
    let fold_of = dealt(n_subjects, held_out, folds);
    let parts = dataset.samples.iter().map(|sample| sample.subject.and_then(|subject| fold_of[subject]));
    Ok(divided(parts, folds))
}

/// Deals different frames in an order that is chance to everything but their pixels: by class, then by the SHA-256
/// of the pixels. So each class is spread evenly, and adding an image moves few others.
fn random(dataset: &Dataset, folds: usize, held_out: HeldOut) -> Result<Split, DataError> {
    check(folds, held_out)?;
    let mut groups: Vec<(usize, [u8; 32], Vec<usize>)> = frames(dataset)
        .into_iter()
        .map(|group| {
            let first = &dataset.samples[group[0]];
            (first.class, Sha256::digest(&first.pixels).into(), group)
        })
        .collect();
    groups.sort();
    check_room(groups.len(), folds, held_out, |folds, images, held_out| DataError::TooFewImages {
        folds,
        images,
        held_out,
    })?;
    let mut parts = vec![None; dataset.samples.len()];
    for ((_, _, group), fold) in groups.iter().zip(dealt(groups.len(), held_out, folds)) {
        group.iter().for_each(|&sample| parts[sample] = fold);
    }
    Ok(divided(parts.into_iter(), folds))
}

fn by_usage(dataset: &Dataset) -> Result<Split, DataError> {
    let of = |wanted: Usage| -> Vec<usize> {
        let samples = dataset.samples.iter().enumerate();
        samples.filter(|(_, sample)| sample.usage == Some(wanted)).map(|(index, _)| index).collect()
    };
    let (training, public) = (of(Usage::Training), of(Usage::PublicTest));
    if training.is_empty() || public.is_empty() {
        return Err(DataError::NoUsage);
    }
    Ok(Split { held_out: of(Usage::PrivateTest), always_trained: training, folds: vec![public] })
}

fn check(folds: usize, held_out: HeldOut) -> Result<(), DataError> {
    if folds < 2 {
        return Err(DataError::TooFewFolds { folds });
    }
    let refuse = |option, value: String, allowed: &str| {
        Err(DataError::Option { option, value, allowed: allowed.to_owned() })
    };
    match held_out {
        HeldOut::Share(share) if !(0.0..1.0).contains(&share) => {
            refuse("held-out share", share.to_string(), "0 up to, not including, 1")
        }
        HeldOut::Fold(OuterFold { fold, of }) if of < 2 || !(1..=of).contains(&fold) => {
            refuse("held-out fold", format!("{fold} of {of}"), "one of two folds or more, counted from 1")
        }
        HeldOut::Share(_) | HeldOut::Fold(_) => Ok(()),
    }
}

/// Refuses more folds than there are things to put into them, of the `all` that there are. `refused` makes the error of the folds, the
/// things for them and those that are held out.
fn check_room(
    all: usize,
    folds: usize,
    held_out: HeldOut,
    refused: impl Fn(usize, usize, usize) -> DataError,
) -> Result<(), DataError> {
    let n_held_out = (0..all).filter(|&thing| held_out.has(thing, all)).count();
    if folds > all - n_held_out {
        return Err(refused(folds, all - n_held_out, n_held_out));
    }
    match held_out {
        HeldOut::Fold(OuterFold { of, .. }) if of > all => Err(refused(of, all, 0)),
        HeldOut::Fold(_) | HeldOut::Share(_) => Ok(()),
    }
}

/// The fold of each of `count` things in a row, `None` where it is held out.
fn dealt(count: usize, held_out: HeldOut, folds: usize) -> Vec<Option<usize>> {
    let mut n_placed = 0;
    let fold = |thing: usize| {
        (!held_out.has(thing, count)).then(|| {
            n_placed += 1;
            (n_placed - 1) % folds
        })
    };
    (0..count).map(fold).collect()
}

fn divided(parts: impl Iterator<Item = Option<usize>>, folds: usize) -> Split {
    let mut split =
        Split { held_out: Vec::new(), always_trained: Vec::new(), folds: vec![Vec::new(); folds] };
    for (index, part) in parts.enumerate() {
        match part {
            Some(fold) => split.folds[fold].push(index),
            None => split.held_out.push(index),
        }
    }
    split
}
