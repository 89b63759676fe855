use netsynth_graph::Cost;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Candidate, Count, CountError, Measured, SearchPlan, Trial};

/// What ends a search early. The search itself keeps `epochs`, `macs` and `failures_in_a_row`, which are functions of
/// the trials; who measures keeps `wall_clock_secs`, `training_secs` and `memory_mib`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The most epochs that all trainings of the search take together, those of the variants apart. A generation
    /// that could exceed it is made smaller, so it is never exceeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
    /// The most that all trainings of the search spend on the images of a fold, those of the variants apart, in
    /// multiply-accumulates of forward passes: the sum of epochs times the network's. Times three (forward, and back twice)
    /// and the images that a fold is trained on, it is what the search computes. Candidates beyond it are not trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macs: Option<f64>,
    /// Seconds of work, over all sessions, after which no further training begins. The one limit by which two
    /// runs of one plan can differ: in how many trials they have, not in any of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_clock_secs: Option<u64>,
    /// Seconds that one training of a trainer of the user's own may take: it is stopped then, and its trial has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_secs: Option<u64>,
    /// The most memory in MiB that a training may need by estimate; a candidate beyond it fails untrained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// So many trials failing one after the other stop the run: then it is the plan that is wrong.
    pub failures_in_a_row: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            epochs: None,
            macs: None,
            wall_clock_secs: None,
            training_secs: None,
            memory_mib: None,
            failures_in_a_row: 12,
        }
    }
}

impl Limits {
    /// Refuses limits that leave nothing to do, or are none.
    pub(crate) fn check(&self) -> Result<(), CountError> {
        let counted = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        Count::FAILURES.check(self.failures_in_a_row)?;
        self.wall_clock_secs.map_or(Ok(0), |secs| Count::SECONDS.check(counted(secs)))?;
        self.training_secs.map_or(Ok(0), |secs| Count::SECONDS.check(counted(secs)))?;
        self.memory_mib.map_or(Ok(0), |mib| Count::MEBIBYTES.check(counted(mib)))?;
        Ok(())
    }
}

/// Why a search made no further trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StopReason {
    /// The plan's trials are made.
    Trials,
    /// Every network of the space has been tried, as far as the strategy can tell.
    Space,
    /// No further trial fits into the plan's epochs.
    Epochs,
    /// No further trial fits into the plan's multiply-accumulates.
    Macs,
    /// The plan's seconds are spent.
    WallClock,
    /// Too many trials failed one after the other.
    Failures,
    /// Somebody asked it to stop; it can go on.
    Asked,
}

impl SearchPlan {
    /// How many candidates to propose after these trials, while so many others are still measured, or why none.
    pub(crate) fn next_generation(&self, trials: &[Trial], n_open: usize) -> Result<usize, StopReason> {
        let failed = |trial: &&Trial| matches!(trial.readings.last(), Some(Measured::Failed(_)));
        if trials.iter().rev().take_while(failed).count() >= self.limits.failures_in_a_row {
            return Err(StopReason::Failures);
        }
        let n_left = self.generation_size.min(self.n_trials - trials.len() - n_open);
        if n_left == 0 {
            return Err(StopReason::Trials);
        }
        let spent: u64 = trials.iter().map(|trial| self.epochs_of(&trial.cost, trial.readings.len())).sum();
        let spent = spent + self.most_epochs(n_open);
        let fits = |n_candidates: &usize| {
            self.limits.epochs.is_none_or(|most| spent + self.most_epochs(*n_candidates) <= most)
        };
        (1..=n_left).rev().find(fits).ok_or(StopReason::Epochs)
    }

    /// Epochs of a network that is trained on so many rungs.
    pub fn epochs_of(&self, cost: &Cost, n_rungs: usize) -> u64 {
        self.rungs.iter().take(n_rungs).map(|rung| rung.epochs_of(cost)).sum()
    }

    /// The most epochs that any network takes on so many rungs.
    pub fn most_epochs_of(&self, n_rungs: usize) -> u64 {
        self.rungs.iter().take(n_rungs).map(|rung| (rung.epochs * rung.folds) as u64).sum()
    }

    /// What the trainings of a network on so many rungs spend on the images of a fold, in multiply-accumulates of forward
    /// passes.
    pub fn macs_of(&self, cost: &Cost, n_rungs: usize) -> u128 {
        self.rungs.iter().take(n_rungs).map(|rung| rung.macs_of(cost)).sum()
    }

    /// What trials have spent on the images of a fold, in multiply-accumulates of forward passes.
    pub(crate) fn spent(&self, trials: &[Trial]) -> u128 {
        trials.iter().map(|trial| self.macs_of(&trial.cost, trial.readings.len())).sum()
    }

    /// The candidates that the plan's multiply-accumulates still pay for after so many are spent: the first of them, each up to
    /// the last rung.
    pub(crate) fn affordable(&self, mut spent: u128, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        let Some(most) = self.limits.macs else { return candidates };
        let n_paid = candidates.iter().take_while(|candidate| {
            spent += self.macs_of(&candidate.cost, self.rungs.len());
            spent as f64 <= most
        });
        let n_paid = n_paid.count();
        candidates.truncate(n_paid);
        candidates
    }

    /// The most epochs that a generation of so many candidates can take: no training fails. Without generations all may climb.
    pub fn most_epochs(&self, n_candidates: usize) -> u64 {
        if self.asynchronous {
            return n_candidates as u64 * self.most_epochs_of(self.rungs.len());
        }
        let mut climbing = n_candidates;
        let mut epochs = 0;
        for rung in &self.rungs {
            epochs += (climbing * rung.epochs * rung.folds) as u64;
            climbing = rung.n_kept(climbing);
        }
        epochs
    }
}
