//! What was found and left out, and why.

use netsynth_files::in_a_line;
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
    /// A picture or a film of a kind that is not read, by its ending.
    UnreadKind(String),
    /// A picture beside the class folders.
    NoClassFolder,
    /// A folder without any image.
    NoImagesInside,
    /// A folder that is none of the expressions.
    NoExpression,
    /// A name that says neither expression nor person.
    NoLabelInName,
    /// A frame that belongs to no sequence of CK+.
    NoSequence,
    /// Another version of a frame that is taken: a copy, a mirrored one.
    SameFrame,
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
            | SkipReason::UnreadKind(_)
            | SkipReason::NoClassFolder
            | SkipReason::NoImagesInside
            | SkipReason::NoExpression
            | SkipReason::NoLabelInName
            | SkipReason::NoSequence
            | SkipReason::SameFrame
            | SkipReason::BadImage(_) => true,
        }
    }

    /// What to do if everything was left out for it.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            SkipReason::Unlabelled
            | SkipReason::NoFrames
            | SkipReason::NoFrameNumber
            | SkipReason::NoSequence => {
                "CK+ has its frames as S005/001/S005_001_00000011.png and their labels as \
                 S005/001/S005_001_00000011_emotion.txt, in two trees"
            }
            SkipReason::OtherClass(_) | SkipReason::NoExpression => {
                "choose the expressions with --labels: seven, eight, six or fer"
            }
            SkipReason::NoSubject => {
                "check the subject pattern: it is matched on paths inside the class folder, such as the file's name"
            }
            SkipReason::NoFace => "crop in another way: --crop centre, a box, or a file of boxes",
            SkipReason::NoBox => "name images in the box file as `netsynth data show --json` names them",
            SkipReason::UnreadKind(_) => "save the images as PNG, JPEG, TIFF, BMP or PNM",
            SkipReason::NoClassFolder | SkipReason::NoImagesInside => {
                "give a folder with a folder of images for each class, such as DIR/anger/1.png"
            }
            SkipReason::NoLabelInName => "name images as JAFFE (KA.AN1.39.tiff) or KDEF (AF01ANS.JPG) does",
            SkipReason::SameFrame => "keep the frames themselves beside their copies",
            SkipReason::BadImage(_) => {
                "check that the files are whole images, and that the crop box lies inside them"
            }
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
            SkipReason::UnreadKind(ending) => format!("of the kind .{ending}, which is not read"),
            SkipReason::NoClassFolder => "beside the class folders".to_owned(),
            SkipReason::NoImagesInside => "without images".to_owned(),
            SkipReason::NoExpression => "that are no expressions of CK+".to_owned(),
            SkipReason::NoLabelInName => "without expression and person in the name".to_owned(),
            SkipReason::NoSequence => "in no sequence".to_owned(),
            SkipReason::SameFrame => "that are copies or versions of frames".to_owned(),
            SkipReason::BadImage(_) => "that cannot be used as images".to_owned(),
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Skipped { path, reason } = self;
        let path = in_a_line(path);
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
            SkipReason::UnreadKind(ending) => {
                write!(formatter, "{path} is of the kind .{ending}, which is not read")
            }
            SkipReason::NoClassFolder => write!(formatter, "{path} lies in no class folder"),
            SkipReason::NoImagesInside => write!(formatter, "{path} holds no images"),
            SkipReason::NoExpression => write!(formatter, "{path} is not one of the expressions of CK+"),
            SkipReason::NoLabelInName => write!(formatter, "{path} has no expression and person in its name"),
            SkipReason::NoSequence => write!(formatter, "{path} belongs to no sequence"),
            SkipReason::SameFrame => {
                write!(formatter, "{path} is a copy or a version of a frame that is taken")
            }
            SkipReason::BadImage(words) => write!(formatter, "{path} {words}"),
        }
    }
}
