//! Why data cannot be used, and what to do about it.

use miette::Diagnostic;
use netsynth_files::Shown;
use std::fmt::Display;
use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use thiserror::Error;

use crate::{Layout, Skipped};

/// Why data could not be read, split or written; `help` is the remedy.
#[derive(Debug, Error, Diagnostic)]
pub enum DataError {
    /// There is nothing at the path.
    #[error("the data folder {} does not exist", path.shown())]
    #[diagnostic(help("check the spelling, or draw a synthetic set with `netsynth data synth {}`", path.shown()))]
    MissingFolder {
        /// The path as given.
        path: PathBuf,
    },
    /// A file that is no table of pixels.
    #[error("{} is a file, and its first line does not name the columns `emotion` and `pixels`", path.shown())]
    #[diagnostic(help(
        "give a folder of images, or a table of pixels with a first line such as emotion,pixels,Usage"
    ))]
    NotAFolder {
        /// The path as given.
        path: PathBuf,
    },
    /// A folder that holds a table of pixels and no images.
    #[error("{} holds no folders of images but the table {}", path.shown(), table.shown())]
    #[diagnostic(help("give the table itself: {}", table.shown()))]
    TableInside {
        /// The data folder.
        path: PathBuf,
        /// The table.
        table: PathBuf,
    },
    /// A line of a table cannot be read.
    #[error("{}:{line}: {reason}", path.shown())]
    #[diagnostic(help("{remedy}"))]
    Table {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// More pixels than are kept in memory.
    #[error("{} has {images} images, which at this size are more than {limit} bytes", path.shown())]
    #[diagnostic(help("make the images smaller"))]
    TooManyPixels {
        /// The data.
        path: PathBuf,
        /// How many images there are.
        images: usize,
        /// How many bytes are kept.
        limit: usize,
    },
    /// The file system refused.
    #[error("cannot read {}: {cause}", path.shown())]
    #[diagnostic(help("check that the path exists and may be read"))]
    Read {
        /// What was read.
        path: PathBuf,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// The folder holds no images.
    #[error("no images in {}", path.shown())]
    #[diagnostic(help(
        "expected either class folders with images (DIR/anger/*.png) or the official CK+ layout \
         (DIR/cohn-kanade-images and DIR/Emotion); give the folder that holds them"
    ))]
    NoImages {
        /// The data folder.
        path: PathBuf,
    },
    /// A table of pixels with a first line only.
    #[error("{} names its columns and has no rows", path.shown())]
    #[diagnostic(help("{remedy}"))]
    EmptyTable {
        /// The table.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// Images in one heap.
    #[error("{images} images in {}, such as {example}, lie in no class folders", path.shown())]
    #[diagnostic(help(
        "make a folder for each class beside each other and move the images there, such as DIR/anger/{example}; labels in \
         a table beside images are not read, and names that say the expression are only if they are those of JAFFE \
         (KA.AN1.39.tiff) or KDEF (AF01ANS.JPG)"
    ))]
    NoClassFolders {
        /// The folder of the images.
        path: PathBuf,
        /// How many there are.
        images: usize,
        /// The name of one.
        example: String,
    },
    /// Everything was skipped.
    #[error("nothing in {} can be used: {skipped} skipped, such as {example}", path.shown())]
    #[diagnostic(help("{remedy}"))]
    NothingLeft {
        /// The data folder.
        path: PathBuf,
        /// How many images and sequences were skipped.
        skipped: usize,
        /// Path and reason of one.
        example: String,
        /// What to do about that reason.
        remedy: String,
    },
    /// All samples have the same label.
    #[error("{} has images of one class only, {class}", path.shown())]
    #[diagnostic(help("a classifier needs at least two classes with images: {}", match layout {
        Layout::ClassFolders | Layout::Ck48 => "give the folder that holds all class folders",
        Layout::CkPlus | Layout::FileNames | Layout::PixelTable => {
            "check the labels, or choose others of them as classes with --labels"
        }
    }))]
    OneClass {
        /// The data folder.
        path: PathBuf,
        /// The class.
        class: String,
        /// The layout it was read as.
        layout: Layout,
    },
    /// CK+ images without their label folder, or the other way round.
    #[error("{} has the {found} folder of CK+ but no {missing} folder", path.shown())]
    #[diagnostic(help(
        "unpack both archives of the release side by side: cohn-kanade-images (or extended-cohn-kanade-images) \
         and Emotion (or Emotion_labels)"
    ))]
    HalfOfCkPlus {
        /// The data folder.
        path: PathBuf,
        /// What is there.
        found: &'static str,
        /// What is not.
        missing: &'static str,
    },
    /// No sequence has a label.
    #[error("none of the {sequences} CK+ sequences in {} has a label file", path.shown())]
    #[diagnostic(help(
        "labels are expected as Emotion/S005/001/S005_001_00000011_emotion.txt beside the images, or, of frames in a heap, \
         among them"
    ))]
    NoLabels {
        /// The data folder.
        path: PathBuf,
        /// How many sequences there are.
        sequences: usize,
    },
    /// A label file that does not follow the coding.
    #[error("label file {}: {reason}", path.shown())]
    #[diagnostic(help(
        "a CK+ label is one number: 0 neutral, 1 anger, 2 contempt, 3 disgust, 4 fear, 5 happiness, 6 sadness, \
         7 surprise; remove the file to leave the sequence unlabelled"
    ))]
    Label {
        /// The label file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The folders name parts of a split, not classes.
    #[error("the folders of {} ({}) are parts of a split, not classes", path.shown(), names.join(", "))]
    #[diagnostic(help("{}", match part {
        Some(part) => {
            format!("give one of them, such as {}, or merge their class folders: netsynth makes folds itself", part.shown())
        }
        None => "make a folder for each class and move the images of all parts there, such as DIR/anger/1.png: netsynth \
            makes folds itself"
            .to_owned(),
    }))]
    SplitFolders {
        /// The data folder.
        path: PathBuf,
        /// The parts' names.
        names: Vec<String>,
        /// The part that is best given, if it has class folders.
        part: Option<PathBuf>,
    },
    /// Folders of which several hold the same expressions.
    #[error(
        "the folders of {} ({first}, ...) are people or parts, not classes: several of them hold {expression}, among others",
        path.shown()
    )]
    #[diagnostic(help(
        "make a folder for each class, with what divides them now inside, such as DIR/{expression}/{first}/1.png; if that is \
         people, give --subject-pattern '^([^/]+)/'; if the folders are classes indeed, give --layout class-folders"
    ))]
    ExpressionsInside {
        /// The data folder.
        path: PathBuf,
        /// The first of its folders.
        first: String,
        /// An expression that several of them hold.
        expression: &'static str,
    },
    /// The folders name subjects, as inside the image folder of CK+.
    #[error("the folders of {} are subjects ({first}, ...), not classes", path.shown())]
    #[diagnostic(help(
        "make a folder for each class, with the people inside, such as DIR/anger/{first}/1.png, and give \
         --subject-pattern '^([^/]+)/'; if the folders are classes indeed, give --layout class-folders; for CK+, give the \
         folder that holds both cohn-kanade-images and Emotion"
    ))]
    SubjectFolders {
        /// The data folder.
        path: PathBuf,
        /// The first subject.
        first: String,
    },
    /// Two folders that name the same expression.
    #[error("{} and {} are the same class, {class}", first.shown(), second.shown())]
    #[diagnostic(help("merge the two folders"))]
    SameClassTwice {
        /// One folder.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// The class both name.
        class: &'static str,
    },
    /// A subject pattern that cannot be used.
    #[error("subject pattern {pattern:?}: {reason}")]
    #[diagnostic(help("write a regular expression with one group around the subject, such as '^([^_]+)_'"))]
    Pattern {
        /// The pattern as given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A subject pattern where it finds nothing to match.
    #[error("the {layout} {subjects}: a subject pattern has no use")]
    #[diagnostic(help("leave --subject-pattern out"))]
    UnusedPattern {
        /// The layout.
        layout: Layout,
        /// Where its subjects are.
        subjects: &'static str,
    },
    /// A label set where the folders are the classes.
    #[error("class folders of any names bring their own classes: a label set has no use")]
    #[diagnostic(help("leave --labels out, and give a folder with those class folders that you want"))]
    UnusedLabels,
    /// An option outside its range.
    #[error("{option} {value} is out of range")]
    #[diagnostic(help("allowed: {allowed}"))]
    Option {
        /// The option's name.
        option: &'static str,
        /// The value as given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A crop that cannot be made in the frames that are drawn.
    #[error("the synthetic frame {0}")]
    #[diagnostic(help(
        "make the crop box smaller, or the frames larger, or keep the whole frame with --crop none"
    ))]
    Crop(Skipped),
    /// More entries than any data set of faces has.
    #[error("{} holds more than {limit} entries", path.shown())]
    #[diagnostic(help("give the folder of the data set itself, not one of its parents"))]
    TooManyEntries {
        /// The data folder.
        path: PathBuf,
        /// How many entries are looked at.
        limit: usize,
    },
    /// The data names no subjects, so it cannot be split by them.
    #[error("the data names no subjects, so folds would share faces between training and validation")]
    #[diagnostic(help("{}name another split, {}; its accuracy is then not subject-independent",
        if *.is_table { "" } else {
            "describe the position of the subject in the file names of class folders with --subject-pattern, such as \
             '^([^_]+)_' for S010_004.png or '^([^/]+)/' for a folder of each person, or "
        },
        if *.has_usage { "--split random, or --split usage for the table's column" } else { "--split random" }
    ))]
    NoSubjects {
        /// Whether it is a table, which has no file names.
        is_table: bool,
        /// Whether it has the column Usage.
        has_usage: bool,
    },
    /// The data marks no image for training or judging.
    #[error("the data has no column Usage with both Training and PublicTest (validation) images")]
    #[diagnostic(help("use --split subject where the data names subjects, or --split random"))]
    NoUsage,
    /// More random folds than different images.
    #[error("{folds} folds, but only {images} different images ({held_out} held out)")]
    #[diagnostic(help("{}", fewer_folds(*images, "")))]
    TooFewImages {
        /// The folds asked for.
        folds: usize,
        /// The different images left for the folds.
        images: usize,
        /// The different images held out.
        held_out: usize,
    },
    /// Fewer than two folds.
    #[error("cross validation needs at least 2 folds, not {folds}")]
    #[diagnostic(help("use --folds 2 or more"))]
    TooFewFolds {
        /// The folds asked for.
        folds: usize,
    },
    /// More folds than subjects.
    #[error("{folds} folds, but only {subjects} subjects ({held_out} held out)")]
    #[diagnostic(help("{}", fewer_folds(*subjects, "hold out fewer subjects, ")))]
    TooManyFolds {
        /// The folds asked for.
        folds: usize,
        /// The subjects left for the folds.
        subjects: usize,
        /// The subjects held out.
        held_out: usize,
    },
    /// A file or folder could not be written.
    #[error("cannot write {}: {cause}", path.shown())]
    #[diagnostic(help("check that the folder may be written and the disk has room"))]
    Write {
        /// What was written.
        path: PathBuf,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// The system has no threads to read with.
    #[error("the threads that read images could not be started: {reason}")]
    #[diagnostic(help("allow more threads (ulimit -u), or use fewer (RAYON_NUM_THREADS=1)"))]
    NoThreads {
        /// What it says.
        reason: String,
    },
    /// The folder to write to has something in it.
    #[error("{} is not empty", path.shown())]
    #[diagnostic(help("give a new or an empty folder: nothing is overwritten"))]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
}

/// How many folds there can be of so many things, where there can be any.
fn fewer_folds(most: usize, otherwise: &str) -> String {
    match most {
        0 | 1 => format!("{otherwise}add data: folds need at least two"),
        most => format!("use at most {most} folds, {otherwise}or add data"),
    }
}

/// Refuses an option outside its range; `suffix` comes behind the range in the remedy.
pub(crate) fn check_range<T: PartialOrd + Display>(
    option: &'static str,
    value: T,
    range: RangeInclusive<T>,
    suffix: &str,
) -> Result<(), DataError> {
    if range.contains(&value) {
        return Ok(());
    }
    let allowed = format!("{} to {}{suffix}", range.start(), range.end());
    Err(DataError::Option { option, value: value.to_string(), allowed })
}
