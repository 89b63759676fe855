//! How runs of several strategies are held against each other.

use crate::{Indicator, Metrics, Objective, SearchPlan, Trial, dominates, hypervolume};

/// Losses scaled so that hypervolumes mean the same for every run: each from its least, 0, to its most, 1, among
/// the networks that it was made of, with the reference point at 1 in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    objectives: Vec<Objective>,
    least: Vec<f64>,
    range: Vec<f64>,
    /// The hypervolume of the front of those networks.
    whole: f64,
}

impl Scale {
    /// The scale of these networks, of which those that meet the indicator make the front; none if none does.
    pub fn of(metrics: &[Metrics], objectives: &[Objective], indicator: &Indicator) -> Option<Self> {
        let feasible: Vec<&Metrics> =
            metrics.iter().filter(|metrics| indicator.violation(metrics) == 0.0).collect();
        let losses = |objective: &Objective| -> Vec<f64> {
            feasible.iter().map(|metrics| objective.loss(metrics)).collect()
        };
        let least = |objective: &Objective| losses(objective).into_iter().fold(f64::INFINITY, f64::min);
        let most = |objective: &Objective| losses(objective).into_iter().fold(f64::NEG_INFINITY, f64::max);
        let mut scale = Self {
            objectives: objectives.to_vec(),
            least: objectives.iter().map(least).collect(),
            range: objectives.iter().map(|objective| most(objective) - least(objective)).collect(),
            whole: 1.0,
        };
        if feasible.is_empty() {
            return None;
        }
        let points: Vec<Vec<f64>> = feasible.into_iter().map(|metrics| scale.point(metrics)).collect();
        scale.whole = scale.share(&points);
        Some(scale)
    }

    /// The scaled losses of a network. A loss in which all networks are alike is 0.
    fn point(&self, metrics: &Metrics) -> Vec<f64> {
        let scaled =
            self.objectives.iter().zip(&self.least).zip(&self.range).map(|((objective, least), range)| {
                let above = objective.loss(metrics) - least;
                if *range > 0.0 { above / range } else { above.max(0.0) }
            });
        scaled.collect()
    }

    /// The hypervolume of points over that of the whole front.
    fn share(&self, points: &[Vec<f64>]) -> f64 {
        let volume = hypervolume(points, &vec![1.0; self.objectives.len()]);
        if self.whole > 0.0 { volume / self.whole } else { 0.0 }
    }
}

/// What a run had reached after each of its trials.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Hypervolume of the feasible trials so far, over that of the scale's whole front.
    pub hypervolume: Vec<f64>,
    /// Accuracy of the best feasible trial so far.
    pub best_accuracy: Vec<Option<f64>>,
}

impl Curve {
    /// The curve of a run's trials. A space that was spent early stays where it was, up to the plan's trials.
    pub fn of(trials: &[Trial], plan: &SearchPlan, scale: &Scale) -> Self {
        let mut curve = Self { hypervolume: Vec::new(), best_accuracy: Vec::new() };
        let mut front: Vec<Vec<f64>> = Vec::new();
        let (mut volume, mut best) = (0.0, None);
        for number in 0..plan.n_trials {
            let found = trials
                .get(number)
                .and_then(|trial| trial.outcome(&plan.indicator, plan.rungs.len()).feasible());
            if let Some(metrics) = found {
                best = Some(metrics.accuracy.max(best.unwrap_or(0.0)));
                let point = scale.point(&metrics);
                if !front.iter().any(|known| dominates(known, &point) || *known == point) {
                    front.retain(|known| !dominates(&point, known));
                    front.push(point);
                    volume = scale.share(&front);
                }
            }
            curve.hypervolume.push(volume);
            curve.best_accuracy.push(best);
        }
        curve
    }

    /// After how many trials the best feasible accuracy was at least this.
    pub fn trials_to(&self, accuracy: f64) -> Option<usize> {
        let reached = |best: &Option<f64>| best.is_some_and(|best| best >= accuracy);
        self.best_accuracy.iter().position(reached).map(|at| at + 1)
    }
}

/// The mean of a few numbers and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of the 95 % interval of Student's t; none for a single number.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// The estimate from independent numbers; none from no numbers.
    pub fn of(numbers: &[f64]) -> Option<Self> {
        if numbers.is_empty() {
            return None;
        }
        let (count, mean, squares) = moments(numbers);
        let half_width = (numbers.len() > 1).then(|| {
            let error = libm::sqrt(squares / (count - 1.0) / count);
            t_quantile(numbers.len() - 1) * error
        });
        Some(Self { mean, half_width })
    }
}

/// The 97.5 % quantile of Student's t: exact to the digits printed for few degrees of freedom, by Fisher and
/// Cornish's expansion (1960) for more.
fn t_quantile(freedom: usize) -> f64 {
    const FEW: [f64; 10] = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281];
    let z = 1.959_963_984_540_054_f64;
    let n = freedom as f64;
    let cubed = z * z * z;
    let fifth = cubed * z * z;
    let seventh = fifth * z * z;
    FEW.get(freedom.saturating_sub(1)).copied().unwrap_or(
        z + (cubed + z) / (4.0 * n)
            + (5.0 * fifth + 16.0 * cubed + 3.0 * z) / (96.0 * n * n)
            + (3.0 * seventh + 19.0 * fifth + 17.0 * cubed - 15.0 * z) / (384.0 * n * n * n),
    )
}

/// Mean and sample standard deviation; 0 for the deviation of one number.
pub fn mean_and_deviation(numbers: &[f64]) -> (f64, f64) {
    let (count, mean, squares) = moments(numbers);
    (mean, if numbers.len() > 1 { libm::sqrt(squares / (count - 1.0)) } else { 0.0 })
}

/// How many numbers there are, or 1 if there is none, their mean, and the sum of squared differences from it.
fn moments(numbers: &[f64]) -> (f64, f64, f64) {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    (count, mean, numbers.iter().map(|number| (number - mean) * (number - mean)).sum())
}

/// Kendall's rank correlation tau-b of pairs: 1 if they rise together, -1 if one falls as the other rises, 0 without
/// relation; none where either is the same throughout (Kendall 1945).
pub fn kendall_tau(pairs: &[(f64, f64)]) -> Option<f64> {
    let (mut agreement, mut one_differs, mut other_differs) = (0.0, 0.0, 0.0);
    for (at, a) in pairs.iter().enumerate() {
        for b in &pairs[..at] {
            let sign = |x: f64, y: f64| {
                if x > y {
                    1.0
                } else if x < y {
                    -1.0
                } else {
                    0.0
                }
            };
            let (one, other) = (sign(a.0, b.0), sign(a.1, b.1));
            agreement += one * other;
            one_differs += one * one;
            other_differs += other * other;
        }
    }
    let scale: f64 = libm::sqrt(one_differs * other_differs);
    (scale > 0.0).then(|| agreement / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_of_known_samples() {
        // Mean 3, deviation sqrt(2.5), t(4) = 2.7764
        let five = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).map(|found| (found.mean, found.half_width));
        let expected = 2.7764 * (2.5f64 / 5.0).sqrt();
        assert!(matches!(five, Some((3.0, Some(half))) if (half - expected).abs() < 1e-12));
        assert_eq!(Estimate::of(&[2.0]), Some(Estimate { mean: 2.0, half_width: None }));
        assert_eq!(Estimate::of(&[]), None);
        // From tables: t(29) = 2.0452, t(11) = 2.2010
        assert!((t_quantile(29) - 2.0452).abs() < 1e-4 && (t_quantile(11) - 2.2010).abs() < 1e-3);
    }

    #[test]
    fn kendall_of_known_orders() {
        let rising: Vec<(f64, f64)> = (0..6).map(|x| (f64::from(x), f64::from(x * x))).collect();
        assert_eq!(kendall_tau(&rising), Some(1.0));
        let falling: Vec<(f64, f64)> = rising.iter().map(|(x, y)| (*x, -y)).collect();
        assert_eq!(kendall_tau(&falling), Some(-1.0));
        // One of three pairs is in disorder: (2 - 1) / 3
        let third = kendall_tau(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0)]);
        assert!(third.is_some_and(|tau| (tau - 1.0 / 3.0).abs() < 1e-12));
        assert_eq!(kendall_tau(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }
}
