use std::fmt;

use netsynth_graph::Cost;
use serde::Serialize;

/// How long networks are trained: each for so many epochs, or as long as its size pays for.
///
/// What a network reaches is a curve over the multiply-accumulates that its training spends, and a small network goes
/// through many epochs for those that a large one spends in a few. Networks compared after equal epochs are ranked by how
/// fast they start; those compared after equal multiply-accumulates by what they reach for the same price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Length {
    /// The most epochs.
    pub epochs: usize,
    /// What a training may spend on each of its images, in multiply-accumulates of the network's forward pass; absent, all
    /// networks are trained for `epochs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macs: Option<f64>,
}

impl Length {
    /// No training.
    pub const NONE: Self = Self { epochs: 0, macs: None };

    /// The epochs that a network of this cost is trained for: as many as `macs` pays for, but one at least.
    pub fn epochs_of(self, cost: &Cost) -> usize {
        match self.macs {
            None => self.epochs,
            // The division rounds to nearest and the conversion down: the same number everywhere.
            Some(macs) => ((macs / cost.macs.max(1) as f64) as usize).clamp(1, self.epochs.max(1)),
        }
    }

    /// What a training spends on each of its images, in multiply-accumulates of forward passes.
    pub fn macs_of(self, cost: &Cost) -> u128 {
        self.epochs_of(cost) as u128 * u128::from(cost.macs)
    }

    /// What is wrong with it, if anything.
    pub fn problem(self) -> Option<String> {
        no_macs(self.macs)
    }
}

/// What is wrong with a bound in multiply-accumulates, if there is one.
pub(crate) fn no_macs(bound: Option<f64>) -> Option<String> {
    let macs = bound?;
    (!(macs.is_finite() && macs >= 1.0)).then(|| format!("{macs} multiply-accumulates"))
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.macs {
            None => write!(f, "{} epochs", self.epochs),
            Some(macs) => {
                write!(f, "{} M MACs an image and at most {} epochs", (macs / 1e6).round(), self.epochs)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use netsynth_graph::Cost;
    use proptest::prelude::*;

    use super::*;

    fn cost(macs: u64) -> Cost {
        Cost { parameters: 1, macs, peak_activations: 1, ..Cost::default() }
    }

    proptest! {
        #[test]
        fn a_training_spends_what_it_may_and_another_epoch_would_be_too_much(
            macs in 1u64..1_000_000_000, budget in 1.0..1e13f64, epochs in 1usize..10_000,
        ) {
            let length = Length { epochs, macs: Some(budget) };
            let trained = length.epochs_of(&cost(macs));
            prop_assert!((1..=epochs).contains(&trained));
            prop_assert!(trained == 1 || length.macs_of(&cost(macs)) as f64 <= budget);
            prop_assert!(trained == epochs || (trained + 1) as f64 * macs as f64 > budget * (1.0 - 1e-12));
        }

        #[test]
        fn a_smaller_network_is_never_trained_for_fewer_epochs(
            macs in 1u64..1_000_000_000, more in 0u64..1_000_000_000, budget in 1.0..1e13f64,
        ) {
            let length = Length { epochs: 500, macs: Some(budget) };
            prop_assert!(length.epochs_of(&cost(macs)) >= length.epochs_of(&cost(macs + more)));
        }
    }

    #[test]
    fn without_a_budget_all_networks_are_trained_for_equally_many_epochs() {
        let length = Length { epochs: 60, macs: None };
        assert_eq!(length.epochs_of(&cost(1)), 60);
        assert_eq!(length.epochs_of(&cost(1 << 40)), 60);
    }
}
