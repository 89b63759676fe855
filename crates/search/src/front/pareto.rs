use std::cmp::Ordering;

use crate::metric::objective::quality;
use crate::{Indicator, Metric, Metrics, Objective, Trial};

/// Whether losses `one` are nowhere worse than `other` and somewhere better.
pub fn dominates(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).all(|(a, b)| a <= b) && one.iter().zip(other).any(|(a, b)| a < b)
}

/// The non-dominated rank of each point of losses: 0 is the front, 1 the front without it, and so on (Deb et al. 2002). A loss
/// that is no number compares with nothing.
pub fn non_dominated_ranks(points: &[Vec<f64>]) -> Vec<usize> {
    // Efficient non-dominated sort (Zhang et al. 2015): in lexicographic order nobody dominates who came before, and whom
    // a front has a member to dominate, every better front has, too.
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&one, &other| lexicographic(&points[one], &points[other]));
    let mut fronts: Vec<Vec<usize>> = Vec::new();
    let mut ranks = vec![0; points.len()];
    for point in order {
        let is_below =
            |front: &Vec<usize>| front.iter().rev().any(|&member| dominates(&points[member], &points[point]));
        let rank = fronts.partition_point(is_below);
        if rank == fronts.len() {
            fronts.push(Vec::new());
        }
        fronts[rank].push(point);
        ranks[point] = rank;
    }
    ranks
}

/// The order by the first losses that differ; 0 and -0 are one, and what is no number has its place, too.
fn lexicographic(one: &[f64], other: &[f64]) -> Ordering {
    let orders = one.iter().zip(other).map(|(a, b)| (a + 0.0).total_cmp(&(b + 0.0)));
    orders.fold(Ordering::Equal, Ordering::then)
}

/// The feasible trials that no other feasible trial dominates.
#[derive(Debug, Clone, PartialEq)]
pub struct ParetoFront {
    /// Numbers of the trials with their metrics, the best in the measured metric that the objectives are foremost about
    /// first.
    pub members: Vec<(usize, Metrics)>,
}

impl ParetoFront {
    /// The front of the trials that completed every rung and are feasible.
    pub fn of(trials: &[Trial], objectives: &[Objective], indicator: &Indicator, n_rungs: usize) -> Self {
        let feasible: Vec<(usize, Metrics)> = trials
            .iter()
            .filter_map(|trial| {
                trial.outcome(indicator, n_rungs).feasible().map(|found| (trial.number, found))
            })
            .collect();
        Self::among(&feasible, objectives)
    }

    /// The front of networks that are feasible, whatever their numbers are the numbers of.
    pub fn among(feasible: &[(usize, Metrics)], objectives: &[Objective]) -> Self {
        let mut members: Vec<(usize, Metrics)> = feasible
            .iter()
            .filter(|(_, metrics)| {
                let losses = losses(metrics, objectives);
                !feasible.iter().any(|(_, other)| dominates(&self::losses(other, objectives), &losses))
            })
            .copied()
            .collect();
        let axes = [quality(objectives), Metric::Parameters].map(Objective::of);
        members.sort_by(|(one, a), (other, b)| {
            let [best, smallest] = axes.map(|axis| axis.loss(a).total_cmp(&axis.loss(b)));
            best.then(smallest).then(one.cmp(other))
        });
        Self { members }
    }

    /// The knee: the member farthest below the line between the ends of the front, each objective scaled to 0 for
    /// the front's best and 1 for its worst; with several objectives, below the plane on which the scaled losses add
    /// up to 1. `None` where no member lies below it.
    pub fn knee(&self, objectives: &[Objective]) -> Option<usize> {
        let points: Vec<Vec<f64>> =
            self.members.iter().map(|(_, metrics)| losses(metrics, objectives)).collect();
        let span = |axis: usize| {
            let along = points.iter().map(|point| point[axis]);
            along.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), loss| {
                (least.min(loss), most.max(loss))
            })
        };
        let spans: Vec<(f64, f64)> = (0..objectives.len()).map(span).collect();
        let below = |point: &Vec<f64>| {
            let scaled = point.iter().zip(&spans).map(|(loss, (least, most))| {
                if most > least { (loss - least) / (most - least) } else { 0.0 }
            });
            (1.0 - scaled.sum::<f64>()) / (objectives.len() as f64).sqrt()
        };
        let flat = spans.iter().filter(|(least, most)| most > least).count() < 2;
        let farthest = self
            .members
            .iter()
            .zip(points.iter().map(below))
            .max_by(|((one, _), a), ((other, _), b)| a.total_cmp(b).then(other.cmp(one)))?;
        // The ends lie on the line but for rounding.
        let ((number, _), distance) = farthest;
        (!flat && distance > 1e-9).then_some(*number)
    }
}

fn losses(metrics: &Metrics, objectives: &[Objective]) -> Vec<f64> {
    objectives.iter().map(|objective| objective.loss(metrics)).collect()
}

#[cfg(test)]
mod tests {
    use netsynth_graph::Cost;

    use super::*;

    const OBJECTIVES: [Objective; 2] =
        [Objective::Maximise(Metric::Accuracy), Objective::Minimise(Metric::Parameters)];

    fn front(networks: &[(f64, u64)]) -> ParetoFront {
        let metrics = |&(accuracy, parameters): &(f64, u64)| {
            Metrics::counted(&Cost { parameters, macs: 1, peak_activations: 1, ..Cost::default() })
                .and(Metrics::from([(Metric::Accuracy, accuracy)]))
        };
        let feasible: Vec<(usize, Metrics)> = networks.iter().map(metrics).enumerate().collect();
        ParetoFront::among(&feasible, &OBJECTIVES)
    }

    #[test]
    fn the_knee_is_farthest_below_the_line_between_the_ends() {
        // Scaled losses: (0, 1), (0.1, 0.5), (0.5, 0.2), (1, 0); the dominated one is no member.
        let bent = front(&[(0.95, 1000), (0.94, 550), (0.90, 280), (0.85, 100), (0.84, 900)]);
        assert_eq!(bent.members.len(), 4);
        assert_eq!(bent.knee(&OBJECTIVES), Some(1));
        let bulging = front(&[(0.95, 1000), (0.88, 950), (0.85, 100)]);
        assert_eq!(bulging.knee(&OBJECTIVES), None);
        let straight = front(&[(0.95, 1000), (0.90, 550), (0.85, 100)]);
        assert_eq!(straight.knee(&OBJECTIVES), None);
        for few in [&[][..], &[(0.9, 100)], &[(0.9, 100), (0.8, 50)], &[(0.9, 100), (0.9, 100)]] {
            assert_eq!(front(few).knee(&OBJECTIVES), None, "{few:?}");
        }
    }
}
