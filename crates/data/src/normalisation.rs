//! Gray levels to the numbers a network is fed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How gray levels, 0 to 255, become the numbers a network is fed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Normalisation {
    /// Divided by 255.
    #[default]
    UnitInterval,
    /// Mean 0 and standard deviation 1 in each image.
    PerImage,
    /// Less the mean, over the standard deviation, of the gray levels of the training samples.
    Dataset {
        /// Mean gray level.
        mean: f32,
        /// Standard deviation of the gray levels.
        sd: f32,
    },
}

/// Below this many gray levels an image's deviation is taken as flat, not amplified.
const MIN_SD: f64 = 1.0;

impl Normalisation {
    /// Normalises `image`, gray levels 0 to 255, in place.
    pub fn apply(self, image: &mut [f32]) {
        match self {
            Normalisation::UnitInterval => image.iter_mut().for_each(|value| *value *= 1.0 / 255.0),
            Normalisation::PerImage => {
                let count = image.len().max(1) as f64;
                let mean = image.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
                let variance =
                    image.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
                shift_and_scale(image, mean as f32, variance.sqrt().max(MIN_SD) as f32);
            }
            Normalisation::Dataset { mean, sd } => shift_and_scale(image, mean, sd),
        }
    }
}

fn shift_and_scale(image: &mut [f32], mean: f32, sd: f32) {
    let scale = 1.0 / sd;
    image.iter_mut().for_each(|value| *value = (*value - mean) * scale);
}
