//! Which expressions are classes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Expression;
use crate::Expression::{Anger, Contempt, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};

/// Which expressions are classes, where the data follows the coding of CK+ or of FER2013. Whatever is labelled
/// otherwise is left out and counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LabelSet {
    /// The seven of CK+: anger, contempt, disgust, fear, happiness, sadness, surprise.
    #[default]
    Seven,
    /// The seven and neutral, which the first frame of each labelled sequence shows.
    Eight,
    /// The seven without contempt.
    Six,
    /// The seven of FER2013: with neutral, without contempt.
    Fer,
}

impl LabelSet {
    /// The expressions in class order, which is the order of the official coding.
    pub fn expressions(self) -> &'static [Expression] {
        match self {
            LabelSet::Seven => &[Anger, Contempt, Disgust, Fear, Happiness, Sadness, Surprise],
            LabelSet::Eight => &Expression::ALL,
            LabelSet::Six => &[Anger, Disgust, Fear, Happiness, Sadness, Surprise],
            LabelSet::Fer => &[Neutral, Anger, Disgust, Fear, Happiness, Sadness, Surprise],
        }
    }

    /// The class of an expression, if it is one.
    pub fn class(self, expression: Expression) -> Option<usize> {
        self.expressions().iter().position(|known| *known == expression)
    }

    /// The class names, in class order.
    pub(crate) fn names(self) -> Vec<String> {
        self.expressions().iter().map(|expression| expression.name().to_owned()).collect()
    }
}
