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

/// Draws the set into `dir`, which is created or is empty.
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
    if fs::read_dir(dir).map_err(failed(dir))?.next().is_some() {
        return Err(DataError::NotEmpty { path: dir.to_owned() });
    }
    let readme = dir.join("README.txt");
    fs::write(&readme, README).map_err(failed(&readme))?;
    start_threads()?;
    let sequences = sequences(options);
    sequences.par_iter().try_for_each(|sequence| write_sequence(dir, *sequence, options))?;
    let (subjects, sequences) = (options.subjects, sequences.len());
    Ok(Summary { subjects, sequences, frames: sequences * options.frames })
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
