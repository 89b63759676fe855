use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use netsynth_graph::ArchitectureId;

use crate::front::climb::{Climbs, is_out_of_reach};
use crate::front::rank::best_first;
use crate::{
    Candidate, Evaluator, Generator, Measured, Problem, Scorer, ScreenedCandidate, Screening, SearchError,
    SearchPlan, StopReason, Strategy, Trial,
};

/// What happens while a search runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// The generator that the next candidates come from.
    Generator(&'a Generator),
    /// What was proposed for a generation and scored, and which of it will be trained.
    Screened {
        /// The generation.
        generation: usize,
        /// In the order in which they were proposed.
        candidates: &'a [ScreenedCandidate],
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
    /// These trials would have climbed to the next rung, but a measured bound of the indicator is out of their reach.
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
/// plan's trials, epochs or multiply-accumulates are spent, or the space is, too many trials fail in a row, or the evaluator stops.
///
/// The result is a function of the problem and the evaluator's answers. An error of the evaluator or of
/// `on_event` ends the search.
pub fn run<E: Evaluator>(
    problem: &Problem<'_>,
    evaluator: &E,
    on_event: &mut dyn FnMut(Event<'_>) -> Result<(), E::Error>,
) -> Result<Found, E::Error> {
    let plan = problem.plan;
    let screening = screening(plan, evaluator.scorer())?;
    let mut strategy = plan.strategy.start(problem)?;
    let mut found = Found { trials: Vec::new(), generators: Vec::new(), stopped_by: StopReason::Trials };
    let mut taken: BTreeSet<ArchitectureId> = BTreeSet::new();
    for generation in 0.. {
        let first = found.trials.len();
        let last = match plan.next_generation(&found.trials, 0) {
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
        let asked = Asked { numbers: first..last, generation, taken: &taken };
        let Some(candidates) = proposed(strategy.as_ref(), plan, screening, &found.trials, &asked, on_event)?
        else {
            found.stopped_by = StopReason::Asked;
            break;
        };
        if candidates.is_empty() {
            found.stopped_by = StopReason::Space;
            break;
        }
        let candidates = plan.affordable(plan.spent(&found.trials), candidates);
        if candidates.is_empty() {
            found.stopped_by = StopReason::Macs;
            break;
        }
        taken.extend(candidates.iter().map(|candidate| candidate.id));
        on_event(Event::Proposed(&candidates))?;
        let Some(trials) = climb(&candidates, &found.trials, plan, evaluator, on_event)? else {
            found.stopped_by = StopReason::Asked;
            break;
        };
        found.trials.extend(trials);
        strategy.observe(&found.trials, first..found.trials.len())?;
        on_event(Event::Observed(&found.trials[first..]))?;
    }
    Ok(found)
}

/// How a plan screens candidates, and by whose scores.
pub(crate) type ByScores<'a, E> = Option<(Screening, &'a dyn Scorer<E>)>;

/// The screening that a plan asks for, with who scores.
pub(crate) fn screening<'a, E>(
    plan: &SearchPlan,
    scorer: Option<&'a dyn Scorer<E>>,
) -> Result<ByScores<'a, E>, SearchError> {
    let with = |screening: Screening| match scorer {
        Some(scorer) => Ok((screening, scorer)),
        None => Err(SearchError::Unscored { proxy: screening.by }),
    };
    plan.screening.map(with).transpose()
}

/// The candidates that are asked for.
pub(crate) struct Asked<'a> {
    pub(crate) numbers: Range<usize>,
    pub(crate) generation: usize,
    pub(crate) taken: &'a BTreeSet<ArchitectureId>,
}

/// What a strategy proposes, screened if the plan says so. `None` if the scorer was asked to stop.
pub(crate) fn proposed<E: From<SearchError>>(
    strategy: &dyn Strategy,
    plan: &SearchPlan,
    screening: ByScores<'_, E>,
    history: &[Trial],
    asked: &Asked<'_>,
    on_event: &mut dyn FnMut(Event<'_>) -> Result<(), E>,
) -> Result<Option<Vec<Candidate>>, E> {
    let Asked { numbers, generation, taken } = asked;
    let Some((screening, scorer)) = screening else {
        return Ok(Some(strategy.propose(history, numbers.clone(), *generation, taken)?));
    };
    let all = strategy.propose(history, screening.numbers(numbers), *generation, taken)?;
    let Some((screened, best)) = screening.select(all, numbers.clone(), plan, scorer)? else {
        return Ok(None);
    };
    if !screened.is_empty() {
        on_event(Event::Screened { generation: *generation, candidates: &screened })?;
    }
    Ok(Some(best))
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
    let mut trials: Vec<Trial> = candidates.iter().map(Trial::of).collect();
    let climbs = Climbs::of_each(history, plan);
    let mut climbing: Vec<usize> = (0..candidates.len()).collect();
    for (rung, ladder) in plan.rungs.iter().enumerate() {
        on_event(Event::Rung { rung, n_candidates: climbing.len() })?;
        let on_rung: Vec<&Candidate> = climbing.iter().map(|&index| &candidates[index]).collect();
        for (&index, reading) in climbing.iter().zip(readings(evaluator, &on_rung, rung)?) {
            let Some(reading) = reading else { return Ok(None) };
            trials[index].readings.push(reading);
        }
        climbing.retain(|&index| trials[index].trained(rung).is_some());
        let n_kept = ladder.n_kept(climbing.len());
        let on_rung: Vec<&Trial> = climbing.iter().map(|&index| &trials[index]).collect();
        let order = best_first(&on_rung, plan, &climbs);
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
