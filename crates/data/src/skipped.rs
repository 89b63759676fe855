//! What was found and left out, and why.

use serde::Serialize;
use std::fmt;

use crate::Expression;

/// Something that was found and left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file or folder relative to the data folder, or the line of a table.
    pub path: String,
    /// Why it was left out.
    pub reason: SkipReason,
}

/// Why something was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum SkipReason {
    /// A CK+ sequence without a label file: normal, and never taken as neutral.
    Unlabelled,
    /// Labelled with an expression that is not one of the classes.
    OtherClass(Expression),
    /// A CK+ label without frames.
    NoFrames,
    /// A frame without a number in its file name.
    NoFrameNumber,
    /// The subject pattern finds no subject in the path.
    NoSubject,
    /// The detector finds no face.
    NoFace,
    /// The box file has no row for the image.
    NoBox,
    /// The image cannot be used, in words.
    BadImage(String),
}

impl SkipReason {
    /// Whether the user should be warned; an unlabelled sequence, or one of another class, is as the data means it.
    pub fn is_defect(&self) -> bool {
        match self {
            SkipReason::Unlabelled | SkipReason::OtherClass(_) => false,
            SkipReason::NoFrames
            | SkipReason::NoFrameNumber
            | SkipReason::NoSubject
            | SkipReason::NoFace
            | SkipReason::NoBox
            | SkipReason::BadImage(_) => true,
        }
    }

    /// The reason alone, the same for all that were left out for it: "without a label".
    pub fn kind(&self) -> String {
        match self {
            SkipReason::Unlabelled => "without a label".to_owned(),
            SkipReason::OtherClass(expression) => {
                format!("labelled {}, which is not one of the classes", expression.name())
            }
            SkipReason::NoFrames => "with a label but no frames".to_owned(),
            SkipReason::NoFrameNumber => "without a frame number in the name".to_owned(),
            SkipReason::NoSubject => "that the subject pattern does not match".to_owned(),
            SkipReason::NoFace => "in which no face is found".to_owned(),
            SkipReason::NoBox => "without a row in the box file".to_owned(),
            SkipReason::BadImage(_) => "that cannot be used as images".to_owned(),
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Skipped { path, reason } = self;
        match reason {
            SkipReason::Unlabelled => write!(formatter, "{path} has no label"),
            SkipReason::OtherClass(expression) => {
                write!(formatter, "{path} is labelled {}, which is not one of the classes", expression.name())
            }
            SkipReason::NoFrames => write!(formatter, "{path} has a label but no frames"),
            SkipReason::NoFrameNumber => write!(formatter, "{path} has no frame number in its name"),
            SkipReason::NoSubject => write!(formatter, "{path} does not match the subject pattern"),
            SkipReason::NoFace => write!(formatter, "{path} shows no face that the detector finds"),
            SkipReason::NoBox => write!(formatter, "{path} has no row in the box file"),
            SkipReason::BadImage(words) => write!(formatter, "{path} {words}"),
        }
    }
}
