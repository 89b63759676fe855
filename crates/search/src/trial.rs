use netsynth_graph::{ArchitectureId, Cost};
use netsynth_space::Genome;

use crate::{Indicator, Measured, Metric, Metrics, SearchPlan, Trained, ZeroCostScores};

/// A network that a strategy proposed and that nobody has measured yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The trial it will be.
    pub trial: usize,
    /// The generation it was proposed in.
    pub generation: usize,
    /// Its choices.
    pub genome: Genome,
    /// What the network is.
    pub id: ArchitectureId,
    /// What the network costs.
    pub cost: Cost,
    /// The trial that it was made from, where the strategy changes what it has seen.
    pub parent: Option<usize>,
    /// What the inquisitor expected of U before any training, if it had learned enough to say.
    pub predicted: Option<f64>,
}

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
    /// A candidate before any measurement.
    pub(crate) fn of(candidate: &Candidate) -> Self {
        Self {
            number: candidate.trial,
            generation: candidate.generation,
            genome: candidate.genome.clone(),
            id: candidate.id,
            cost: candidate.cost,
            parent: candidate.parent,
            predicted: candidate.predicted,
            readings: Vec::new(),
        }
    }

    /// The training on the rung of this number, if it was trained there.
    pub fn trained(&self, rung: usize) -> Option<&Trained> {
        match self.readings.get(rung)? {
            Measured::Trained(trained) => Some(trained),
            Measured::Failed(_) => None,
        }
    }

    /// A metric at the rung of this number: for a measured one, if the trial was trained there.
    pub fn at(&self, rung: usize, metric: Metric) -> Option<f64> {
        metric.counted(&self.cost).or_else(|| self.trained(rung)?.mean(metric))
    }

    /// The zero-cost scores of its network, if the evaluator gave any.
    pub fn scores(&self) -> Option<&ZeroCostScores> {
        self.trained(0)?.scores.as_ref()
    }

    /// The highest rung where it was trained.
    pub fn top_rung(&self) -> Option<usize> {
        (0..self.readings.len()).rev().find(|&rung| self.trained(rung).is_some())
    }

    /// All that is known of its network: counted, and measured at the highest rung where it was trained.
    pub fn metrics(&self) -> Metrics {
        let trained = self.top_rung().and_then(|rung| self.trained(rung));
        Metrics::counted(&self.cost).and(trained.map(Trained::metrics).unwrap_or_default())
    }

    /// A metric of its network: of a measured one the value at the highest rung where it was trained.
    pub fn latest(&self, metric: Metric) -> Option<f64> {
        metric.counted(&self.cost).or_else(|| self.trained(self.top_rung()?)?.mean(metric))
    }

    /// U as measured at the highest rung where it was trained.
    pub fn performance(&self, plan: &SearchPlan) -> Option<f64> {
        Some(plan.performance.of(self.latest(plan.quality())?, &self.cost))
    }

    /// What became of it, in a run of this many rungs.
    pub fn outcome(&self, indicator: &Indicator, n_rungs: usize) -> Outcome {
        if let Some(Measured::Failed(reason)) = self.readings.last() {
            return Outcome::Failed(reason.clone());
        }
        let Some(rung) = self.top_rung() else {
            return Outcome::Failed("it was not trained".to_owned());
        };
        let metrics = self.metrics();
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
