use std::num::NonZeroUsize;
use std::sync::Mutex;

use netsynth_search::{
    Candidate, Evaluator, Event, Found, Measured, Scored, Scorer, SearchPlan, caught, run,
};
use netsynth_space::SearchSpace;

use crate::{RunFolder, StoreError};

/// Begins or continues the search of a run folder: what it holds is not measured again, and what is measured is
/// written down before anybody hears of it.
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
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Found, StoreError> {
    let recorded = Recorded { evaluator, folder, stop, trouble: Mutex::new(None) };
    let found = run(space, plan, &recorded, n_workers, &mut |event| {
        match &event {
            Event::Generator(generator) => recorded.keep(folder.write_generator(generator)),
            Event::Screened { generation, candidates } => {
                recorded.keep(folder.write_screening(*generation, candidates));
            }
            Event::Proposed(candidates) => {
                let mut written = candidates.iter().map(|next| folder.write_candidate(next, space));
                recorded.keep(written.find(Result::is_err).unwrap_or(Ok(())));
            }
            Event::Rung { .. } | Event::Pruned { .. } | Event::Observed(_) => {}
        }
        if !recorded.is_in_trouble() {
            tell(event);
        }
    });
    match recorded.trouble.into_inner() {
        Ok(Some(trouble)) => Err(trouble),
        _ => Ok(found?),
    }
}

/// An evaluator that remembers.
struct Recorded<'a> {
    evaluator: &'a dyn Evaluator,
    folder: &'a RunFolder,
    stop: &'a (dyn Fn() -> bool + Sync),
    /// The first time that reading or writing failed.
    trouble: Mutex<Option<StoreError>>,
}

impl Recorded<'_> {
    fn keep(&self, result: Result<(), StoreError>) {
        if let (Err(error), Ok(mut trouble)) = (result, self.trouble.lock()) {
            trouble.get_or_insert(error);
        }
    }

    fn is_in_trouble(&self) -> bool {
        self.trouble.lock().map_or(true, |trouble| trouble.is_some())
    }

    fn score_of(&self, scorer: &dyn Scorer, candidate: &Candidate) -> Result<Option<Scored>, StoreError> {
        if self.is_in_trouble() {
            return Ok(None);
        }
        match self.folder.scored(candidate)? {
            Some(known) => Ok(Some(known)),
            None if (self.stop)() => Ok(None),
            None => Ok(scorer.score(candidate)),
        }
    }

    fn answer(&self, candidate: &Candidate, rung: usize) -> Result<Option<Measured>, StoreError> {
        if self.is_in_trouble() {
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
