//! How trainings step: what is fixed for all of them, and what changes from step to step.

use crate::kernels::norm::SCHEDULE;

/// How trainings step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepOptions {
    /// Trainings of the network, each with weights and images of its own.
    pub trainings: usize,
    /// Images of a step and training, at most.
    pub batch: usize,
    /// Images of an epoch and training, at most.
    pub epoch_images: usize,
    /// Steps of an epoch, at most.
    pub epoch_steps: usize,
    /// Added to a variance before its root.
    pub norm_epsilon: f32,
    /// Share that a batch's statistics have in the running ones.
    pub norm_momentum: f32,
    /// Adam's decay of the mean gradient.
    pub beta_1: f32,
    /// Adam's decay of the mean squared gradient.
    pub beta_2: f32,
    /// Added to the root of the mean squared gradient.
    pub adam_epsilon: f32,
    /// L2 penalty on weights as Keras counts it.
    pub l2: f32,
}

impl Default for StepOptions {
    /// One training of the recipe `strong`, 32 images a step.
    fn default() -> Self {
        Self {
            trainings: 1,
            batch: 32,
            epoch_images: 32,
            epoch_steps: 1,
            norm_epsilon: 1e-3,
            norm_momentum: 0.1,
            beta_1: 0.9,
            beta_2: 0.999,
            adam_epsilon: 1e-7,
            l2: 0.0,
        }
    }
}

/// What changes from step to step; the same for all trainings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepRates {
    /// The learning rate.
    pub learning_rate: f64,
    /// Steps before this one, over all epochs.
    pub steps_before: u32,
    /// Decoupled weight decay: what a weight loses a step is this times the learning rate.
    pub weight_decay: f64,
    /// Decay of the averages of parameters and running statistics; 0 keeps none.
    pub average: f32,
}

impl StepRates {
    /// The step's row of the schedule.
    pub(crate) fn row(&self, options: &StepOptions) -> [f32; SCHEDULE] {
        let steps = self.steps_before as i32 + 1;
        let correction_1 = 1.0 - f64::from(options.beta_1).powi(steps);
        let correction_2 = 1.0 - f64::from(options.beta_2).powi(steps);
        [
            (self.learning_rate / correction_1) as f32,
            (1.0 / correction_2.sqrt()) as f32,
            (self.learning_rate * self.weight_decay) as f32,
            self.average,
        ]
    }
}
