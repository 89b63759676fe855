//! The expressions of CK+, numbered by its coding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An expression of CK+; its number is its code in the official release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Expression {
    /// Code 0: no expression.
    Neutral,
    /// Code 1; "angry" in some copies.
    Anger,
    /// Code 2.
    Contempt,
    /// Code 3.
    Disgust,
    /// Code 4.
    Fear,
    /// Code 5; "happy" in some copies.
    Happiness,
    /// Code 6; "sad" in some copies.
    Sadness,
    /// Code 7.
    Surprise,
}

impl Expression {
    /// All eight, in the order of the official coding.
    pub const ALL: [Expression; 8] = [
        Expression::Neutral,
        Expression::Anger,
        Expression::Contempt,
        Expression::Disgust,
        Expression::Fear,
        Expression::Happiness,
        Expression::Sadness,
        Expression::Surprise,
    ];

    /// What a code of a FER2013-style table means: FER2013 has 0 to 6, `ckextended.csv` adds 7.
    pub(crate) const FER2013: [Expression; 8] = [
        Expression::Anger,
        Expression::Disgust,
        Expression::Fear,
        Expression::Happiness,
        Expression::Sadness,
        Expression::Surprise,
        Expression::Neutral,
        Expression::Contempt,
    ];

    /// Its name in English, which is its class name.
    pub fn name(self) -> &'static str {
        match self {
            Expression::Neutral => "neutral",
            Expression::Anger => "anger",
            Expression::Contempt => "contempt",
            Expression::Disgust => "disgust",
            Expression::Fear => "fear",
            Expression::Happiness => "happiness",
            Expression::Sadness => "sadness",
            Expression::Surprise => "surprise",
        }
    }

    /// Its code in the official release, 0 to 7.
    pub fn code(self) -> usize {
        self as usize
    }

    /// The expression that a name says, in any case: copies of CK+48, and people, differ in the adjectives.
    pub(crate) fn of_name(name: &str) -> Option<Expression> {
        match name.trim().to_lowercase().as_str() {
            "neutral" | "neutrality" => Some(Expression::Neutral),
            "anger" | "angry" => Some(Expression::Anger),
            "contempt" | "contemptuous" => Some(Expression::Contempt),
            "disgust" | "disgusted" => Some(Expression::Disgust),
            "fear" | "fearful" | "afraid" | "scared" => Some(Expression::Fear),
            "happiness" | "happy" | "joy" => Some(Expression::Happiness),
            "sadness" | "sad" => Some(Expression::Sadness),
            "surprise" | "surprised" => Some(Expression::Surprise),
            _ => None,
        }
    }
}
