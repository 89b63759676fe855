//! Who is better: the order in which trials are promoted and in which a generator learns from them.

use crate::front::climb::{Climbs, at_the_top};
use crate::{Metrics, SearchPlan, Trial, non_dominated_ranks};

/// The rank of a trial among others, bounds before objectives (the constrained domination of Deb et al. 2002).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConstrainedRank {
    /// By how much it misses the indicator; infinite if its training failed.
    pub(crate) violation: f64,
    /// Its non-dominated rank among those that look feasible; the rest come after them.
    pub(crate) rank: usize,
    /// Its losses, infinite if it does not look feasible.
    pub(crate) losses: Vec<f64>,
    /// U; minus infinity if its training failed.
    pub(crate) performance: f64,
}

impl ConstrainedRank {
    /// Whether it looks feasible and nothing dominates it.
    pub(crate) fn is_on_front(&self) -> bool {
        self.rank == 0 && self.violation == 0.0
    }
}

/// The constrained rank of each trial. What a low rung measured is raised by what the climb to the top brought other
/// trials on average, so that short trainings are not held against a full one's bound.
pub(crate) fn constrained_ranks(
    trials: &[&Trial],
    plan: &SearchPlan,
    climbs: &[Climbs],
) -> Vec<ConstrainedRank> {
    let metrics: Vec<Option<Metrics>> =
        trials.iter().map(|trial| trial.top_rung().map(|_| at_the_top(trial, climbs))).collect();
    let losses: Vec<Vec<f64>> = metrics
        .iter()
        .map(|metrics| match metrics {
            Some(metrics) if plan.indicator.violation(metrics) == 0.0 => {
                plan.objectives.iter().map(|objective| objective.loss(metrics)).collect()
            }
            _ => vec![f64::INFINITY; plan.objectives.len()],
        })
        .collect();
    let ranks = non_dominated_ranks(&losses);
    let performance = |metrics: &Metrics, trial: &Trial| {
        metrics.get(plan.quality()).map(|quality| plan.performance.of(quality, &trial.cost))
    };
    let all = trials.iter().zip(&metrics).zip(losses.into_iter().zip(ranks));
    let ranked = all.map(|((trial, metrics), (losses, rank))| ConstrainedRank {
        // Failed trials come last: nothing misses by more than everything.
        violation: metrics.map_or(f64::INFINITY, |found| plan.indicator.violation(&found)),
        rank,
        losses,
        performance: metrics.and_then(|found| performance(&found, trial)).unwrap_or(f64::NEG_INFINITY),
    });
    ranked.collect()
}

/// Trials from best to worst, as indices: those that look feasible first, by non-dominated rank and then by U;
/// after them the rest by how much they miss.
pub(crate) fn best_first(trials: &[&Trial], plan: &SearchPlan, climbs: &[Climbs]) -> Vec<usize> {
    ordered(trials, &constrained_ranks(trials, plan, climbs))
}

/// Trials from best to worst by their constrained ranks.
pub(crate) fn ordered(trials: &[&Trial], ranks: &[ConstrainedRank]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..trials.len()).collect();
    order.sort_by(|&one, &other| {
        let (a, b) = (&ranks[one], &ranks[other]);
        a.violation
            .total_cmp(&b.violation)
            .then(a.rank.cmp(&b.rank))
            .then(b.performance.total_cmp(&a.performance))
            .then(trials[one].number.cmp(&trials[other].number))
    });
    order
}
