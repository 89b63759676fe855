//! What climbing from a rung to the last one brings: by it short trainings are compared with full ones.

use crate::statistics::share_law::log_odds;
use crate::{Constraint, Metric, Metrics, SearchPlan, Trial};

/// What trials gained in one metric from a rung to the last one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Climb {
    /// The mean gain, as a share; 0 where no trial has climbed yet.
    pub(crate) gain: f64,
    /// The mean square of what that mean misses by, in log-odds: how far the rung misleads.
    pub(crate) variance: f64,
}

/// The climbs of one metric from each rung.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Climbs {
    metric: Metric,
    from: Vec<Climb>,
}

impl Climb {
    /// What a value at the climb's rung is expected to be at the top.
    fn top(&self, value: f64) -> f64 {
        (value + self.gain).min(1.0)
    }
}

impl Climbs {
    /// The climbs of trials in a metric.
    pub(crate) fn of(trials: &[Trial], metric: Metric, n_rungs: usize) -> Self {
        let climb = |rung: usize| {
            let pairs: Vec<(f64, f64)> = trials
                .iter()
                .filter_map(|trial| Some((trial.at(n_rungs - 1, metric)?, trial.at(rung, metric)?)))
                .collect();
            let count = pairs.len().max(1) as f64;
            let gain = pairs.iter().map(|(top, here)| top - here).sum::<f64>() / count;
            let misses = pairs.iter().map(|(top, here)| {
                let miss = log_odds(*top) - log_odds(here + gain);
                miss * miss
            });
            Climb { gain, variance: misses.sum::<f64>() / count }
        };
        Self { metric, from: (0..n_rungs).map(climb).collect() }
    }

    /// The climbs of trials in each of these metrics.
    pub(crate) fn of_each(trials: &[Trial], metrics: &[Metric], n_rungs: usize) -> Vec<Self> {
        metrics.iter().map(|&metric| Self::of(trials, metric, n_rungs)).collect()
    }

    /// The metric.
    pub(crate) fn metric(&self) -> Metric {
        self.metric
    }

    /// The climb from the highest rung where a trial was trained, and the value that it is expected to have at the top.
    pub(crate) fn top(&self, trial: &Trial) -> Option<(f64, Climb)> {
        let rung = trial.top_rung()?;
        let climb = self.from[rung];
        Some((climb.top(trial.at(rung, self.metric)?), climb))
    }
}

/// The metrics of a trained trial as they are expected at the top, for each metric whose climbs are given.
pub(crate) fn at_the_top(trial: &Trial, climbs: &[Climbs]) -> Metrics {
    let tops = climbs.iter().filter_map(|climbs| Some((climbs.metric(), climbs.top(trial)?.0)));
    Metrics::counted(&trial.cost).and(tops.collect())
}

/// Whether a trial of this rung will miss one of the indicator's measured bounds, with the plan's confidence, when it has
/// climbed.
pub(crate) fn is_out_of_reach(trial: &Trial, history: &[Trial], rung: usize, plan: &SearchPlan) -> bool {
    let Some(confidence) = plan.pruning else { return false };
    plan.indicator
        .measured()
        .any(|bound| misses(bound, confidence, trial, history, rung, plan.rungs.len() - 1))
}

/// Whether a trial of this rung will miss a bound when it has climbed to the last one.
///
/// The test is distribution-free: if `n` earlier trials and this one gain alike (in log-odds, from this rung to the
/// last), this one exceeds the k-th largest of their gains with probability k / (n + 1), the rank of one among n + 1
/// exchangeable numbers. So nothing is held back until n is confidence / (1 - confidence).
fn misses(
    bound: &Constraint,
    confidence: f64,
    trial: &Trial,
    history: &[Trial],
    rung: usize,
    last: usize,
) -> bool {
    let Constraint::AtLeast(metric, floor) = *bound else { return false };
    let Some(value) = trial.at(rung, metric) else { return false };
    let mut gains: Vec<f64> = history
        .iter()
        .filter_map(|earlier| Some(log_odds(earlier.at(last, metric)?) - log_odds(earlier.at(rung, metric)?)))
        .collect();
    gains.sort_by(|one, other| other.total_cmp(one));
    // Rounded up by a hair less than it could be: 0.1 * 10 is 0.9999... in binary.
    let rank = ((1.0 - confidence) * (gains.len() + 1) as f64 + 1e-9) as usize;
    let most = rank.checked_sub(1).and_then(|at| gains.get(at));
    most.is_some_and(|gain| log_odds(value) + gain < log_odds(floor))
}
