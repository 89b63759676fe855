//! The synthetic faces as a tree of files in the official CK+ layout.

use image::{GrayImage, ImageFormat};
use rayon::prelude::*;
use serde::Serialize;
use std::fs;
use std::io;
use std::path::Path;

use crate::DataError;
use crate::synth::{Sequence, SynthOptions, sequences};
use crate::threads::start_threads;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many people.
    pub subjects: usize,
    /// How many sequences, all labelled.
    pub sequences: usize,
    /// How many images.
    pub frames: usize,
}

const README: &str =
    "Synthetic faces in the official CK+ layout, drawn by netsynth. No real person's face; no image of CK+.
The label is the expression that was drawn, not a judgement of the picture. Accuracy on these faces
is no evidence of accuracy on real ones.
";

/// Where the set is drawn before it is moved to its place: what is there is not whole.
const UNFINISHED: &str = ".unfinished";

/// What the set consists of, in the order in which it comes to its place: images without labels are no data set.
const PARTS: [&str; 3] = ["README.txt", "Emotion", "cohn-kanade-images"];

/// Draws the set into `dir`, which is created, is empty, or has what a call left that was cut off.
///
/// # Errors
/// An option is out of its range, `dir` has something in it, or it cannot be written.
pub fn write(dir: &Path, options: &SynthOptions) -> Result<Summary, DataError> {
    options.check()?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        |cause| DataError::Write { path, cause }
    };
    fs::create_dir_all(dir).map_err(failed(dir))?;
    let unfinished = dir.join(UNFINISHED);
    if unfinished.is_dir() {
        PARTS.iter().try_for_each(|part| removed(&dir.join(part)))?;
        removed(&unfinished)?;
    }
    if fs::read_dir(dir).map_err(failed(dir))?.next().is_some() {
        return Err(DataError::NotEmpty { path: dir.to_owned() });
    }
    start_threads()?;
    write_file(&unfinished.join("README.txt"), |path| fs::write(path, README))?;
    let sequences = sequences(options);
    sequences.par_iter().try_for_each(|sequence| write_sequence(&unfinished, *sequence, options))?;
    for part in PARTS {
        fs::rename(unfinished.join(part), dir.join(part)).map_err(failed(&dir.join(part)))?;
    }
    fs::remove_dir(&unfinished).map_err(failed(&unfinished))?;
    let (subjects, sequences) = (options.subjects, sequences.len());
    Ok(Summary { subjects, sequences, frames: sequences * options.frames })
}

/// Removes a file or a folder, if there is one.
fn removed(path: &Path) -> Result<(), DataError> {
    let remove = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match remove {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            Err(DataError::Write { path: path.to_owned(), cause })
        }
        _ => Ok(()),
    }
}

fn write_sequence(dir: &Path, sequence: Sequence, options: &SynthOptions) -> Result<(), DataError> {
    let shot = sequence.shoot(options);
    for frame in 0..options.frames {
        let drawn = shot.frame(options, frame);
        write_file(&dir.join(sequence.frame_path(frame)), |path| {
            let image = GrayImage::from_raw(drawn.width, drawn.height, drawn.gray);
            let image = image.ok_or_else(|| io::Error::other("the picture has too few pixels"))?;
            image.save_with_format(path, ImageFormat::Png).map_err(io::Error::other)
        })?;
    }
    let last = sequence.frame_name(options.frames - 1);
    let label = dir.join("Emotion").join(sequence.folder()).join(format!("{last}_emotion.txt"));
    // As the release writes it.
    let text = format!("   {}.0000000e+00\n", sequence.expression.code());
    write_file(&label, |path| fs::write(path, text))
}

fn write_file(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), DataError> {
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| write(path))
        .map_err(|cause| DataError::Write { path: path.to_owned(), cause })
}
