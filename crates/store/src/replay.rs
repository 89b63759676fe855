//! A search is done again with the recorded measurements in the place of trainings: what follows from them is compared with
//! what the run has, and what it lacks and has too much is named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use netsynth_search::{
    Answered, Candidate, Evaluator, Event, Flow, Measured, Problem, Scored, Scorer, SearchPlan, StopReason,
    Trial, run, run_asynchronously,
};
use netsynth_space::SearchSpace;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::document::agrees;
use crate::history::{GeneratorFile, architecture_of};
use crate::trial::trial_weights;
use crate::verify::finding;
use crate::{
    CandidateFile, EndFile, Entry, FileProblem, Finding, FrontFile, NetworkFile, RunFolder, ScreeningFile,
    StoreError, TrainedNetwork, TrialFile,
};

/// What a run's folder says of its search when the search is replayed from it.
#[derive(Debug)]
pub struct Replay {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Every candidate that was proposed, in order of its number.
    pub candidates: Vec<Candidate>,
    /// The trials of the generations that are whole; of a run that its wall-clock limit ended, all.
    pub trials: Vec<Trial>,
    /// The front of these trials.
    pub front: FrontFile,
    /// Whether the search has ended, so that there is a front to compare with.
    pub has_ended: bool,
}

/// Runs a run's search again with the recorded measurements in the place of trainings, and compares every file that
/// follows from them: generators, screenings, candidates, end, front, the variants' networks. `keeps_weights` says whether
/// each measured trial has the weights that others start from.
///
/// # Errors
/// A file that everything depends on cannot be read.
pub fn replay(
    folder: &RunFolder,
    space: &SearchSpace,
    problem: &Problem<'_>,
    keeps_weights: bool,
) -> Result<Replay, StoreError> {
    let plan = problem.plan;
    let end = folder.end()?;
    let is_over = end.as_ref().is_some_and(|end| end.reason != StopReason::WallClock);
    let recorded =
        Recorded { folder, plan, keeps_weights, stages: Mutex::default(), findings: Mutex::default() };
    let mut candidates = Vec::new();
    let mut on_event = |event: Event<'_>| {
        match event {
            Event::Generator(generator) => {
                recorded.expect(Entry::Generator(generator.number), &GeneratorFile::new(generator));
            }
            Event::Screened { generation, candidates: screened } => {
                recorded.expect(Entry::Screening(generation), &ScreeningFile::new(generation, screened));
            }
            Event::Proposed(proposed) => {
                candidates.extend_from_slice(proposed);
                for candidate in proposed {
                    let entry = |file| Entry::Trial(candidate.trial, file);
                    match architecture_of(candidate, space, folder) {
                        Ok(spec) => recorded.expect(entry(TrialFile::Architecture), &spec),
                        Err(error) => {
                            let problem = FileProblem::Unreadable(error.to_string());
                            recorded.note(entry(TrialFile::Architecture), problem);
                        }
                    }
                    recorded.expect(entry(TrialFile::Candidate), &CandidateFile::new(candidate, space));
                }
            }
            Event::Rung { .. } | Event::Pruned { .. } | Event::Observed(_) => {}
        }
        Ok(())
    };
    let found = if plan.asynchronous {
        let mut came = Came { recorded: &recorded, known: BTreeMap::new(), n_taken: 0, open: Vec::new() };
        let found = run_asynchronously(problem, &mut came, &mut on_event)?;
        came.close(is_over);
        found
    } else {
        run(problem, &recorded, &mut on_event)?
    };
    let is_cut = found.stopped_by == StopReason::Asked;
    recorded.note_missing_and_unexpected(is_cut, is_over)?;
    let trials = match &end {
        Some(EndFile { reason: StopReason::WallClock, .. }) => folder.trials(space)?,
        _ => found.trials,
    };
    // A certificate that cannot be read is found by whoever looks at all files.
    let file = folder.front_of(&trials, plan).unwrap_or_else(|_| FrontFile::of(&trials, plan));
    match end {
        // What cannot be replayed to its end gives no front to compare with.
        Some(_) if is_cut && is_over => {}
        Some(end) if EndFile::new(end.reason, &trials) != end => {
            recorded.note(Entry::End, FileProblem::Differs);
        }
        Some(_) => recorded.compare_derived(&file),
        None => {}
    }
    let findings = recorded.findings.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Replay { findings, candidates, trials, front: file, has_ended: end.is_some() })
}

/// An evaluator whose answers are those that the folder has.
struct Recorded<'a> {
    folder: &'a RunFolder,
    plan: &'a SearchPlan,
    keeps_weights: bool,
    /// What the run writes, in the order in which it does; what is of one stage is written in any order.
    stages: Mutex<Vec<Vec<Entry>>>,
    findings: Mutex<Vec<Finding>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorded<'_> {
    fn note(&self, entry: Entry, problem: FileProblem) {
        locked(&self.findings).push(finding(self.folder, &self.folder.locate(entry), problem));
    }

    /// The run writes this document next.
    fn expect<T>(&self, entry: Entry, document: &T)
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        locked(&self.stages).push(vec![entry]);
        self.compare(entry, document);
    }

    /// Compares a file with the document that it should be, if it is there.
    fn compare<T>(&self, entry: Entry, document: &T)
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        // A wrong checksum is found by whoever looks at all files.
        if let Ok(Some(text)) = self.folder.text(entry)
            && !agrees(document, &text)
        {
            self.note(entry, FileProblem::Differs);
        }
    }

    /// The answer that a file of the folder has, if it can be read.
    fn answer<T>(&self, entry: Entry, found: Result<Option<T>, StoreError>) -> Option<T> {
        match found {
            Ok(known) => return known,
            // It is found by whoever looks at all files.
            Err(error) if error.is_of_a_file() => {}
            Err(error) => self.note(entry, FileProblem::Unreadable(error.to_string())),
        }
        None
    }

    /// Notes what is not there although the run went on, and what the search never asked for.
    fn note_missing_and_unexpected(&self, is_cut: bool, is_over: bool) -> Result<(), StoreError> {
        let stages = std::mem::take(&mut *locked(&self.stages));
        let mut expected: BTreeSet<Entry> = stages.iter().flatten().copied().collect();
        let present = self.folder.entries()?;
        let is_of_search =
            |entry: &&Entry| matches!(entry, Entry::Generator(_) | Entry::Screening(_) | Entry::Trial(..));
        if self.keeps_weights {
            let readings: Vec<Entry> = expected.iter().copied().collect();
            readings.into_iter().for_each(|entry| expected.extend(self.weights(entry)));
        }
        let others: Vec<Entry> =
            present.iter().filter(is_of_search).filter(|entry| !expected.contains(entry)).copied().collect();
        let is_there = |entry: &Entry| present.contains(entry);
        // Nothing is written before all of the stages before.
        let n_done = if is_over || (is_cut && !others.is_empty()) {
            stages.len()
        } else {
            stages.iter().rposition(|stage| stage.iter().any(is_there)).unwrap_or_default()
        };
        for missing in stages[..n_done].iter().flatten().filter(|entry| !is_there(entry)) {
            self.note(*missing, FileProblem::Missing);
        }
        if !is_cut {
            others.into_iter().for_each(|entry| self.note(entry, FileProblem::Unexpected));
        }
        Ok(())
    }

    /// The files of weights that belong to a measurement.
    fn weights(&self, entry: Entry) -> Vec<Entry> {
        let Entry::Trial(trial, TrialFile::Rung(rung)) = entry else { return Vec::new() };
        trial_weights(self.plan, trial, rung).collect()
    }

    /// Notes the weights that a measurement lacks: they are written before it.
    fn note_lacking_weights(&self, entry: Entry, known: &Measured) {
        if self.keeps_weights && matches!(known, Measured::Trained(_)) {
            let lacking = self.weights(entry).into_iter().filter(|weights| !self.folder.has(*weights));
            lacking.for_each(|weights| self.note(weights, FileProblem::Missing));
        }
    }

    /// Compares the front and the variants' networks, as far as the run has come to them.
    fn compare_derived(&self, file: &FrontFile) {
        let is_certified = |front: FrontFile| front.members.iter().any(|row| row.certificate.is_some());
        if !self.folder.has(Entry::Certificates) && self.folder.front().is_ok_and(is_certified) {
            self.note(Entry::Certificates, FileProblem::Missing);
            return;
        }
        self.compare(Entry::Front, file);
        if self.folder.text(Entry::FrontTable).ok().flatten().is_some_and(|table| table != file.csv()) {
            self.note(Entry::FrontTable, FileProblem::Differs);
        }
        for (variant, trial) in file.variants() {
            if let Ok(network) = self.folder.architecture(trial) {
                let variant = TrainedNetwork::Variant(variant);
                self.compare(Entry::Network(variant, NetworkFile::Architecture), &network);
            }
        }
    }
}

impl Evaluator for Recorded<'_> {
    type Error = StoreError;

    fn evaluate(
        &self,
        candidates: &[&Candidate],
        rung: usize,
        answered: &Answered<'_, StoreError>,
    ) -> Result<(), StoreError> {
        let entry = |candidate: &Candidate| Entry::Trial(candidate.trial, TrialFile::Rung(rung));
        locked(&self.stages).push(candidates.iter().map(|candidate| entry(candidate)).collect());
        for (index, candidate) in candidates.iter().enumerate() {
            let entry = entry(candidate);
            let Some(known) = self.answer(entry, self.folder.rung(candidate.trial, rung)) else { continue };
            self.note_lacking_weights(entry, &known);
            answered(index, known)?;
        }
        Ok(())
    }

    fn scorer(&self) -> Option<&dyn Scorer<StoreError>> {
        Some(self)
    }
}

impl Scorer<StoreError> for Recorded<'_> {
    fn score(&self, candidates: &[Candidate]) -> Result<Vec<Scored>, StoreError> {
        if let Some(first) = candidates.first() {
            locked(&self.stages).push(vec![Entry::Screening(first.generation)]);
        }
        let known = candidates.iter().map_while(|candidate| {
            self.answer(Entry::Screening(candidate.generation), self.folder.scored(candidate))
        });
        Ok(known.collect())
    }
}

/// The measurements of an asynchronous search in the order in which they came, as the folder has them.
struct Came<'a> {
    recorded: &'a Recorded<'a>,
    /// Measurements that are there and were not handed on, by how many came before.
    known: BTreeMap<usize, (Entry, usize, Measured)>,
    n_taken: usize,
    /// Those that were begun and are not there.
    open: Vec<Entry>,
}

impl Came<'_> {
    /// Notes what is missing: of a search that has ended all that was begun, and what came before others that are there.
    fn close(self, is_over: bool) {
        let is_missing = is_over || !self.known.is_empty();
        let mut stages = locked(&self.recorded.stages);
        stages.extend(self.known.into_values().map(|(entry, ..)| vec![entry]));
        if is_missing {
            drop(stages);
            self.open.into_iter().for_each(|entry| self.recorded.note(entry, FileProblem::Missing));
        } else {
            // They are being made, or will be.
            stages.push(self.open);
        }
    }
}

impl Flow for Came<'_> {
    type Error = StoreError;

    fn begin(&mut self, candidate: &Candidate, rung: usize) -> Result<(), StoreError> {
        let entry = Entry::Trial(candidate.trial, TrialFile::Rung(rung));
        match self.recorded.answer(entry, self.recorded.folder.placed(candidate.trial, rung)) {
            Some((place, measured)) => {
                self.known.insert(place, (entry, candidate.trial, measured));
            }
            None => self.open.push(entry),
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<(usize, Measured)>, StoreError> {
        let Some((entry, trial, measured)) = self.known.remove(&self.n_taken) else { return Ok(None) };
        self.n_taken += 1;
        locked(&self.recorded.stages).push(vec![entry]);
        self.recorded.note_lacking_weights(entry, &measured);
        Ok(Some((trial, measured)))
    }

    fn scorer(&self) -> Option<&dyn Scorer<StoreError>> {
        Some(self.recorded)
    }
}
