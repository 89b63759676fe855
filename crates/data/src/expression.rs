//! The seven expressions of CK+, in the order of its coding.

use serde::{Deserialize, Serialize};

/// An expression of CK+; as a class, its number in the official coding less one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expression {
    /// Code 1.
    Anger,
    /// Code 2.
    Contempt,
    /// Code 3.
    Disgust,
    /// Code 4.
    Fear,
    /// Code 5; "happy" in some copies.
    Happiness,
    /// Code 6.
    Sadness,
    /// Code 7.
    Surprise,
}

impl Expression {
    /// All seven, in the order of the official coding: the class order of every CK+ layout.
    pub const ALL: [Expression; 7] = [
        Expression::Anger,
        Expression::Contempt,
        Expression::Disgust,
        Expression::Fear,
        Expression::Happiness,
        Expression::Sadness,
        Expression::Surprise,
    ];

    /// The class name.
    pub fn name(self) -> &'static str {
        match self {
            Expression::Anger => "anger",
            Expression::Contempt => "contempt",
            Expression::Disgust => "disgust",
            Expression::Fear => "fear",
            Expression::Happiness => "happiness",
            Expression::Sadness => "sadness",
            Expression::Surprise => "surprise",
        }
    }

    /// The class names, in class order.
    pub(crate) fn names() -> Vec<String> {
        Expression::ALL.iter().map(|expression| expression.name().to_owned()).collect()
    }

    /// The class number, 0 to 6.
    pub fn class(self) -> usize {
        self as usize
    }

    /// The expression that a class folder names, in any case; copies of CK+48 differ in the adjectives.
    pub(crate) fn of_folder(name: &str) -> Option<Expression> {
        let name = name.to_lowercase();
        match name.as_str() {
            "angry" => Some(Expression::Anger),
            "happy" => Some(Expression::Happiness),
            "sad" => Some(Expression::Sadness),
            _ => Expression::ALL.into_iter().find(|expression| expression.name() == name),
        }
    }
}
