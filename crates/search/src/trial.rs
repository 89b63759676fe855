use netsynth_graph::{ArchitectureId, Cost};
use netsynth_space::Genome;

use crate::{Indicator, Measured, Metrics, Scores};

/// A candidate and what its rungs found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Its number in the run.
    pub number: usize,
    /// The generation that proposed it.
    pub generation: usize,
    /// Its choices.
    pub genome: Genome,
    /// What the network is.
    pub id: ArchitectureId,
    /// What the network costs.
    pub cost: Cost,
    /// The trial that it was made from, if it was made from one.
    pub parent: Option<usize>,
    /// What the inquisitor expected of U.
    pub predicted: Option<f64>,
    /// What each rung that it climbed found, from the lowest.
    pub readings: Vec<Measured>,
}

/// What became of a trial.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A training failed, for this reason.
    Failed(String),
    /// It was not promoted beyond this rung, which measured this.
    Stopped(usize, Metrics),
    /// It completed every rung and misses the indicator by this much.
    Infeasible(Metrics, f64),
    /// It completed every rung and meets the indicator.
    Feasible(Metrics),
}

impl Outcome {
    /// The metrics of a feasible trial.
    pub fn feasible(&self) -> Option<Metrics> {
        match self {
            Outcome::Feasible(metrics) => Some(*metrics),
            Outcome::Failed(_) | Outcome::Stopped(..) | Outcome::Infeasible(..) => None,
        }
    }
}

impl Trial {
    /// Accuracy at the rung of this number, if the trial was trained there.
    pub fn accuracy_at(&self, rung: usize) -> Option<f64> {
        match self.readings.get(rung)? {
            Measured::Trained(trained) => Some(trained.accuracy()),
            Measured::Failed(_) => None,
        }
    }

    /// What could be told of its network before it was trained, if somebody did.
    pub fn scores(&self) -> Option<&Scores> {
        match self.readings.first()? {
            Measured::Trained(trained) => trained.scores.as_ref(),
            Measured::Failed(_) => None,
        }
    }

    /// The highest rung where it was trained, and the accuracy there.
    pub fn latest(&self) -> Option<(usize, f64)> {
        (0..self.readings.len()).rev().find_map(|rung| Some((rung, self.accuracy_at(rung)?)))
    }

    /// What became of it, in a run of this many rungs.
    pub fn outcome(&self, indicator: &Indicator, n_rungs: usize) -> Outcome {
        if let Some(Measured::Failed(reason)) = self.readings.last() {
            return Outcome::Failed(reason.clone());
        }
        let Some((rung, accuracy)) = self.latest() else {
            return Outcome::Failed("it was not trained".to_owned());
        };
        let metrics = Metrics { accuracy, cost: self.cost };
        let violation = indicator.violation(&metrics);
        if rung + 1 < n_rungs {
            Outcome::Stopped(rung, metrics)
        } else if violation > 0.0 {
            Outcome::Infeasible(metrics, violation)
        } else {
            Outcome::Feasible(metrics)
        }
    }
}
