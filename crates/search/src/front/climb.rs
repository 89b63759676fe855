//! What climbing from a rung to the last one brings: by it short trainings are compared with full ones.

use netsynth_graph::Cost;

use crate::statistics::share_law::{log_odds, share};
use crate::{Constraint, Metric, Metrics, SearchPlan, Trial};

/// What trials gained in one metric from a rung to the last one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Climb {
    gain: Gain,
    /// The mean square of what that misses by, in log-odds: how far the rung misleads.
    pub(crate) variance: f64,
}

/// How a value at a rung and the value at the top belong together.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Gain {
    /// All gain alike, as a share; 0 where no trial has climbed yet.
    Alike(f64),
    /// The gain in log-odds is linear in where a network stands at the rung and in its size. Where multiply-accumulates pay
    /// for trainings a small network goes through many epochs on every rung and is nearly done on the lowest, and a large one has
    /// hardly begun.
    BySize {
        /// The mean gain of those that climbed.
        mean: f64,
        /// Their mean features.
        centre: Features,
        /// The gain for each feature.
        slopes: Features,
    },
}

/// The log-odds of the value at the rung, and the logarithm of the parameters.
type Features = [f64; 2];

/// The climbs of one metric from each rung.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Climbs {
    metric: Metric,
    from: Vec<Climb>,
}

/// One trial that climbed: where it stood, its size, and where it arrived.
struct Climbed {
    here: f64,
    cost: Cost,
    top: f64,
}

impl Gain {
    fn alike(climbed: &[Climbed]) -> Self {
        let count = climbed.len().max(1) as f64;
        Gain::Alike(climbed.iter().map(|Climbed { here, top, .. }| top - here).sum::<f64>() / count)
    }

    /// Ridge regression of the gains on the features (Hoerl and Kennard 1970). One trial's worth of doubt holds the slopes at
    /// 0, so that few trials gain alike.
    fn by_size(climbed: &[Climbed]) -> Self {
        let count = climbed.len().max(1) as f64;
        let mean_of = |value: &dyn Fn(&Climbed) -> f64| climbed.iter().map(value).sum::<f64>() / count;
        let gain = |climbed: &Climbed| log_odds(climbed.top) - log_odds(climbed.here);
        let feature = |climbed: &Climbed, at: usize| features(climbed.here, &climbed.cost)[at];
        let mean = mean_of(&gain);
        let centre = [mean_of(&|one| feature(one, 0)), mean_of(&|one| feature(one, 1))];
        let product = |one: usize, other: usize| -> f64 {
            let beyond = |climbed: &Climbed, at: usize| feature(climbed, at) - centre[at];
            climbed.iter().map(|climbed| beyond(climbed, one) * beyond(climbed, other)).sum()
        };
        let towards = |at: usize| -> f64 {
            climbed.iter().map(|climbed| (feature(climbed, at) - centre[at]) * (gain(climbed) - mean)).sum()
        };
        let [first, second, mixed] = [1.0 + product(0, 0), 1.0 + product(1, 1), product(0, 1)];
        let determinant = first * second - mixed * mixed;
        let slopes = [
            (second * towards(0) - mixed * towards(1)) / determinant,
            (first * towards(1) - mixed * towards(0)) / determinant,
        ];
        Gain::BySize { mean, centre, slopes }
    }

    /// What a value at the rung is expected to be at the top.
    fn top(&self, here: f64, cost: &Cost) -> f64 {
        match self {
            Gain::Alike(gain) => (here + gain).min(1.0),
            Gain::BySize { mean, centre, slopes } => {
                let found = features(here, cost);
                let slope = |at: usize| slopes[at] * (found[at] - centre[at]);
                share(log_odds(here) + mean + slope(0) + slope(1))
            }
        }
    }
}

fn features(here: f64, cost: &Cost) -> Features {
    [log_odds(here), libm::log(cost.parameters.max(1) as f64)]
}

impl Climbs {
    /// The climbs of trials in a metric, alike for all or `by_size`.
    fn of(trials: &[Trial], metric: Metric, n_rungs: usize, by_size: bool) -> Self {
        let climb = |rung: usize| {
            let climbed: Vec<Climbed> = trials
                .iter()
                .filter_map(|trial| {
                    let (here, top) = (trial.at(rung, metric)?, trial.at(n_rungs - 1, metric)?);
                    Some(Climbed { here, cost: trial.cost, top })
                })
                .collect();
            // At the top there is nothing to gain.
            let gain =
                if by_size && rung + 1 < n_rungs { Gain::by_size(&climbed) } else { Gain::alike(&climbed) };
            let count = climbed.len().max(1) as f64;
            let misses = climbed.iter().map(|Climbed { here, cost, top }| {
                let miss = log_odds(*top) - log_odds(gain.top(*here, cost));
                miss * miss
            });
            // Two slopes fit some of what is chance.
            let freedom = match gain {
                Gain::Alike(_) => count,
                Gain::BySize { .. } => (count - 2.0).max(1.0),
            };
            Climb { gain, variance: misses.sum::<f64>() / freedom }
        };
        Self { metric, from: (0..n_rungs).map(climb).collect() }
    }

    /// The climbs of trials in each metric that the plan measures.
    pub(crate) fn of_each(trials: &[Trial], plan: &SearchPlan) -> Vec<Self> {
        let by_size = plan.rungs.iter().any(|rung| rung.macs.is_some());
        let of = |metric| Self::of(trials, metric, plan.rungs.len(), by_size);
        plan.measured().into_iter().map(of).collect()
    }

    /// The metric.
    pub(crate) fn metric(&self) -> Metric {
        self.metric
    }

    /// The climb from the highest rung where a trial was trained, and the value that it is expected to have at the top.
    pub(crate) fn top(&self, trial: &Trial) -> Option<(f64, Climb)> {
        let rung = trial.top_rung()?;
        let climb = self.from[rung];
        Some((climb.gain.top(trial.at(rung, self.metric)?, &trial.cost), climb))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(parameters: u64) -> Cost {
        Cost { parameters, macs: 100 * parameters, peak_activations: 1, ..Cost::default() }
    }

    #[test]
    fn a_large_network_is_expected_to_gain_more_than_a_small_one_that_stands_alike() {
        // Small networks are nearly done on the low rung, large ones have hardly begun.
        let climbed: Vec<Climbed> = [
            (0.80, 1_000, 0.83),
            (0.75, 1_200, 0.80),
            (0.82, 900, 0.84),
            (0.78, 15_000, 0.95),
            (0.62, 30_000, 0.97),
            (0.60, 25_000, 0.96),
            (0.40, 55_000, 0.93),
        ]
        .map(|(here, parameters, top)| Climbed { here, cost: cost(parameters), top })
        .into();
        let gain = Gain::by_size(&climbed);
        let (small, large) = (gain.top(0.77, &cost(1_000)), gain.top(0.77, &cost(20_000)));
        assert!(small < 0.86 && large > 0.93, "{small} {large}");
        // As one gain for all has it, the small one would reach the large one's.
        let alike = Gain::alike(&climbed);
        assert_eq!(alike.top(0.77, &cost(1_000)), alike.top(0.77, &cost(20_000)));
    }

    #[test]
    fn few_trials_gain_alike_and_none_gain_nothing() {
        let one = [Climbed { here: 0.5, cost: cost(1_000), top: 0.8 }];
        let top = Gain::by_size(&one).top(0.5, &cost(900_000));
        assert!((top - 0.8).abs() < 1e-9, "{top}");
        assert!((Gain::by_size(&[]).top(0.6, &cost(10)) - 0.6).abs() < 1e-9);
    }
}
