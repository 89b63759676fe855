//! Subject-wise folds: the rule that reproduces a published 10-fold list of CK+, and a held-out share.

use crate::{DataError, Dataset};

/// A division of a dataset's samples in which no subject is in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Samples of the held-out subjects: in no fold, read once at the end.
    pub held_out: Vec<usize>,
    /// Samples of each fold.
    pub folds: Vec<Vec<usize>>,
}

impl Split {
    /// The samples validated on in fold `k`.
    pub fn validation(&self, k: usize) -> &[usize] {
        &self.folds[k]
    }

    /// The samples trained on in fold `k`, all folds but that one, in the order of the dataset.
    pub fn train(&self, k: usize) -> Vec<usize> {
        let others = self.folds.iter().enumerate().filter(|(fold, _)| *fold != k);
        let mut samples: Vec<usize> = others.flat_map(|(_, samples)| samples).copied().collect();
        samples.sort_unstable();
        samples
    }

    /// Every sample of every fold, in the order of the dataset: what a final network is trained on.
    pub fn all_folds(&self) -> Vec<usize> {
        self.train(self.folds.len())
    }
}

/// Splits `dataset` into `folds` folds by subject, after setting a share `held_out` of the subjects aside.
///
/// With S subjects sorted by name, n = round(held_out * S) are held out (at least one for any share above 0), evenly
/// spread: subject i is, where floor((i + 1) n / S) > floor(i n / S). Of the others, the j-th is in fold j mod
/// `folds`.
///
/// # Errors
/// The data names no subjects, the share is not in [0, 1), or the folds are fewer than two or more than the subjects.
pub fn split(dataset: &Dataset, folds: usize, held_out: f64) -> Result<Split, DataError> {
    if dataset.subjects.is_empty() {
        return Err(DataError::NoSubjects);
    }
    if folds < 2 {
        return Err(DataError::TooFewFolds { folds });
    }
    if !(0.0..1.0).contains(&held_out) {
        let (option, value) = ("held-out share", held_out.to_string());
        return Err(DataError::Option { option, value, allowed: "0 up to, not including, 1" });
    }
    let n_subjects = dataset.subjects.len();
    let n_held_out = match held_out {
        0.0 => 0,
        share => ((share * n_subjects as f64).round() as usize).max(1),
    };
    let n_left = n_subjects - n_held_out;
    if folds > n_left {
        return Err(DataError::TooManyFolds { folds, subjects: n_left, held_out: n_held_out });
    }
    let mut n_placed = 0;
    let fold_of: Vec<Option<usize>> = (0..n_subjects)
        .map(|subject| {
            let is_held_out = (subject + 1) * n_held_out / n_subjects > subject * n_held_out / n_subjects;
            (!is_held_out).then(|| {
                n_placed += 1;
                (n_placed - 1) % folds
            })
        })
        .collect();
    let mut split = Split { held_out: Vec::new(), folds: vec![Vec::new(); folds] };
    for (index, sample) in dataset.samples.iter().enumerate() {
        match sample.subject.and_then(|subject| fold_of[subject]) {
            Some(fold) => split.folds[fold].push(index),
            None => split.held_out.push(index),
        }
    }
    Ok(split)
}
