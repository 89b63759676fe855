use crate::{Indicator, Metrics, Objective, Trial};

/// Whether losses `one` are nowhere worse than `other` and somewhere better.
pub fn dominates(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).all(|(a, b)| a <= b) && one.iter().zip(other).any(|(a, b)| a < b)
}

/// The non-dominated rank of each point of losses: 0 is the front, 1 the front without it, and so on
/// (Deb et al. 2002).
pub fn non_dominated_ranks(points: &[Vec<f64>]) -> Vec<usize> {
    let mut ranks = vec![usize::MAX; points.len()];
    let mut rank = 0;
    while ranks.contains(&usize::MAX) {
        let left: Vec<usize> = (0..points.len()).filter(|&point| ranks[point] == usize::MAX).collect();
        let front: Vec<usize> = left
            .iter()
            .copied()
            .filter(|&point| !left.iter().any(|&other| dominates(&points[other], &points[point])))
            .collect();
        // A loss that is no number compares with nothing; it goes last instead of looping for ever.
        for &point in if front.is_empty() { &left } else { &front } {
            ranks[point] = rank;
        }
        rank += 1;
    }
    ranks
}

/// The area that points of two losses dominate below a reference point (Zitzler and Thiele 1998).
pub fn hypervolume_2d(points: &[[f64; 2]], reference: [f64; 2]) -> f64 {
    let mut inside: Vec<[f64; 2]> =
        points.iter().copied().filter(|point| point[0] < reference[0] && point[1] < reference[1]).collect();
    inside.sort_by(|one, other| one[0].total_cmp(&other[0]).then(one[1].total_cmp(&other[1])));
    let mut volume = 0.0;
    let mut ceiling = reference[1];
    for [x, y] in inside {
        if y < ceiling {
            volume += (reference[0] - x) * (ceiling - y);
            ceiling = y;
        }
    }
    volume
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
