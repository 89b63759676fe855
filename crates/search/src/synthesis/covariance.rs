//! The covariance of genomes: what a decision does alone, in pairs, and all of them together.

use netsynth_space::{Decisions, Domain, Genome};

use crate::statistics::share_law::share;
use crate::synthesis::cholesky::{Cholesky, dot};

/// A genome as the process sees it: its choices, and the probe features of the change to it from a trained network.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    /// The search that measures it: none is the one at work, the others are earlier ones.
    pub(crate) search: Option<usize>,
    pub(crate) genome: Genome,
    pub(crate) features: Vec<f64>,
    /// What the law of sizes reads; nothing without one.
    pub(crate) sizes: Vec<f64>,
}

/// What was observed at a point, and the variance of the error with which it was, beside the noise of all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observation {
    pub(crate) point: Point,
    pub(crate) value: f64,
    pub(crate) variance: f64,
}

/// The covariance of two genomes, with `s_i = exp(-w_i d_i)` the likeness of their choices at decision i:
///
/// `alone * mean of s_i + pairs * mean of s_i s_j + joint * exp(-reach * mean of w_i d_i) + features * f f' + sizes * z z'`
///
/// and of genomes that different searches measured `earlier / (1 + earlier)` of that: what holds on other data holds here to an extent
/// that is learned (Bonilla et al. 2008, with one correlation for all pairs of tasks).
///
/// The first two are Bayesian linear regression on each decision's choices and on each pair's, without the
/// features being written out; d_i is 0 or 1 for choices without order and the share of the domain between
/// ordered ones.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Covariance {
    /// Logarithms: alone, pairs, joint, features, reach, noise, sizes, earlier, then w_i.
    logs: Vec<f64>,
    decisions: Vec<Distances>,
    /// Likeness s and w d for each distance of each decision.
    likeness: Vec<(f64, f64)>,
}

/// The distances within one decision's domain: numbers of them, from where in the table.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Distances {
    offset: usize,
    /// The largest difference of choices that is told apart.
    most: usize,
}

const ALONE: usize = 0;
const PAIRS: usize = 1;
const JOINT: usize = 2;
const FEATURES: usize = 3;
const REACH: usize = 4;
const NOISE: usize = 5;
const SIZES: usize = 6;
const EARLIER: usize = 7;
const WEIGHTS: usize = 8;

/// Mean and deviation of each logarithm's prior; targets have variance 1.
const PRIOR: [(f64, f64); WEIGHTS] =
    [(0.0, 1.0), (-0.7, 1.0), (-1.5, 1.0), (-3.0, 1.0), (1.0, 1.0), (-4.0, 1.5), (0.0, 1.0), (1.0, 1.0)];
const WEIGHT_PRIOR: (f64, f64) = (0.0, 1.0);

/// How many steps uphill a fit takes, and on how many observations at most.
const N_STEPS: usize = 20;
const MAX_FITTED: usize = 128;

impl Covariance {
    pub(crate) fn new(decisions: &Decisions) -> Self {
        let mut offset = 0;
        let distances: Vec<Distances> = decisions
            .iter()
            .map(|decision| {
                let most = match decision.domain {
                    Domain::Ordinal(_) => decision.domain.choices() - 1,
                    Domain::Switch | Domain::Alternatives(_) => 1,
                };
                let here = Distances { offset, most };
                offset += most + 1;
                here
            })
            .collect();
        let logs = PRIOR.iter().map(|(mean, _)| *mean);
        let logs = logs.chain(distances.iter().map(|_| WEIGHT_PRIOR.0)).collect();
        let mut covariance = Self { logs, decisions: distances, likeness: vec![(1.0, 0.0); offset] };
        covariance.tabulate();
        covariance
    }

    fn tabulate(&mut self) {
        for (number, &Distances { offset, most }) in self.decisions.iter().enumerate() {
            let weight = libm::exp(self.logs[WEIGHTS + number]);
            for step in 0..=most {
                let distance = weight * step as f64 / most.max(1) as f64;
                self.likeness[offset + step] = (libm::exp(-distance), distance);
            }
        }
    }

    fn log_prior(&self) -> f64 {
        let term = |(log, (mean, deviation)): (&f64, (f64, f64))| {
            let z = (log - mean) / deviation;
            -0.5 * z * z
        };
        self.logs.iter().zip(self.priors()).map(term).sum()
    }

    fn priors(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        PRIOR.into_iter().chain(self.decisions.iter().map(|_| WEIGHT_PRIOR))
    }

    pub(crate) fn noise(&self) -> f64 {
        libm::exp(self.logs[NOISE])
    }

    fn likeness(&self, one: &Genome, other: &Genome) -> impl Iterator<Item = (f64, f64)> + '_ {
        let steps: Vec<usize> = one.choices().zip(other.choices()).map(|(a, b)| a.abs_diff(b)).collect();
        self.decisions.iter().zip(steps).map(|(at, step)| self.likeness[at.offset + step.min(at.most)])
    }

    /// How two points vary together.
    pub(crate) fn of(&self, one: &Point, other: &Point) -> f64 {
        let (mut sum, mut squares, mut apart) = (0.0, 0.0, 0.0);
        for ((at, a), b) in self.decisions.iter().zip(one.genome.choices()).zip(other.genome.choices()) {
            let (s, d) = self.likeness[at.offset + a.abs_diff(b).min(at.most)];
            sum += s;
            squares += s * s;
            apart += d;
        }
        self.shared(one, other)
            * (self.combined(sum, squares, apart)
                + self.amplitude(FEATURES) * dot(&one.features, &other.features)
                + self.amplitude(SIZES) * dot(&one.sizes, &other.sizes))
    }

    /// How much of what one search shows of two points holds where each is measured by a search of its own.
    fn shared(&self, one: &Point, other: &Point) -> f64 {
        match one.search == other.search {
            true => 1.0,
            false => share(self.logs[EARLIER]),
        }
    }

    fn combined(&self, sum: f64, squares: f64, apart: f64) -> f64 {
        let (count, pairs) = self.counts();
        self.amplitude(ALONE) * sum / count
            + self.amplitude(PAIRS) * (sum * sum - squares) / pairs
            + self.amplitude(JOINT) * libm::exp(-self.amplitude(REACH) * apart / count)
    }

    fn amplitude(&self, term: usize) -> f64 {
        libm::exp(self.logs[term])
    }

    /// How many decisions and ordered pairs of them.
    fn counts(&self) -> (f64, f64) {
        let count = self.decisions.len() as f64;
        (count, (count * (count - 1.0)).max(1.0))
    }

    /// The most probable covariance given observations of variance about 1, from this one uphill: the marginal
    /// likelihood's gradient with steps of its signs (Riedmiller and Braun 1993).
    pub(crate) fn fitted<'o>(&self, observations: &'o [Observation]) -> Self {
        // All of a few; of many an even share, so that a fit's cost is bounded.
        let thinned = |observations: Vec<&'o Observation>| {
            let stride = observations.len().div_ceil(MAX_FITTED).max(1);
            observations.into_iter().rev().step_by(stride)
        };
        let (own, earlier): (Vec<_>, Vec<_>) =
            observations.iter().partition(|observation| observation.point.search.is_none());
        let observations: Vec<&Observation> = thinned(own).chain(thinned(earlier)).collect();
        if observations.len() < 3 {
            return self.clone();
        }
        let mut here = self.clone();
        let mut steps = vec![0.3f64; here.logs.len()];
        let mut last = vec![0.0f64; here.logs.len()];
        let (mut best, mut best_score) = (self.clone(), f64::NEG_INFINITY);
        for _ in 0..N_STEPS {
            let (score, gradient) = here.log_posterior(&observations);
            if score > best_score {
                (best, best_score) = (here.clone(), score);
            }
            for (at, slope) in gradient.into_iter().enumerate() {
                let turned = slope * last[at];
                steps[at] = (steps[at] * if turned < 0.0 { 0.5 } else { 1.2 }).clamp(1e-3, 0.7);
                last[at] = if turned < 0.0 { 0.0 } else { slope };
                if last[at] != 0.0 {
                    here.logs[at] += steps[at] * slope.signum();
                }
            }
            here.tabulate();
        }
        best
    }

    /// The logarithm of the posterior density of this covariance, less a constant, and its gradient.
    fn log_posterior(&self, observations: &[&Observation]) -> (f64, Vec<f64>) {
        let n = observations.len();
        let mut factor = Cholesky::default();
        for (at, one) in observations.iter().enumerate() {
            let row: Vec<f64> =
                observations[..at].iter().map(|other| self.of(&one.point, &other.point)).collect();
            factor.push(&row, self.of(&one.point, &one.point) + self.noise() + one.variance);
        }
        let values: Vec<f64> = observations.iter().map(|one| one.value).collect();
        let alpha = factor.backward(&factor.forward(&values));
        let score = -0.5 * dot(&values, &alpha) - 0.5 * factor.log_determinant() + self.log_prior();

        let inverse = factor.inverse();
        let mut gradient = vec![0.0; self.logs.len()];
        let (count, pairs) = self.counts();
        let [alone, paired, joint, features, reach, noise, sizes, _] =
            std::array::from_fn::<f64, WEIGHTS, _>(|term| self.amplitude(term));
        let mut here: Vec<(f64, f64)> = Vec::new();
        for i in 0..n {
            for j in 0..=i {
                let half = if i == j { 0.5 } else { 1.0 };
                let slope = half * (alpha[i] * alpha[j] - inverse[i][j]);
                let (one, other) = (&observations[i].point, &observations[j].point);
                let shared = self.shared(one, other);
                let share = slope * shared;
                if one.search != other.search {
                    gradient[EARLIER] += slope * (1.0 - shared) * self.of(one, other);
                }
                here.clear();
                here.extend(self.likeness(&one.genome, &other.genome));
                let sum: f64 = here.iter().map(|(s, _)| s).sum();
                let squares: f64 = here.iter().map(|(s, _)| s * s).sum();
                let apart: f64 = here.iter().map(|(_, d)| d).sum();
                let together = joint * libm::exp(-reach * apart / count);
                gradient[ALONE] += share * alone * sum / count;
                gradient[PAIRS] += share * paired * (sum * sum - squares) / pairs;
                gradient[JOINT] += share * together;
                gradient[FEATURES] += share * features * dot(&one.features, &other.features);
                gradient[SIZES] += share * sizes * dot(&one.sizes, &other.sizes);
                gradient[REACH] -= share * together * reach * apart / count;
                if i == j {
                    gradient[NOISE] += slope * noise;
                } else {
                    let common = together * reach / count;
                    for (slope, (s, d)) in gradient[WEIGHTS..].iter_mut().zip(&here) {
                        let own = alone * s / count + 2.0 * paired * s * (sum - s) / pairs + common;
                        *slope -= share * d * own;
                    }
                }
            }
        }
        for ((slope, log), (mean, deviation)) in gradient.iter_mut().zip(&self.logs).zip(self.priors()) {
            *slope -= (log - mean) / (deviation * deviation);
        }
        (score, gradient)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use netsynth_random::stream;
    use netsynth_space::Space;

    use super::*;
    use crate::Table;

    #[test]
    fn the_gradient_is_the_slope_of_the_posterior() {
        let entry = |key: usize| format!("\"{key:03b}\": {{\"mean_acc\": 50, \"params\": 9, \"flops\": 9}}");
        let entries: Vec<String> = (0..8).map(entry).collect();
        let table = Table::from_json("three", &format!("{{{}}}", entries.join(","))).unwrap();
        let decisions = table.decisions();
        let mut random = stream(5, "covariance", &[]);
        let observations: Vec<Observation> = (0..12)
            .map(|at| Observation {
                point: Point {
                    search: [None, Some(0), Some(1)][at % 3],
                    genome: decisions.genome(|_, decision| random.below(decision.domain.choices())),
                    features: vec![random.normal()],
                    sizes: vec![1.0, random.normal()],
                },
                value: random.normal(),
                variance: 0.1 * random.unit(),
            })
            .collect();
        let observations: Vec<&Observation> = observations.iter().collect();
        let mut covariance = Covariance::new(decisions);
        covariance.logs.iter_mut().for_each(|log| *log += 0.3 * random.normal());
        covariance.tabulate();
        let (_, gradient) = covariance.log_posterior(&observations);
        for (at, slope) in gradient.into_iter().enumerate() {
            let score = |step: f64| {
                let mut moved = covariance.clone();
                moved.logs[at] += step;
                moved.tabulate();
                moved.log_posterior(&observations).0
            };
            let measured = (score(1e-5) - score(-1e-5)) / 2e-5;
            assert!((measured - slope).abs() < 1e-5 * (1.0 + slope.abs()), "{at}: {measured}, {slope}");
        }
    }
}
