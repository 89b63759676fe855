//! How far a front lies above the scaled family: what the search brought beyond a width knob.

use netsynth_space::Decisions;

use crate::{Metric, ParetoFront, SearchPlan, Trial};

/// How far a network lies above the scaled family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lead {
    /// The trial.
    pub trial: usize,
    /// Its parameters.
    pub parameters: u64,
    /// What it has in the plan's quality beyond the family at this size, as a share.
    pub gain: f64,
}

/// Of each member of the front that is no member of the scaled family, how far it lies above it at equal parameters, as the
/// search measured both; none of those smaller or larger than every member of the family.
///
/// The family's quality at a size is that of its best member up to the size before, and between two such members is
/// interpolated over the logarithm of parameters.
pub fn leads(trials: &[Trial], decisions: &Decisions, plan: &SearchPlan) -> Vec<Lead> {
    let front = ParetoFront::of(trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    let quality = plan.quality();
    let Some(top) = plan.rungs.len().checked_sub(1) else { return Vec::new() };
    let size = |parameters: u64| libm::log(parameters.max(1) as f64);
    let is_of_family = |trial: &Trial| decisions.is_scaled(&trial.genome);
    let mut family: Vec<(f64, f64)> = trials
        .iter()
        .filter(|trial| is_of_family(trial))
        .filter_map(|trial| Some((size(trial.cost.parameters), trial.at(top, quality)?)))
        .collect();
    family.sort_by(|one, other| one.0.total_cmp(&other.0).then(other.1.total_cmp(&one.1)));
    let Some(&(largest, _)) = family.last() else { return Vec::new() };
    let mut best = f64::NEG_INFINITY;
    family.retain(|(_, value)| {
        let is_better = *value > best;
        best = best.max(*value);
        is_better
    });
    let at = |parameters: u64| {
        let here = Some(size(parameters)).filter(|here| *here <= largest)?;
        let next = family.partition_point(|(size, _)| *size <= here);
        let (below, value) = *family.get(next.checked_sub(1)?)?;
        Some(match family.get(next) {
            None => value,
            Some((above, larger)) => value + (larger - value) * (here - below) / (above - below),
        })
    };
    let members = front.members.iter().filter_map(|(number, metrics)| {
        let trial = trials.iter().find(|trial| trial.number == *number && !is_of_family(trial))?;
        let parameters = metrics.get(Metric::Parameters)? as u64;
        let gain = metrics.get(quality)? - at(parameters)?;
        Some(Lead { trial: trial.number, parameters, gain })
    });
    members.collect()
}
