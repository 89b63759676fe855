use crate::{Indicator, Metrics, Objective, Trial};

/// Whether losses `one` are nowhere worse than `other` and somewhere better.
pub fn dominates(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).all(|(a, b)| a <= b) && one.iter().zip(other).any(|(a, b)| a < b)
}

/// The non-dominated rank of each point of losses: 0 is the front, 1 the front without it, and so on
/// (the fast sort of Deb et al. 2002). A loss that is no number compares with nothing.
pub fn non_dominated_ranks(points: &[Vec<f64>]) -> Vec<usize> {
    let mut worse: Vec<Vec<usize>> = vec![Vec::new(); points.len()];
    let mut n_better = vec![0usize; points.len()];
    for one in 0..points.len() {
        for other in 0..points.len() {
            if dominates(&points[one], &points[other]) {
                worse[one].push(other);
                n_better[other] += 1;
            }
        }
    }
    let mut ranks = vec![0; points.len()];
    let mut front: Vec<usize> = (0..points.len()).filter(|&point| n_better[point] == 0).collect();
    let mut rank = 0;
    while !front.is_empty() {
        let mut next = Vec::new();
        for point in front {
            ranks[point] = rank;
            for &other in &worse[point] {
                n_better[other] -= 1;
                if n_better[other] == 0 {
                    next.push(other);
                }
            }
        }
        front = next;
        rank += 1;
    }
    ranks
}

/// The feasible trials that no other feasible trial dominates.
#[derive(Debug, Clone, PartialEq)]
pub struct ParetoFront {
    /// Numbers of the trials with their metrics, the most accurate first.
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
        let losses = |metrics: &Metrics| -> Vec<f64> {
            objectives.iter().map(|objective| objective.loss(metrics)).collect()
        };
        let mut members: Vec<(usize, Metrics)> = feasible
            .iter()
            .filter(|(_, metrics)| {
                !feasible.iter().any(|(_, other)| dominates(&losses(other), &losses(metrics)))
            })
            .copied()
            .collect();
        members.sort_by(|(one, a), (other, b)| {
            b.accuracy
                .total_cmp(&a.accuracy)
                .then(a.cost.parameters.cmp(&b.cost.parameters))
                .then(one.cmp(other))
        });
        Self { members }
    }
}
