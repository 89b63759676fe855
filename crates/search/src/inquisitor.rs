use netsynth_graph::Cost;
use netsynth_space::{Domain, Genome};

use crate::felt::{features, reactions};
use crate::gain::{Accuracy, Normal, log_odds};
use crate::process::{Covariance, Observation, Point, Process};
use crate::promotion::{by_merit, gains};
use crate::{Metrics, Problem, SearchError, Trial};

/// From how many trained trials on the inquisitor's word counts.
const ENOUGH: usize = 8;

/// By what factor the trials grow before the covariance is fitted again; between fits it only takes in what is new.
const GROWTH: f64 = 1.2;

/// The inquisitor I(G; theta_I): from trained networks and the reactions of their vertices it predicts accuracy, and
/// with it what a change of each decision does to U.
///
/// U has two parts. What a change does to the cost part is counted exactly. The accuracy part is a Gaussian process:
/// theta_I are its covariance, fitted to what was observed, and what was observed. Where an evaluator can probe, the
/// reactions at the changed vertices of the best probed network times the size of each change are features of it.
pub(crate) struct Inquisitor<'a> {
    problem: &'a Problem<'a>,
    process: Process,
    /// The trained network whose reactions are felt.
    subject: Option<Trial>,
    observations: Vec<Observation>,
    /// Mean and standard deviation of the observed log-odds.
    scale: (f64, f64),
    n_fitted: usize,
}

impl<'a> Inquisitor<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>) -> Self {
        Self {
            problem,
            process: Process::new(Covariance::new(problem.space.decisions()), &[]),
            subject: None,
            observations: Vec::new(),
            scale: (0.0, 1.0),
            n_fitted: 0,
        }
    }

    /// Whether it has seen enough to be asked.
    pub(crate) fn is_informed(&self) -> bool {
        self.observations.len() >= ENOUGH
    }

    /// Learns from all trials so far.
    pub(crate) fn learn(&mut self, trials: &[Trial]) {
        let plan = self.problem.plan;
        let n_rungs = plan.rungs.len();
        let gains = gains(trials, n_rungs);
        let trained: Vec<&Trial> = trials.iter().filter(|trial| trial.latest().is_some()).collect();
        if trained.is_empty() {
            return;
        }
        let fits = trained.len() >= ENOUGH && trained.len() as f64 >= GROWTH * self.n_fitted as f64;
        if fits {
            let order = by_merit(&trained, plan, &gains);
            let probed = order.iter().map(|&at| trained[at]).find(|trial| reactions(trial).is_some());
            self.subject = probed.cloned();
        }
        let values: Vec<f64> = trained
            .iter()
            .filter_map(|trial| trial.latest().map(|(rung, accuracy)| log_odds(accuracy + gains[rung])))
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let deviation = libm::sqrt(squares / values.len() as f64).max(1e-6);
        self.scale = (mean, deviation);
        let errors = errors(trials, &gains);
        let n_known = if fits { 0 } else { self.observations.len() };
        self.observations.truncate(n_known);
        for (at, trial) in trained.iter().enumerate() {
            let value = (values[at] - mean) / deviation;
            if at < n_known {
                self.observations[at].value = value;
            } else {
                let rung = trial.latest().map_or(0, |(rung, _)| rung);
                let variance = errors[rung] / (deviation * deviation);
                self.observations.push(Observation { point: self.point(&trial.genome), value, variance });
            }
        }
        if fits {
            self.n_fitted = trained.len();
            let covariance = self.process.covariance().fitted(&self.observations);
            self.process = Process::new(covariance, &self.observations);
        } else {
            self.process.extend(&self.observations[n_known..]);
            self.process.revalue(self.observations.iter().map(|observation| observation.value).collect());
        }
    }

    pub(crate) fn point(&self, genome: &Genome) -> Point {
        let felt = self.subject.as_ref().and_then(|subject| {
            let reactions = reactions(subject)?;
            Some(features(self.problem.space.decisions(), reactions, &subject.genome, genome))
        });
        Point { genome: genome.clone(), felt: felt.unwrap_or_default() }
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// The accuracy that a law of standardised log-odds means.
    pub(crate) fn accuracy(&self, law: Normal) -> Accuracy {
        let (mean, deviation) = self.scale;
        Accuracy { odds: Normal { mean: mean + deviation * law.mean, deviation: deviation * law.deviation } }
    }

    /// The predicted U of a network.
    pub(crate) fn performance(&self, law: Normal, cost: Cost) -> f64 {
        let accuracy = self.accuracy(law).middle();
        self.problem.plan.performance.of(&Metrics { accuracy, cost })
    }

    /// The predicted change of U if this decision of a network were this choice.
    pub(crate) fn change(&self, genome: &Genome, decision: usize, choice: usize) -> Result<f64, SearchError> {
        let predicted = |genome: &Genome| -> Result<f64, SearchError> {
            let point = self.point(genome);
            let mean = self.process.mean(&self.process.covariances(&point));
            let cost = self.problem.space.count(genome)?.cost;
            Ok(self.performance(Normal { mean, deviation: 0.0 }, cost))
        };
        let changed = self.problem.space.decisions().with(genome, decision, choice);
        Ok(predicted(&changed)? - predicted(genome)?)
    }

    /// For each decision what the inquisitor expects a change of it in this network to bring.
    pub(crate) fn advice(&self, genome: &Genome) -> Result<Vec<Advice>, SearchError> {
        let decisions = self.problem.space.decisions();
        let predicted = |number: usize, choice: usize| -> Result<f64, SearchError> {
            let changed = decisions.with(genome, number, choice);
            let point = self.point(&changed);
            let mean = self.process.mean(&self.process.covariances(&point));
            let cost = self.problem.space.count(&changed)?.cost;
            Ok(self.performance(Normal { mean, deviation: 0.0 }, cost))
        };
        let mut advice = Vec::with_capacity(decisions.len());
        for (number, decision) in decisions.iter().enumerate() {
            let choice = genome.choice(number);
            advice.push(match decision.domain {
                Domain::Ordinal(_) => {
                    let (down, up) =
                        (choice.saturating_sub(1), (choice + 1).min(decision.domain.choices() - 1));
                    let n_steps = (up - down).max(1) as f64;
                    Advice::PerStep((predicted(number, up)? - predicted(number, down)?) / n_steps)
                }
                Domain::Switch => Advice::PerStep(predicted(number, 1)? - predicted(number, 0)?),
                Domain::Alternatives(count) => {
                    let worths = (0..count).map(|choice| predicted(number, choice));
                    Advice::Each(worths.collect::<Result<_, _>>()?)
                }
            });
        }
        Ok(advice)
    }
}

/// What the inquisitor expects of a decision, in decibels of U.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Advice {
    /// The change that one choice more, or a yes, brings.
    PerStep(f64),
    /// U with each alternative.
    Each(Vec<f64>),
}

/// For each rung the variance of what trials gained from it to the top: how far a low rung misleads.
fn errors(trials: &[Trial], gains: &[f64]) -> Vec<f64> {
    let top = gains.len() - 1;
    gains
        .iter()
        .enumerate()
        .map(|(rung, gain)| {
            let squares: Vec<f64> = trials
                .iter()
                .filter_map(|trial| {
                    let miss = log_odds(trial.accuracy_at(top)?) - log_odds(trial.accuracy_at(rung)? + gain);
                    Some(miss * miss)
                })
                .collect();
            squares.iter().sum::<f64>() / squares.len().max(1) as f64
        })
        .collect()
}
