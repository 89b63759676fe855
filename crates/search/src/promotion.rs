//! Who is better: the order in which trials are promoted and in which a generator learns from them.

use crate::gain::log_odds;
use crate::{Metrics, SearchPlan, Trial, non_dominated_ranks};

/// How a trial stands among others.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standing {
    /// By how much it misses the indicator; infinite if its training failed.
    pub(crate) violation: f64,
    /// Its non-dominated rank among those that look feasible; the rest come after them.
    pub(crate) rank: usize,
    /// Its losses, infinite if it does not look feasible.
    pub(crate) losses: Vec<f64>,
    /// U; minus infinity if its training failed.
    pub(crate) performance: f64,
}

/// How each trial stands. What a low rung measured is raised by what the climb to the top brought other trials on
/// average, so that short trainings are not held against a full one's bound.
pub(crate) fn standings(trials: &[&Trial], plan: &SearchPlan, gains: &[f64]) -> Vec<Standing> {
    let metrics: Vec<Option<Metrics>> = trials
        .iter()
        .map(|trial| {
            let (rung, accuracy) = trial.latest()?;
            Some(Metrics { accuracy: (accuracy + gains[rung]).min(1.0), cost: trial.cost })
        })
        .collect();
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
    let standings = metrics.iter().zip(losses).zip(ranks).map(|((metrics, losses), rank)| Standing {
        // Failed trials come last: nothing misses by more than everything.
        violation: metrics.map_or(f64::INFINITY, |found| plan.indicator.violation(&found)),
        rank,
        losses,
        performance: metrics.map_or(f64::NEG_INFINITY, |found| plan.performance.of(&found)),
    });
    standings.collect()
}

/// Trials from best to worst, as indices: those that look feasible first, by non-dominated rank and then by U;
/// after them the rest by how much they miss.
pub(crate) fn by_merit(trials: &[&Trial], plan: &SearchPlan, gains: &[f64]) -> Vec<usize> {
    ordered(trials, &standings(trials, plan, gains))
}

/// Trials from best to worst by how they stand.
pub(crate) fn ordered(trials: &[&Trial], standings: &[Standing]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..trials.len()).collect();
    order.sort_by(|&one, &other| {
        let (a, b) = (&standings[one], &standings[other]);
        a.violation
            .total_cmp(&b.violation)
            .then(a.rank.cmp(&b.rank))
            .then(b.performance.total_cmp(&a.performance))
            .then(trials[one].number.cmp(&trials[other].number))
    });
    order
}

/// Whether a trial of this rung will miss the indicator's floor on accuracy, with the plan's confidence, when it has climbed.
///
/// The bound is distribution-free: if `n` earlier trials and this one gain alike (in log-odds, from this rung to the
/// last), this one exceeds the k-th largest of their gains with probability k / (n + 1), the rank of one among n + 1
/// exchangeable numbers. So nothing is held back until n is confidence / (1 - confidence).
pub(crate) fn is_out_of_reach(trial: &Trial, history: &[Trial], rung: usize, plan: &SearchPlan) -> bool {
    let (Some(confidence), Some(floor), Some(accuracy)) =
        (plan.pruning, plan.indicator.accuracy_floor(), trial.accuracy_at(rung))
    else {
        return false;
    };
    let last = plan.rungs.len() - 1;
    let mut gains: Vec<f64> = history
        .iter()
        .filter_map(|earlier| {
            Some(log_odds(earlier.accuracy_at(last)?) - log_odds(earlier.accuracy_at(rung)?))
        })
        .collect();
    gains.sort_by(|one, other| other.total_cmp(one));
    // Rounded up by a hair less than it could be: 0.1 * 10 is 0.9999... in binary.
    let rank = ((1.0 - confidence) * (gains.len() + 1) as f64 + 1e-9) as usize;
    let most = rank.checked_sub(1).and_then(|at| gains.get(at));
    most.is_some_and(|gain| log_odds(accuracy) + gain < log_odds(floor))
}

/// For each rung, what trials that went on to the last rung gained in accuracy on average; 0 where none has yet.
pub(crate) fn gains(trials: &[Trial], n_rungs: usize) -> Vec<f64> {
    (0..n_rungs)
        .map(|rung| {
            let gained: Vec<f64> = trials
                .iter()
                .filter_map(|trial| Some(trial.accuracy_at(n_rungs - 1)? - trial.accuracy_at(rung)?))
                .collect();
            gained.iter().sum::<f64>() / gained.len().max(1) as f64
        })
        .collect()
}
