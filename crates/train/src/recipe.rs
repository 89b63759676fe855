use std::ops::RangeInclusive;

use netsynth_data::{Augmentation, DataError, Normalisation};
use netsynth_kernels::AdamOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How networks are trained, as data in the plan. Epochs are the rung's or the command's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Images a step, at most; an epoch is cut into steps of even size.
    pub batch_size: usize,
    /// How gradients become steps.
    pub optimiser: Optimiser,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// The fan-in of the weights that have this learning rate: those of another fan-in have it times the root of this one
    /// over theirs. Absent, all have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_fan_in: Option<usize>,
    /// How it falls.
    pub schedule: Schedule,
    /// How training images vary.
    pub augmentation: Augmentation,
    /// How gray levels become numbers.
    pub normalisation: Normalisation,
    /// Share of each target that is spread over all classes.
    #[serde(default)]
    pub label_smoothing: f32,
    /// Whether each image counts in inverse proportion to how many training images its class has, one on average.
    #[serde(default)]
    pub balanced_classes: bool,
    /// Both parameters of the Beta law by which pairs of images are mixed (Zhang et al. 2018); 0 mixes none.
    #[serde(default)]
    pub mixup: f64,
    /// Share that a batch's statistics have in batch norm's running ones.
    #[serde(default = "tenth")]
    pub batch_norm_momentum: f32,
    /// Decay of the exponential average of the weights that is judged and kept; absent, the last weights are. It
    /// rises to this from (1 + step) / (10 + step).
    #[serde(default)]
    pub averaging: Option<f32>,
    /// Whether predictions are the mean over the image and its mirror image.
    #[serde(default)]
    pub flip_averaging: bool,
}

fn tenth() -> f32 {
    0.1
}

/// How gradients become steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Optimiser {
    /// Adam (Kingma and Ba 2015) with an L2 penalty in the loss, as Keras' kernel regulariser: on the weights of
    /// convolutions and the classifier.
    Adam {
        /// Factor of the squared weights.
        l2: f32,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019), on the same weights.
    AdamW {
        /// Share of a weight that a step at learning rate 1 would take away.
        decay: f32,
    },
}

/// How the learning rate falls over a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Schedule {
    /// From this share of the epochs on, the rate is this factor of the highest.
    Steps(Vec<(f64, f64)>),
    /// Linear rise over this share of the steps, then half a cosine to 0.
    Cosine(f64),
}

impl Schedule {
    /// The factor of the highest learning rate in the middle of a step; each number with how many there are.
    pub(crate) fn at(&self, [epoch, n_epochs]: [usize; 2], [step, n_steps]: [usize; 2]) -> f64 {
        let progress = (epoch as f64 + step as f64 / n_steps as f64) / n_epochs as f64;
        self.factor(progress + 0.5 / (n_epochs * n_steps) as f64)
    }

    /// The factor of the highest learning rate at `progress`, from 0 at the first step to 1 after the last.
    fn factor(&self, progress: f64) -> f64 {
        match self {
            Schedule::Steps(steps) => {
                let passed = steps.iter().rev().find(|(from, _)| progress >= *from);
                passed.map_or(1.0, |(_, factor)| *factor)
            }
            Schedule::Cosine(warm_up) if progress < *warm_up => progress / warm_up,
            Schedule::Cosine(warm_up) => {
                0.5 * (1.0 + libm::cos(std::f64::consts::PI * (progress - warm_up) / (1.0 - warm_up)))
            }
        }
    }
}

/// A field of a recipe is refused.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RecipeError {
    /// A number is outside its range.
    #[error("the recipe's `{field}` is {value}")]
    #[diagnostic(help("give {allowed}"))]
    Range {
        /// The field.
        field: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        allowed: String,
    },
    /// The augmentation is refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Augmentation(#[from] DataError),
}

impl Recipe {
    /// The recipe as published, with the Keras example's choices where the paper is silent: batches of 32, L2 1e-4,
    /// and its learning rate steps at epochs 81, 121, 161 and 181 of 200.
    pub fn paper() -> Self {
        Self {
            batch_size: 32,
            optimiser: Optimiser::Adam { l2: 1e-4 },
            learning_rate: 1e-3,
            rate_fan_in: None,
            schedule: Schedule::Steps(vec![(0.405, 1e-1), (0.605, 1e-2), (0.805, 1e-3), (0.905, 0.5e-3)]),
            augmentation: Augmentation::paper(),
            normalisation: Normalisation::UnitInterval,
            label_smoothing: 0.0,
            balanced_classes: false,
            mixup: 0.0,
            batch_norm_momentum: 0.01,
            averaging: None,
            flip_averaging: false,
        }
    }

    /// The default: regularised, augmented, with averaged weights.
    pub fn strong() -> Self {
        Self {
            batch_size: 32,
            optimiser: Optimiser::AdamW { decay: 0.05 },
            learning_rate: 5e-3,
            // Of the widest layers of ResNet-20: 3x3 of 64 channels.
            rate_fan_in: Some(576),
            schedule: Schedule::Cosine(0.1),
            augmentation: Augmentation::strong(),
            normalisation: Normalisation::PerImage,
            label_smoothing: 0.1,
            balanced_classes: false,
            mixup: 0.2,
            batch_norm_momentum: 0.1,
            averaging: Some(0.998),
            flip_averaging: true,
        }
    }

    /// The highest learning rate of a parameter of this shape: a convolution's weights are `[out, in, height, width]`, those of a
    /// dense layer `[in, out]`.
    ///
    /// A step of Adam changes every weight by about its rate. Before a norm only the direction of a channel's weights
    /// counts: He's initial ones have a length that does not depend on their number, the fan-in, and a step has its root times
    /// the rate. So narrow networks turn slower at the same rate, and learn slower.
    pub(crate) fn rate_of(&self, shape: &[usize]) -> f64 {
        let fan_in = match *shape {
            [_, channels, height, width] => channels * height * width,
            [inputs, _] => inputs,
            _ => return self.learning_rate,
        };
        let turns = self.rate_fan_in.map_or(1.0, |reference| reference as f64 / fan_in.max(1) as f64);
        self.learning_rate * libm::sqrt(turns)
    }

    /// The optimiser's constants.
    pub(crate) fn adam(&self) -> AdamOptions {
        let (l2, weight_decay) = match self.optimiser {
            Optimiser::Adam { l2 } => (l2, 0.0),
            Optimiser::AdamW { decay } => (0.0, decay),
        };
        AdamOptions { l2, weight_decay, average: self.averaging, ..AdamOptions::default() }
    }

    /// Refuses a recipe that no training could follow.
    ///
    /// # Errors
    /// Names the first field outside its range, with the range.
    pub fn check(&self) -> Result<(), RecipeError> {
        check("batch_size", self.batch_size as f64, BATCH_SIZES, " images")?;
        match self.optimiser {
            Optimiser::Adam { l2 } => check("optimiser", l2.into(), L2, " as its l2")?,
            Optimiser::AdamW { decay } => check("optimiser", decay.into(), DECAYS, " as its decay")?,
        }
        check("learning_rate", self.learning_rate, LEARNING_RATES, "")?;
        check("rate_fan_in", self.rate_fan_in.unwrap_or(1) as f64, FAN_INS, ", such as 576")?;
        check("label_smoothing", self.label_smoothing.into(), LABEL_SMOOTHING, "")?;
        check("mixup", self.mixup, MIXUP, " as its Beta parameter, 0 for none")?;
        check("batch_norm_momentum", self.batch_norm_momentum.into(), MOMENTA, "")?;
        check("averaging", self.averaging.unwrap_or(0.0).into(), BELOW_ONE, ", such as 0.998")?;
        match &self.schedule {
            Schedule::Cosine(warm_up) => {
                check("schedule", *warm_up, BELOW_ONE, " as the share of its warm-up")?
            }
            Schedule::Steps(steps) => {
                for &(from, factor) in steps {
                    check("schedule", from, SHARES, " as the share of the epochs from which a factor holds")?;
                    check("schedule", factor, FACTORS, " as a factor")?;
                }
            }
        }
        Ok(self.augmentation.check()?)
    }
}

/// What the fields of a recipe may be.
const BATCH_SIZES: RangeInclusive<f64> = 2.0..=4096.0;
const L2: RangeInclusive<f64> = 0.0..=1.0;
const DECAYS: RangeInclusive<f64> = 0.0..=10.0;
const LEARNING_RATES: RangeInclusive<f64> = 1e-9..=10.0;
const FAN_INS: RangeInclusive<f64> = 1.0..=1e9;
const LABEL_SMOOTHING: RangeInclusive<f64> = 0.0..=0.99;
const MIXUP: RangeInclusive<f64> = 0.0..=100.0;
const MOMENTA: RangeInclusive<f64> = 1e-6..=1.0;
const SHARES: RangeInclusive<f64> = 0.0..=1.0;
const FACTORS: RangeInclusive<f64> = 0.0..=1e3;
const BELOW_ONE: RangeInclusive<f64> = 0.0..=0.999_999;

/// Refuses a field outside its range; `suffix` comes behind the range in the remedy.
fn check(
    field: &'static str,
    value: f64,
    range: RangeInclusive<f64>,
    suffix: &str,
) -> Result<(), RecipeError> {
    // Many fields are 32-bit numbers, in which the end of a range can lie a hair beyond it.
    let narrow = *range.start() as f32..=*range.end() as f32;
    if range.contains(&value) || narrow.contains(&(value as f32)) {
        return Ok(());
    }
    let allowed = format!("{} to {}{suffix}", range.start(), range.end());
    Err(RecipeError::Range { field, value, allowed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_turns_a_channel_of_any_fan_in_as_far() {
        let recipe = Recipe { learning_rate: 0.004, rate_fan_in: Some(576), ..Recipe::strong() };
        // The length of a step of Adam is about its rate times the root of the fan-in, that of He's weights the same for all.
        let step = |shape: &[usize], fan_in: usize| recipe.rate_of(shape) * (fan_in as f64).sqrt();
        let expected = 0.004 * 24.0;
        for (shape, fan_in) in
            [(&[8, 64, 3, 3][..], 576), (&[64, 1, 3, 3], 9), (&[5, 7, 1, 1], 7), (&[33, 7], 33), (&[0, 0], 1)]
        {
            assert!((step(shape, fan_in) - expected).abs() < 1e-12, "{shape:?}");
        }
        // Biases and norms have the rate itself, and so has everything where there is no fan-in.
        assert_eq!(recipe.rate_of(&[64]), 0.004);
        let plain = Recipe { rate_fan_in: None, ..recipe };
        assert_eq!(plain.rate_of(&[64, 1, 3, 3]), 0.004);
    }
}
