//! A search that writes down what it does, and reads what it did before.

use std::num::NonZeroUsize;
use std::sync::Mutex;

use netsynth_search::{
    Candidate, Evaluator, Event, Found, Measured, Scored, Scorer, SearchPlan, caught, run,
};
use netsynth_space::SearchSpace;

use crate::{RunFolder, StoreError};

/// Begins or continues the search of a run folder: what it holds is not measured again, and what is measured is
/// written before `on_event` sees it.
///
/// The folder's files are a function of plan, space and evaluator, however often the work was cut off. Once `stop`
/// is true or writing fails, nothing further is measured.
pub fn search(
    folder: &RunFolder,
    space: &SearchSpace,
    plan: &SearchPlan,
    evaluator: &dyn Evaluator,
    n_workers: NonZeroUsize,
    stop: &(dyn Fn() -> bool + Sync),
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Found, StoreError> {
    let recorded = Recorded { evaluator, folder, stop, error: Mutex::new(None) };
    let found = run(space, plan, &recorded, n_workers, &mut |event| {
        match &event {
            Event::Generator(generator) => recorded.keep(folder.write_generator(generator)),
            Event::Newborns { generation, newborns } => {
                recorded.keep(folder.write_screening(*generation, newborns));
            }
            Event::Proposed(candidates) => {
                let mut written = candidates.iter().map(|next| folder.write_candidate(next, space));
                recorded.keep(written.find(Result::is_err).unwrap_or(Ok(())));
            }
            Event::Rung { .. } | Event::Pruned { .. } | Event::Observed(_) => {}
        }
        if !recorded.has_failed() {
            on_event(event);
        }
    });
    match recorded.error.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => Ok(found?),
    }
}

/// An evaluator that remembers.
struct Recorded<'a> {
    evaluator: &'a dyn Evaluator,
    folder: &'a RunFolder,
    stop: &'a (dyn Fn() -> bool + Sync),
    /// The first time that reading or writing failed.
    error: Mutex<Option<StoreError>>,
}

impl Recorded<'_> {
    fn keep(&self, result: Result<(), StoreError>) {
        if let (Err(error), Ok(mut first)) = (result, self.error.lock()) {
            first.get_or_insert(error);
        }
    }

    fn has_failed(&self) -> bool {
        self.error.lock().map_or(true, |error| error.is_some())
    }

    fn score_of(&self, scorer: &dyn Scorer, candidate: &Candidate) -> Result<Option<Scored>, StoreError> {
        if self.has_failed() {
            return Ok(None);
        }
        match self.folder.scored(candidate)? {
            Some(known) => Ok(Some(known)),
            None if (self.stop)() => Ok(None),
            None => Ok(scorer.score(candidate)),
        }
    }

    fn answer(&self, candidate: &Candidate, rung: usize) -> Result<Option<Measured>, StoreError> {
        if self.has_failed() {
            return Ok(None);
        }
        if let Some(known) = self.folder.rung(candidate.trial, rung)? {
            return Ok(Some(known));
        }
        if (self.stop)() {
            return Ok(None);
        }
        let measured = caught(|| self.evaluator.evaluate(candidate, rung));
        if let Some(measured) = &measured {
            self.folder.write_rung(candidate.trial, rung, measured)?;
        }
        Ok(measured)
    }
}

impl Evaluator for Recorded<'_> {
    fn evaluate(&self, candidate: &Candidate, rung: usize) -> Option<Measured> {
        self.answer(candidate, rung).unwrap_or_else(|error| {
            self.keep(Err(error));
            None
        })
    }

    fn scorer(&self) -> Option<&dyn Scorer> {
        self.evaluator.scorer().map(|_| self as &dyn Scorer)
    }
}

impl Scorer for Recorded<'_> {
    fn score(&self, candidate: &Candidate) -> Option<Scored> {
        let scorer = self.evaluator.scorer()?;
        self.score_of(scorer, candidate).unwrap_or_else(|error| {
            self.keep(Err(error));
            None
        })
    }
}
