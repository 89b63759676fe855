use netsynth_data::Normalisation;

use crate::{Optimiser, Recipe, Schedule};

/// One thing a recipe does, which can be left out to see what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingredient {
    /// Standardisation of each image; without it gray levels become 0 to 1.
    Standardisation,
    /// Weight decay.
    Decay,
    /// Learning rates by the weights' fan-in; without them all weights have the same.
    FanInRates,
    /// The rise of the learning rate at the beginning.
    WarmUp,
    /// The fall of the learning rate; without it the rate is the highest throughout.
    Annealing,
    /// Mixing pairs of images.
    Mixup,
    /// Smoothed targets.
    LabelSmoothing,
    /// Random rotation.
    Rotation,
    /// Random zoom.
    Zoom,
    /// Random shifts.
    Shifts,
    /// Random mirror images.
    Flip,
    /// Random shear.
    Shear,
    /// Random brightness, contrast and light from one side.
    Light,
    /// Random erasing.
    Erasing,
    /// The exponential average of the weights; without it the last weights are judged.
    Averaging,
    /// Predictions averaged over the image and its mirror image.
    FlipAveraging,
}

impl Ingredient {
    /// All of them, in the order of a training step.
    pub const ALL: [Ingredient; 16] = [
        Ingredient::Standardisation,
        Ingredient::Rotation,
        Ingredient::Zoom,
        Ingredient::Shifts,
        Ingredient::Flip,
        Ingredient::Shear,
        Ingredient::Light,
        Ingredient::Erasing,
        Ingredient::Mixup,
        Ingredient::LabelSmoothing,
        Ingredient::Decay,
        Ingredient::FanInRates,
        Ingredient::WarmUp,
        Ingredient::Annealing,
        Ingredient::Averaging,
        Ingredient::FlipAveraging,
    ];

    /// Its name in commands and tables.
    pub fn name(self) -> &'static str {
        match self {
            Ingredient::Standardisation => "standardisation",
            Ingredient::Decay => "decay",
            Ingredient::FanInRates => "fan-in-rates",
            Ingredient::WarmUp => "warm-up",
            Ingredient::Annealing => "annealing",
            Ingredient::Mixup => "mixup",
            Ingredient::LabelSmoothing => "label-smoothing",
            Ingredient::Rotation => "rotation",
            Ingredient::Zoom => "zoom",
            Ingredient::Shifts => "shifts",
            Ingredient::Flip => "flip",
            Ingredient::Shear => "shear",
            Ingredient::Light => "light",
            Ingredient::Erasing => "erasing",
            Ingredient::Averaging => "averaging",
            Ingredient::FlipAveraging => "flip-averaging",
        }
    }
}

impl Recipe {
    /// The recipe with one ingredient left out; the same recipe if it has none of it.
    #[must_use]
    pub fn without(mut self, ingredient: Ingredient) -> Self {
        match ingredient {
            Ingredient::Standardisation => self.normalisation = Normalisation::UnitInterval,
            Ingredient::Decay => {
                self.optimiser = match self.optimiser {
                    Optimiser::Adam { .. } => Optimiser::Adam { l2: 0.0 },
                    Optimiser::AdamW { .. } => Optimiser::AdamW { decay: 0.0 },
                }
            }
            Ingredient::FanInRates => self.rate_fan_in = None,
            Ingredient::WarmUp => {
                self.schedule = match self.schedule {
                    Schedule::Cosine(_) => Schedule::Cosine(0.0),
                    Schedule::Steps(steps) => Schedule::Steps(steps),
                }
            }
            Ingredient::Annealing => self.schedule = Schedule::Steps(Vec::new()),
            Ingredient::Mixup => self.mixup = 0.0,
            Ingredient::LabelSmoothing => self.label_smoothing = 0.0,
            Ingredient::Rotation => self.augmentation.rotation_degrees = 0.0,
            Ingredient::Zoom => self.augmentation.zoom = 0.0,
            Ingredient::Shifts => self.augmentation.shift = 0.0,
            Ingredient::Flip => self.augmentation.flip = false,
            Ingredient::Shear => self.augmentation.shear_degrees = 0.0,
            Ingredient::Light => {
                self.augmentation.brightness = 0.0;
                self.augmentation.contrast = 0.0;
                self.augmentation.light_gradient = 0.0;
            }
            Ingredient::Erasing => self.augmentation.erase = 0.0,
            Ingredient::Averaging => self.averaging = None,
            Ingredient::FlipAveraging => self.flip_averaging = false,
        }
        self
    }
}
