//! What is done to every image, from any thread.

use std::path::Path;

use netsynth_data::{Image, Preparation, Prepared, Rectangle, Scratch, Skipped};
use netsynth_report::numbers::percent;
use netsynth_report::{Frame, Picture, annotated};
use netsynth_run::{RunError, Usage};
use netsynth_train::{Deployed, likeliest};

use super::cannot_write;
use super::explained::{Explained, explained};
use crate::work::images::Asked;

/// The network, and what is made of every image.
pub(super) struct Classifier<'a> {
    pub(super) network: &'a Deployed,
    pub(super) usage: &'a Usage,
    pub(super) preparation: Preparation<'a>,
    /// Where its picture with its label goes.
    pub(super) annotate: Option<&'a Path>,
    /// Where the maps of what its label rests on go.
    pub(super) explain: Option<&'a Path>,
}

/// What a network makes of an image.
pub(super) struct Classified {
    pub(super) image: String,
    pub(super) class: usize,
    pub(super) probabilities: Vec<f32>,
    /// What was looked at, if not all.
    pub(super) part: Option<Rectangle>,
    pub(super) is_one_of_several: bool,
    /// The name of the pictures that were written.
    pub(super) picture: Option<String>,
    pub(super) explained: Vec<Explained>,
}

impl Classifier<'_> {
    /// What the network makes of an image, or why it could not look at it. An error ends the command.
    pub(super) fn classified(
        &self,
        number: u64,
        mut asked: Asked,
        scratch: &mut Scratch,
    ) -> Result<Result<Classified, Skipped>, RunError> {
        let image = match asked.image()? {
            Ok(image) => image,
            Err(skipped) => return Ok(Err(skipped)),
        };
        let Prepared { pixels, part, is_one_of_several } =
            match self.preparation.prepare(&image, &asked.inside, scratch) {
                Ok(prepared) => prepared,
                Err(reason) => return Ok(Err(Skipped { path: asked.name, reason })),
            };
        let probabilities = self.usage.probabilities(self.network, &pixels);
        let class = likeliest(&probabilities);
        let part = (part != image.whole()).then_some(part);
        let name = picture_name(number, &asked.name);
        let label = format!("{} {}", self.usage.classes[class], percent(f64::from(probabilities[class])));
        if let Some(folder) = self.annotate {
            annotate(&folder.join(&name), &image, part, &label)?;
        }
        let explained = match self.explain {
            Some(folder) => {
                let place = folder.join(&name);
                explained(&place, self.network, self.usage, &pixels, (class, &label), number)?
            }
            None => Vec::new(),
        };
        let picture = (self.annotate.is_some() || self.explain.is_some()).then_some(name);
        Ok(Ok(Classified {
            image: asked.name,
            class,
            probabilities,
            part,
            is_one_of_several,
            picture,
            explained,
        }))
    }
}

/// The name of the picture that is made of an image: its number, so that two of one name are apart, and its name.
fn picture_name(number: u64, image: &str) -> String {
    let stem = Path::new(image).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let plain = |letter: char| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '_' };
    let name: String = stem.unwrap_or_default().chars().take(60).map(plain).collect();
    format!("{number:06}-{name}.png")
}

/// Writes an image with its label into a folder that is not at its place yet.
fn annotate(path: &Path, image: &Image, part: Option<Rectangle>, label: &str) -> Result<(), RunError> {
    let ((width, height), pixels) = (image.size(), image.interleaved());
    let frame = part.map(|part| Frame {
        left: part.left as f32,
        top: part.top as f32,
        width: part.width as f32,
        height: part.height as f32,
    });
    let picture = Picture { width, height, pixels: &pixels };
    let png = annotated(picture, frame, label).map_err(RunError::of)?;
    std::fs::write(path, png).map_err(|cause| cannot_write(path, &cause))
}
