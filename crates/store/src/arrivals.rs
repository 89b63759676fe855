//! The measurements of an asynchronous search, in the order in which they came: those that the folder has first, as they came then.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, Scope};

use netsynth_search::{Candidate, Evaluator, Flow, Measured, Scorer, SearchError};

use crate::record::Recorded;
use crate::{Entry, RunFolder, StoreError, TrialFile};

/// A measurement that has ended: of which trial, on which rung, and what came of it; nothing if it was stopped.
type Ended<E> = (usize, usize, Result<Option<Measured>, E>);

/// Measurements that are made side by side, each on a thread of its own that waits for its evaluator.
pub(crate) struct Arrivals<'s, 'e, E: Evaluator> {
    recorded: &'e Recorded<'e, E>,
    scope: &'s Scope<'s, 'e>,
    send: Sender<Ended<E::Error>>,
    receive: Receiver<Ended<E::Error>>,
    /// How many measurements are made.
    n_open: usize,
    /// Whether some were not begun, or ended without a result.
    is_stopped: bool,
    /// Measurements that are there, by how many came before.
    known: BTreeMap<usize, (usize, Measured)>,
    /// The places of those that the folder has and that are made again, because their weights are not there.
    again: BTreeMap<(usize, usize), usize>,
    /// How many were handed on.
    n_taken: usize,
    /// How many have a place.
    n_placed: usize,
}

impl<'s, 'e, E> Arrivals<'s, 'e, E>
where
    E: Evaluator,
    E::Error: From<StoreError> + From<SearchError> + Send,
{
    pub(crate) fn new(recorded: &'e Recorded<'e, E>, scope: &'s Scope<'s, 'e>) -> Result<Self, StoreError> {
        let n_placed = n_placed(recorded.folder)?;
        let (send, receive) = channel();
        Ok(Self {
            recorded,
            scope,
            send,
            receive,
            n_open: 0,
            is_stopped: false,
            known: BTreeMap::new(),
            again: BTreeMap::new(),
            n_taken: 0,
            n_placed,
        })
    }

    /// Has a candidate measured beside others.
    fn measure(&mut self, candidate: &Candidate, rung: usize) -> Result<(), StoreError> {
        if (self.recorded.stop)() {
            self.is_stopped = true;
            return Ok(());
        }
        let (candidate, evaluator, send) = (candidate.clone(), self.recorded.evaluator, self.send.clone());
        let work = move || {
            // Nobody listens any more where the search has ended in an error.
            let _ = send.send((candidate.trial, rung, evaluator.evaluate_one(&candidate, rung)));
        };
        let begun = Builder::new().spawn_scoped(self.scope, work);
        begun.map_err(|source| StoreError::System { path: "a thread".to_owned(), source })?;
        self.n_open += 1;
        Ok(())
    }
}

/// How many measurements a folder has. Each has its place, and none is missing between others: what came then cannot be what comes
/// now, because that might come in another order.
fn n_placed(folder: &RunFolder) -> Result<usize, StoreError> {
    let mut places = Vec::new();
    for entry in folder.entries()? {
        if let Entry::Trial(trial, TrialFile::Rung(rung)) = entry
            && let Some((place, _)) = folder.placed(trial, rung)?
        {
            places.push((place, trial));
        }
    }
    places.sort_unstable();
    match places.iter().enumerate().find(|(at, (place, _))| at != place) {
        Some((place, &(_, trial))) => Err(StoreError::NoPlace { trial, place }),
        None => Ok(places.len()),
    }
}

impl<'e, E> Flow for Arrivals<'_, 'e, E>
where
    E: Evaluator,
    E::Error: From<StoreError> + From<SearchError> + Send + 'e,
{
    type Error = E::Error;

    fn begin(&mut self, candidate: &Candidate, rung: usize) -> Result<(), E::Error> {
        let trial = candidate.trial;
        let Some((place, known)) = self.recorded.folder.placed(trial, rung)? else {
            return Ok(self.measure(candidate, rung)?);
        };
        if self.recorded.is_whole(trial, rung, &known)? {
            self.known.insert(place, (trial, known));
            return Ok(());
        }
        self.again.insert((trial, rung), place);
        Ok(self.measure(candidate, rung)?)
    }

    fn next(&mut self) -> Result<Option<(usize, Measured)>, E::Error> {
        loop {
            if let Some(next) = self.known.remove(&self.n_taken) {
                self.n_taken += 1;
                return Ok(Some(next));
            }
            if self.n_open == 0 {
                return match self.known.first_key_value() {
                    Some((_, (trial, _))) if !self.is_stopped => {
                        Err(StoreError::NoPlace { trial: *trial, place: self.n_taken }.into())
                    }
                    Some(_) | None => Ok(None),
                };
            }
            let Ok((trial, rung, ended)) = self.receive.recv() else { return Ok(None) };
            self.n_open -= 1;
            let Some(measured) = ended? else {
                self.is_stopped = true;
                continue;
            };
            let place = self.again.remove(&(trial, rung)).unwrap_or(self.n_placed);
            self.recorded.folder.write_placed(trial, rung, &measured, place)?;
            self.n_placed = self.n_placed.max(place + 1);
            self.known.insert(place, (trial, measured));
        }
    }

    fn scorer(&self) -> Option<&dyn Scorer<E::Error>> {
        self.recorded.scorer()
    }
}
