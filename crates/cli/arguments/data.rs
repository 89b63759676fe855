use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use netsynth_data::{Colour, Crop, DataOptions, LabelSet, Layout, SplitBy};
use netsynth_run::{DataPlan, RunError};
use netsynth_search::Count;

use crate::arguments::count::counted;

/// What is added on each side of a face that is found, as a share of its side.
const FACE_MARGIN: f32 = 0.1;

/// How the images are read.
#[derive(Args, Debug, Clone)]
pub(crate) struct ReadArguments {
    /// Where labels and subjects are; told by the look of the data if not given
    #[arg(long, value_enum)]
    layout: Option<LayoutName>,
    /// How many of the last frames of a labelled CK+ sequence carry its label; the plan's, or 3, if not given
    #[arg(long)]
    frames: Option<usize>,
    /// Which expressions are classes; the plan's, or seven, if not given
    #[arg(long, value_enum)]
    labels: Option<Labels>,
    /// The part of each image that is kept: none (all of it), centre (the largest square), face (the largest face
    /// that is found), a file of boxes (a csv with path,x,y,width,height), or LEFT,TOP,WIDTH,HEIGHT in pixels; the plan's, or
    /// none, if not given
    #[arg(long, value_parser = crop)]
    crop: Option<Crop>,
    /// What is added on each side of a face or of a file's box, as a share of its side; 0.1 around a face that is
    /// found and 0 around a given box if not given
    #[arg(long)]
    margin: Option<f32>,
    /// Whether a network sees gray or colour; the plan's, or gray, if not given
    #[arg(long, value_enum)]
    colour: Option<ColourName>,
    /// Regular expression whose first group is the subject, matched on file names of class folders
    #[arg(long)]
    subject_pattern: Option<String>,
}

/// How the images are read and split.
#[derive(Args, Debug, Clone)]
pub(crate) struct DataArguments {
    #[command(flatten)]
    pub(crate) reading: ReadArguments,
    /// What the folds keep together; the plan's, or subject, if not given. Anything but subject lets a person be trained
    /// on and judged on
    #[arg(long, value_enum)]
    split: Option<SplitName>,
    /// Folds to cut the data into; the plan's, or 10, if not given. The split by Usage has one
    #[arg(long, value_parser = counted(Count::FOLDS))]
    folds: Option<usize>,
}

/// The layouts by the names that the command line has for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutName {
    /// The official CK+ release: a tree of frames and one of label files
    CkPlus,
    /// A folder for each expression, the subject at the beginning of the names
    #[value(name = "ck48")]
    Ck48,
    /// JAFFE or KDEF: expression and person in the names of the files
    FileNames,
    /// A row for each image
    PixelTable,
    /// A folder for each class, whatever the folders look like
    ClassFolders,
}

/// The label sets by the names that the command line has for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Labels {
    /// Anger, contempt, disgust, fear, happiness, sadness, surprise
    Seven,
    /// The seven, and neutral from the first frame of each labelled sequence
    Eight,
    /// The seven without contempt
    Six,
    /// As FER2013: the six and neutral
    Fer,
}

/// What a pixel is by the names that the command line has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ColourName {
    /// One channel; colour becomes BT.601 luma
    Gray,
    /// Red, green and blue
    Rgb,
}

/// The splits by the names that the command line has for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SplitName {
    /// Nobody is in two folds
    Subject,
    /// Chance; only identical images stay together
    Random,
    /// The column Usage of a table: PublicTest is judged, PrivateTest held out
    Usage,
}

impl ReadArguments {
    /// What is given replaces what the options say.
    pub(crate) fn merge(&self, options: &mut DataOptions) -> Result<(), RunError> {
        let Self { layout, frames, labels, crop, margin, colour, subject_pattern } = self;
        if let Some(layout) = layout {
            options.layout = Some(match layout {
                LayoutName::CkPlus => Layout::CkPlus,
                LayoutName::Ck48 => Layout::Ck48,
                LayoutName::FileNames => Layout::FileNames,
                LayoutName::PixelTable => Layout::PixelTable,
                LayoutName::ClassFolders => Layout::ClassFolders,
            });
        }
        options.frames = frames.unwrap_or(options.frames);
        if let Some(labels) = labels {
            options.labels = match labels {
                Labels::Seven => LabelSet::Seven,
                Labels::Eight => LabelSet::Eight,
                Labels::Six => LabelSet::Six,
                Labels::Fer => LabelSet::Fer,
            };
        }
        if let Some(crop) = crop {
            options.crop = crop.clone();
        }
        with_margin(&mut options.crop, *margin)?;
        if let Some(colour) = colour {
            options.colour = match colour {
                ColourName::Gray => Colour::Gray,
                ColourName::Rgb => Colour::Rgb,
            };
        }
        if let Some(pattern) = subject_pattern {
            options.subject_pattern = Some(pattern.clone());
        }
        Ok(())
    }
}

impl DataArguments {
    /// What is given replaces what the plan says.
    pub(crate) fn merge(&self, data: &mut DataPlan) -> Result<(), RunError> {
        let Self { reading, split, folds } = self;
        reading.merge(&mut data.options)?;
        if let Some(split) = split {
            data.split = match split {
                SplitName::Subject => SplitBy::Subject,
                SplitName::Random => SplitBy::Random,
                SplitName::Usage => SplitBy::Usage,
            };
        }
        data.n_folds = match data.split {
            SplitBy::Subject | SplitBy::Random => folds.unwrap_or(data.n_folds),
            // The column makes one.
            SplitBy::Usage => 1,
        };
        Ok(())
    }
}

/// A margin that is given replaces that of a crop, which must have one.
pub(crate) fn with_margin(crop: &mut Crop, asked: Option<f32>) -> Result<(), RunError> {
    match (crop, asked) {
        (_, None) => Ok(()),
        (Crop::Face { margin } | Crop::Boxes { margin, .. }, Some(asked)) => {
            *margin = asked;
            Ok(())
        }
        (Crop::Whole | Crop::Centre | Crop::Box { .. }, Some(_)) => {
            let remedy = "give --crop face or --crop FILE.csv with it, or leave it out";
            Err(RunError::new("--margin is of a face or of a file's box", remedy))
        }
    }
}

/// Whether a text names a file rather than a box: by its ending, or because there is one.
fn is_box_file(text: &str) -> bool {
    let ending = Path::new(text).extension().map(|ending| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ending == "csv" || ending == "tsv") || Path::new(text).is_file()
}

pub(crate) fn crop(text: &str) -> Result<Crop, String> {
    match text {
        "none" | "whole" => Ok(Crop::Whole),
        "centre" | "center" => Ok(Crop::Centre),
        "face" => Ok(Crop::Face { margin: FACE_MARGIN }),
        file if is_box_file(file) => Ok(Crop::Boxes { file: PathBuf::from(file), margin: 0.0 }),
        numbers => {
            let parsed: Result<Vec<u32>, _> =
                numbers.split(',').map(|number| number.trim().parse()).collect();
            match parsed.as_deref() {
                Ok(&[left, top, width, height]) => Ok(Crop::Box { left, top, width, height }),
                _ => Err("give none, centre, face, a file such as boxes.csv, or LEFT,TOP,WIDTH,HEIGHT such as 80,20,480,480"
                    .to_owned()),
            }
        }
    }
}
