//! Synthetic expressive faces: parametric people, the seven expressions as action units, drawn by our own code.
//!
//! No real person's face. The label is what was drawn, not what a person would see in it: accuracy on these faces is no
//! evidence of accuracy on real ones.

mod action_units;
mod brush;
mod camera;
mod face;
mod features;
mod identity;
mod paint;
mod scene;
mod write;

pub use write::{Summary, write};

use netsynth_random::stream;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

use crate::dataset::{Dataset, Unnumbered, assemble};
use crate::error::check_range;
use crate::image::Image;
use crate::preparation::{Preparation, Prepared, Scratch};
use crate::threads::start_threads;
use crate::{DataError, DataOptions, Expression, LabelSet, SkipReason, Skipped};
use action_units::ActionUnits;
use identity::Identity;
use paint::Portrait;
use scene::Scene;

/// What is drawn: every subject shows every expression once, from neutral to its peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SynthOptions {
    /// How many people, 2 to 999.
    pub subjects: usize,
    /// Everything drawn is a function of it.
    pub seed: u64,
    /// Width and height of every frame in pixels, 16 to 512.
    pub side: usize,
    /// Frames of each sequence, 2 to 99.
    pub frames: usize,
}

impl Default for SynthOptions {
    fn default() -> SynthOptions {
        SynthOptions { subjects: 40, seed: 1, side: 48, frames: 6 }
    }
}

impl SynthOptions {
    /// Refuses what is not drawn.
    ///
    /// # Errors
    /// Names the first option outside its range, with the range.
    pub fn check(&self) -> Result<(), DataError> {
        check_range("subjects", self.subjects, 2..=999, "")?;
        check_range("side", self.side, 16..=512, " pixels")?;
        check_range("frames", self.frames, 2..=99, "")
    }
}

/// Draws the set in memory: the same samples as writing it with [`write()`] and loading it with `data_options`.
///
/// # Errors
/// An option is out of its range, or the crop box reaches outside the frames.
pub fn dataset(options: &SynthOptions, data_options: &DataOptions) -> Result<Dataset, DataError> {
    options.check()?;
    data_options.check()?;
    let labels = data_options.labels;
    let first_peak = options.frames.saturating_sub(data_options.frames);
    let preparation = Preparation::remembering(data_options, Path::new(""))?;
    start_threads()?;
    // All of them before the first error is looked for: which one is met first in time differs from run to run.
    let drawn: Vec<Result<Vec<Unnumbered>, Skipped>> = sequences(options)
        .into_par_iter()
        .map_init(Scratch::default, |scratch, sequence| {
            let shot = sequence.shoot(options);
            let neutral =
                labels.class(Expression::Neutral).filter(|_| first_peak > 0).map(|class| (0, class));
            let peak = labels.class(sequence.expression);
            let peak =
                peak.into_iter().flat_map(|class| (first_peak..options.frames).map(move |at| (at, class)));
            let labelled = neutral.into_iter().chain(peak).map(|(frame, class)| {
                let (image, source) = (shot.frame(options, frame), sequence.frame_path(frame));
                match preparation.prepare(&image, &source, scratch) {
                    Ok(Prepared { pixels, is_one_of_several, .. }) => {
                        let subject = Some(sequence.subject_name());
                        Ok(Unnumbered { pixels, class, subject, source, usage: None, is_one_of_several })
                    }
                    Err(reason) => Err(Skipped { path: source, reason }),
                }
            });
            labelled.collect()
        })
        .collect();
    let drawn: Result<Vec<Vec<Unnumbered>>, Skipped> = drawn.into_iter().collect();
    let samples = drawn.map_err(DataError::Crop)?.into_iter().flatten().collect();
    let notes = Vec::from_iter(preparation.close());
    let mut skipped = Vec::new();
    for sequence in sequences(options) {
        if labels.class(sequence.expression).is_none() {
            let path = format!("cohn-kanade-images/{}", sequence.folder());
            skipped.push(Skipped { path, reason: SkipReason::OtherClass(sequence.expression) });
        }
    }
    Ok(Dataset { notes, ..assemble(labels.names(), samples, skipped, data_options, None) })
}

/// One person showing one expression.
#[derive(Clone, Copy)]
struct Sequence {
    subject: usize,
    expression: Expression,
}

/// Subject by subject, in the order of the coding.
fn sequences(options: &SynthOptions) -> Vec<Sequence> {
    (0..options.subjects)
        .flat_map(|subject| {
            let expressions = LabelSet::Seven.expressions().iter();
            expressions.map(move |&expression| Sequence { subject, expression })
        })
        .collect()
}

impl Sequence {
    fn subject_name(self) -> String {
        format!("S{:03}", self.subject + 1)
    }

    /// The folder of the sequence in either tree, such as S001/007.
    fn folder(self) -> String {
        format!("{}/{:03}", self.subject_name(), self.expression.code())
    }

    /// The file name of a frame without its extension; frames are counted from 1.
    fn frame_name(self, frame: usize) -> String {
        format!("{}_{:03}_{:08}", self.subject_name(), self.expression.code(), frame + 1)
    }

    fn frame_path(self, frame: usize) -> String {
        format!("cohn-kanade-images/{}/{}.png", self.folder(), self.frame_name(frame))
    }

    fn shoot(self, options: &SynthOptions) -> Shot {
        let subject = self.subject as u64;
        let counters = [subject, self.expression.code() as u64 - 1];
        let identity = identity::identity(&mut stream(options.seed, "synth.identity", &[subject]));
        let scene = scene::scene(&mut stream(options.seed, "synth.scene", &counters));
        let rng = &mut stream(options.seed, "synth.expression", &counters);
        let neutral = action_units::resting(rng);
        let strength = identity.expressiveness * (0.95 + 0.2 * rng.unit_f32());
        let peak = action_units::peak(self.expression, strength, &neutral, rng);
        Shot { sequence: self, identity, scene, neutral, peak }
    }
}

/// A sequence with everything about it decided.
struct Shot {
    sequence: Sequence,
    identity: Identity,
    scene: Scene,
    neutral: ActionUnits,
    peak: ActionUnits,
}

impl Shot {
    /// Frame 0 is neutral, the last is the peak; the movement slows down towards it.
    fn frame(&self, options: &SynthOptions, frame: usize) -> Image {
        let time = frame as f32 / (options.frames - 1) as f32;
        let units = self.neutral.towards(&self.peak, 1.0 - (1.0 - time) * (1.0 - time));
        let face = face::face(&self.identity, &units);
        let pose = self.scene.pose.drifted(self.scene.drift, time);
        let portrait =
            Portrait::new(&self.identity, face, &self.scene, pose, camera::sample_size(options.side));
        let Sequence { subject, expression } = self.sequence;
        let counters = [subject as u64, expression.code() as u64 - 1, frame as u64];
        let mut rng = stream(options.seed, "synth.noise", &counters);
        camera::picture(&portrait, &self.scene, options.side, &mut rng)
    }
}
