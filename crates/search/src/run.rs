use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use netsynth_graph::ArchitectureId;
use netsynth_space::Space;

use crate::promotion::{by_merit, gains, is_out_of_reach};
use crate::{
    Candidate, Evaluator, Generator, Measured, Newborn, Problem, SearchError, SearchPlan, StopReason, Trial,
};

/// What a search tells while it runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// The generator that the next candidates come from.
    Generator(&'a Generator),
    /// What was proposed for a generation and scored, and which of it will be trained.
    Newborns {
        /// The generation.
        generation: usize,
        /// In the order in which they were proposed.
        newborns: &'a [Newborn],
    },
    /// The candidates of a generation, before any of them is measured.
    Proposed(&'a [Candidate]),
    /// So many candidates are about to be measured on this rung.
    Rung {
        /// The rung's number.
        rung: usize,
        /// How many candidates climb it.
        n_candidates: usize,
    },
    /// These trials would have climbed to the next rung, but are out of the indicator's reach.
    Pruned {
        /// The rung that they were trained on.
        rung: usize,
        /// Their numbers.
        trials: &'a [usize],
    },
    /// The trials of a finished generation.
    Observed(&'a [Trial]),
}

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// Every trial, in order of its number.
    pub trials: Vec<Trial>,
    /// G_0, G_1, ... of a strategy that has generators.
    pub generators: Vec<Generator>,
    /// Why there are no more.
    pub stopped_by: StopReason,
}

/// Searches a space: generation after generation is proposed, measured rung by rung and observed, until the
/// plan's trials or epochs are spent, or the space is, too many trials fail in a row, or the evaluator stops.
///
/// The result is a function of the plan, the space and the evaluator's answers. An error of the evaluator or of
/// `on_event` ends the search.
pub fn run<E: Evaluator>(
    space: &dyn Space,
    plan: &SearchPlan,
    evaluator: &E,
    on_event: &mut dyn FnMut(Event<'_>) -> Result<(), E::Error>,
) -> Result<Found, E::Error> {
    let problem = Problem::new(space, plan)?;
    let ranking = plan.newborns.map(|newborns| match evaluator.scorer() {
        Some(scorer) => Ok((newborns, scorer)),
        None => Err(SearchError::Unscored { score: newborns.by }),
    });
    let ranking = ranking.transpose()?;
    let mut strategy = plan.strategy.start(&problem)?;
    let mut found = Found { trials: Vec::new(), generators: Vec::new(), stopped_by: StopReason::Trials };
    let mut taken: BTreeSet<ArchitectureId> = BTreeSet::new();
    for generation in 0.. {
        let first = found.trials.len();
        let last = match plan.next_generation(&found.trials) {
            Ok(n_candidates) => first + n_candidates,
            Err(reason) => {
                found.stopped_by = reason;
                break;
            }
        };
        if let Some(generator) = strategy.generator() {
            on_event(Event::Generator(&generator))?;
            found.generators.push(generator);
        }
        let candidates = match ranking {
            None => strategy.propose(first..last, generation, &taken)?,
            Some((newborns, scorer)) => {
                let places = newborns.places(&(first..last));
                let proposed = strategy.propose(places, generation, &taken)?;
                let Some((born, best)) = newborns.select(proposed, first..last, plan, scorer)? else {
                    found.stopped_by = StopReason::Asked;
                    break;
                };
                if !born.is_empty() {
                    on_event(Event::Newborns { generation, newborns: &born })?;
                }
                best
            }
        };
        if candidates.is_empty() {
            found.stopped_by = StopReason::Space;
            break;
        }
        taken.extend(candidates.iter().map(|candidate| candidate.id));
        on_event(Event::Proposed(&candidates))?;
        let Some(trials) = climb(&candidates, &found.trials, plan, evaluator, on_event)? else {
            found.stopped_by = StopReason::Asked;
            break;
        };
        strategy.observe(&trials)?;
        on_event(Event::Observed(&trials))?;
        found.trials.extend(trials);
    }
    Ok(found)
}

/// Measures a generation rung by rung; the better share of each rung climbs to the next. `None` if the evaluator
/// stopped before it was through.
fn climb<E: Evaluator>(
    candidates: &[Candidate],
    history: &[Trial],
    plan: &SearchPlan,
    evaluator: &E,
    on_event: &mut dyn FnMut(Event<'_>) -> Result<(), E::Error>,
) -> Result<Option<Vec<Trial>>, E::Error> {
    let mut trials: Vec<Trial> = candidates.iter().map(newborn).collect();
    let gains = gains(history, plan.rungs.len());
    let mut climbing: Vec<usize> = (0..candidates.len()).collect();
    for (rung, ladder) in plan.rungs.iter().enumerate() {
        on_event(Event::Rung { rung, n_candidates: climbing.len() })?;
        let on_rung: Vec<&Candidate> = climbing.iter().map(|&index| &candidates[index]).collect();
        for (&index, reading) in climbing.iter().zip(readings(evaluator, &on_rung, rung)?) {
            let Some(reading) = reading else { return Ok(None) };
            trials[index].readings.push(reading);
        }
        climbing.retain(|&index| trials[index].accuracy_at(rung).is_some());
        let n_kept = ladder.n_kept(climbing.len());
        let on_rung: Vec<&Trial> = climbing.iter().map(|&index| &trials[index]).collect();
        let order = by_merit(&on_rung, plan, &gains);
        climbing = order.into_iter().take(n_kept).map(|position| climbing[position]).collect();
        climbing.sort_unstable();
        if rung + 1 < plan.rungs.len() {
            let (out, within): (Vec<usize>, Vec<usize>) =
                climbing.iter().partition(|&&index| is_out_of_reach(&trials[index], history, rung, plan));
            if !out.is_empty() {
                let numbers: Vec<usize> = out.iter().map(|&index| trials[index].number).collect();
                on_event(Event::Pruned { rung, trials: &numbers })?;
            }
            climbing = within;
        }
    }
    Ok(Some(trials))
}

/// What the evaluator measured of each candidate, in their order.
fn readings<E: Evaluator>(
    evaluator: &E,
    candidates: &[&Candidate],
    rung: usize,
) -> Result<Vec<Option<Measured>>, E::Error> {
    let readings = Mutex::new(vec![None; candidates.len()]);
    evaluator.evaluate(candidates, rung, &|index, measured| {
        readings.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(measured);
        Ok(())
    })?;
    Ok(readings.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn newborn(candidate: &Candidate) -> Trial {
    Trial {
        number: candidate.trial,
        generation: candidate.generation,
        genome: candidate.genome.clone(),
        id: candidate.id,
        cost: candidate.cost,
        parent: candidate.parent,
        predicted: candidate.predicted,
        readings: Vec::new(),
    }
}
