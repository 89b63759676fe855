//! Images on which an exported network is checked.

use std::path::Path;

use netsynth_random::stream;
use netsynth_run::{Lessons, Model, RunError};

use crate::output::events;
use crate::output::print::print_error_line;
use crate::output::progress::Progress;

/// Images that scales of integers are found on, at most.
const N_CALIBRATED: usize = 100;
/// Images that are drawn where there are none.
const N_DRAWN: usize = 16;

/// Images of the network's size: levels plane by plane, or, where nothing is known of levels, any numbers.
pub(super) struct Evidence {
    /// Of its training, spread over all of it; none where they cannot be read.
    pub(super) calibration: Vec<Vec<u8>>,
    /// What is judged.
    pub(super) images: Vec<Vec<u8>>,
    /// The classes of `images`; none where they are drawn.
    pub(super) classes: Vec<usize>,
    /// What `images` are, in words.
    pub(super) about: &'static str,
}

impl Evidence {
    /// The images of a network's run if they can be read, and noise if not.
    pub(super) fn gathered(model: &Model, moved: Option<&Path>) -> Result<Self, RunError> {
        let Some(origin) = &model.origin else {
            return Ok(Self::noise(model));
        };
        let progress = Progress::new();
        let lessons = origin.lessons(moved, &|event| events::show(&progress, event));
        progress.finish();
        match lessons {
            Ok(lessons) => Ok(Self::of(lessons)),
            Err(RunError::Stopped) => Err(RunError::Stopped),
            // Who names data wants them read.
            Err(error) if moved.is_some() => Err(error),
            Err(error) => {
                print_error_line(format!(
                    "note: the run's data cannot be read ({error}); noise takes their place"
                ));
                Ok(Self::noise(model))
            }
        }
    }

    fn of(lessons: Lessons) -> Self {
        let Lessons { dataset, trained_on, judged_on } = lessons;
        let pixels = |&sample: &usize| dataset.samples[sample].pixels.clone();
        let stride = trained_on.len().div_ceil(N_CALIBRATED).max(1);
        let calibration = trained_on.iter().step_by(stride).map(pixels).collect();
        let (judged, about) = match judged_on.is_empty() {
            true => (&trained_on, "images that it was trained on, as none are held out"),
            false => (&judged_on, "images that it has not seen"),
        };
        Self {
            calibration,
            images: judged.iter().map(pixels).collect(),
            classes: judged.iter().map(|&sample| dataset.samples[sample].class).collect(),
            about,
        }
    }

    fn noise(model: &Model) -> Self {
        let count = model.network.graph().input().elements() as usize;
        let image = |number: usize| {
            let mut random = stream(1, "export", &[number as u64]);
            (0..count).map(|_| (random.unit_f32() * 256.0) as u8).collect()
        };
        Self {
            calibration: Vec::new(),
            images: (0..N_DRAWN).map(image).collect(),
            classes: Vec::new(),
            about: "images of noise",
        }
    }
}
