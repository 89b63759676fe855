use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::layout::number;

/// A fold of a cross-validation: the part of the subjects that a training is validated on.
///
/// It counts from 1 wherever it is shown: in paths, files, tables and logs.
///
/// ```
/// use netsynth_store::Fold;
///
/// let first = Fold::from_index(0);
/// assert_eq!((first.index(), first.to_string()), (0, "1".to_owned()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "usize", into = "usize")]
pub struct Fold {
    index: usize,
}

impl Fold {
    /// The fold at this index of a split's folds.
    pub fn from_index(index: usize) -> Self {
        Self { index }
    }

    /// Its index in a split's folds, from 0.
    pub fn index(self) -> usize {
        self.index
    }

    /// Its number, from 1.
    pub fn number(self) -> usize {
        self.index.saturating_add(1)
    }

    /// A fold as paths write it: its number with at least two digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::try_from(number::<usize>(text, 2)?).ok()
    }
}

impl fmt::Display for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.number(), f)
    }
}

impl From<Fold> for usize {
    fn from(fold: Fold) -> Self {
        fold.number()
    }
}

impl TryFrom<usize> for Fold {
    type Error = &'static str;

    fn try_from(number: usize) -> Result<Self, Self::Error> {
        number.checked_sub(1).map(Self::from_index).ok_or("folds count from 1")
    }
}
