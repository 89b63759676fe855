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
    /// The plan's quality metric of the best feasible trial so far.
    pub best: Vec<Option<f64>>,
}

impl Curve {
    /// The curve of a run's trials. A space that was spent early stays where it was, up to the plan's trials.
    pub fn of(trials: &[Trial], plan: &SearchPlan, scale: &Scale) -> Self {
        let mut curve = Self { hypervolume: Vec::new(), best: Vec::new() };
        let mut front: Vec<Vec<f64>> = Vec::new();
        let (mut volume, mut best) = (0.0, None);
        for number in 0..plan.n_trials {
            let found = trials
                .get(number)
                .and_then(|trial| trial.outcome(&plan.indicator, plan.rungs.len()).feasible());
            if let Some(metrics) = found {
                best = metrics.get(plan.quality()).map(|found| found.max(best.unwrap_or(0.0))).or(best);
                let point = scale.point(&metrics);
                if !front.iter().any(|known| dominates(known, &point) || *known == point) {
                    front.retain(|known| !dominates(&point, known));
                    front.push(point);
                    volume = scale.share(&front);
                }
            }
            curve.hypervolume.push(volume);
            curve.best.push(best);
        }
        curve
    }

    /// After how many trials the best feasible one was at least this good.
    pub fn trials_to(&self, target: f64) -> Option<usize> {
        let reached = |best: &Option<f64>| best.is_some_and(|best| best >= target);
        self.best.iter().position(reached).map(|at| at + 1)
    }
}
