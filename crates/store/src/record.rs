//! A search that writes down what it does, and reads what it did before.

use netsynth_search::{
    Answered, Candidate, Evaluator, Event, Found, Measured, Problem, Scored, Scorer, SearchError, SearchPlan,
    run, run_asynchronously,
};
use netsynth_space::SearchSpace;

use crate::arrivals::Arrivals;
use crate::trial::trial_weights;
use crate::{RunFolder, StoreError};

/// Begins or continues the search of a run folder: what it holds is not measured again, and each result is written
/// before the search learns of it.
///
/// `keeps_weights` says whether each measured trial has the weights that others start from; one that lacks some is measured
/// again. The problem is stated in `space`. The folder's files are a function of problem and evaluator, however often the work was cut off. Nothing further
/// is measured once `stop` is true; an error of the evaluator, of the folder or of `on_event` ends the search.
pub fn search<E>(
    folder: &RunFolder,
    space: &SearchSpace,
    problem: &Problem<'_>,
    evaluator: &E,
    keeps_weights: bool,
    stop: &(dyn Fn() -> bool + Sync),
    on_event: &mut dyn FnMut(Event<'_>) -> Result<(), E::Error>,
) -> Result<Found, E::Error>
where
    E: Evaluator,
    E::Error: From<StoreError> + Send,
{
    let plan = problem.plan;
    let recorded = Recorded { evaluator, folder, plan, keeps_weights, stop };
    let mut on_event = |event: Event<'_>| {
        match &event {
            Event::Generator(generator) => folder.write_generator(generator)?,
            Event::Screened { generation, candidates } => folder.write_screening(*generation, candidates)?,
            Event::Proposed(candidates) => {
                candidates.iter().try_for_each(|next| folder.write_candidate(next, space))?;
            }
            Event::Rung { .. } | Event::Pruned { .. } | Event::Observed(_) => {}
        }
        on_event(event)
    };
    if plan.asynchronous {
        return std::thread::scope(|scope| {
            run_asynchronously(problem, &mut Arrivals::new(&recorded, scope)?, &mut on_event)
        });
    }
    run(problem, &recorded, &mut on_event)
}

/// An evaluator that knows what the run's folder knows.
pub(crate) struct Recorded<'a, E> {
    pub(crate) evaluator: &'a E,
    pub(crate) folder: &'a RunFolder,
    plan: &'a SearchPlan,
    keeps_weights: bool,
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
}

impl<E> Evaluator for Recorded<'_, E>
where
    E: Evaluator,
    E::Error: From<StoreError> + From<SearchError>,
{
    type Error = E::Error;

    fn evaluate(
        &self,
        candidates: &[&Candidate],
        rung: usize,
        answered: &Answered<'_, E::Error>,
    ) -> Result<(), E::Error> {
        let mut open = Vec::new();
        for (index, candidate) in candidates.iter().enumerate() {
            match self.folder.rung(candidate.trial, rung)? {
                Some(known) if self.is_whole(candidate.trial, rung, &known)? => answered(index, known)?,
                Some(_) | None => open.push(index),
            }
        }
        if open.is_empty() || (self.stop)() {
            return Ok(());
        }
        let left: Vec<&Candidate> = open.iter().map(|&index| candidates[index]).collect();
        self.evaluator.evaluate(&left, rung, &|at, measured| {
            self.folder.write_rung(left[at].trial, rung, &measured)?;
            answered(open[at], measured)
        })
    }

    fn scorer(&self) -> Option<&dyn Scorer<E::Error>> {
        self.evaluator.scorer().map(|_| self as &dyn Scorer<E::Error>)
    }
}

impl<E> Recorded<'_, E> {
    /// Whether a measured trial has all weights that others start from. Where it lacks some, it is trained again.
    pub(crate) fn is_whole(&self, trial: usize, rung: usize, known: &Measured) -> Result<bool, StoreError> {
        if !self.keeps_weights || matches!(known, Measured::Failed(_)) {
            return Ok(true);
        }
        for weights in trial_weights(self.plan, trial, rung) {
            if !self.folder.has_whole(weights)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<E> Scorer<E::Error> for Recorded<'_, E>
where
    E: Evaluator,
    E::Error: From<StoreError>,
{
    fn score(&self, candidates: &[Candidate]) -> Result<Vec<Scored>, E::Error> {
        let known: Result<Vec<Option<Scored>>, StoreError> =
            candidates.iter().map(|candidate| self.folder.scored(candidate)).collect();
        // The scores of a generation are one file: all of them are there, or none.
        match (known?.into_iter().collect::<Option<Vec<Scored>>>(), self.evaluator.scorer()) {
            (Some(known), _) => Ok(known),
            (None, Some(scorer)) if !(self.stop)() => scorer.score(candidates),
            (None, _) => Ok(Vec::new()),
        }
    }
}
