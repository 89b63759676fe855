//! A run is verified: its files against their checksums, and what follows from its trials against what it has.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::Mutex;

use netsynth_search::{
    Answered, Candidate, Evaluator, Event, ParetoFront, Scored, Scorer, SearchPlan, StopReason, Trial, run,
    variants,
};
use netsynth_space::SearchSpace;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::checksum::{Checked, check, matches_checksum};
use crate::document::{agrees, text};
use crate::history::{GeneratorFile, architecture_of};
use crate::layout::{checksum_of, is_checksum, is_unfinished};
use crate::listing::{Listed, list};
use crate::text::read_text;
use crate::{
    CandidateFile, EndFile, Entry, FrontFile, NetworkFile, RunFolder, ScreeningFile, StoreError,
    TrainedNetwork, TrialFile,
};

/// A file of a run with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file's path, relative to the run's folder.
    pub path: String,
    /// What is wrong.
    pub problem: FileProblem,
}

/// What can be wrong with a file of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum FileProblem {
    /// Its checksum is not that of its content.
    Damaged,
    /// It has no checksum: another program wrote it, or its checksum is what was changed.
    NoChecksum,
    /// The run has gone on without it.
    Missing,
    /// Plan and trials give another file.
    Differs,
    /// The search never asked for it.
    Unexpected,
    /// It cannot be read, for this reason.
    Unreadable(String),
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileProblem::Damaged => f.write_str("damaged: its checksum is not that of its content"),
            FileProblem::NoChecksum => f.write_str("has no checksum: netsynth did not write it like this"),
            FileProblem::Missing => f.write_str("is missing"),
            FileProblem::Differs => f.write_str("is not what the plan and the trials give"),
            FileProblem::Unexpected => f.write_str("is not of this search"),
            FileProblem::Unreadable(reason) => f.write_str(reason),
        }
    }
}

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

/// Compares every file of a run with its checksum: how many there are, and what is wrong with them.
///
/// # Errors
/// The folder cannot be listed, or a file that is no document cannot be read.
pub fn check_files(folder: &RunFolder) -> Result<(usize, Vec<Finding>), StoreError> {
    let mut findings = Vec::new();
    let mut n_files = 0;
    for listed in list(folder.path())?.iter().filter(|listed| !listed.is_folder) {
        n_files += 1;
        if let Some(problem) = problem_of(listed, folder)? {
            findings.push(finding(folder, &listed.path, problem));
        }
    }
    Ok((n_files, findings))
}

pub(crate) fn finding(folder: &RunFolder, path: &Path, problem: FileProblem) -> Finding {
    Finding { path: relative(folder, path).display().to_string(), problem }
}

pub(crate) fn relative<'a>(folder: &RunFolder, path: &'a Path) -> &'a Path {
    path.strip_prefix(folder.path()).unwrap_or(path)
}

fn problem_of(listed: &Listed, folder: &RunFolder) -> Result<Option<FileProblem>, StoreError> {
    let path = &listed.path;
    if listed.is_odd {
        let reason = "is a link, or lies too deep, and is not followed";
        return Ok(Some(FileProblem::Unreadable(reason.to_owned())));
    }
    // A checksum is looked at with its file; what is unfinished is no part of the run yet.
    if is_unfinished(path) || is_checksum(path) {
        return Ok(None);
    }
    if let Some(Entry::Lock | Entry::SessionLog(_)) = Entry::parse(relative(folder, path)) {
        return Ok(None);
    }
    if path.extension().is_some_and(|extension| extension == "ron") {
        return Ok(match read_text(path) {
            // A changed byte can be one that is no text.
            Err(error) => Some(FileProblem::Unreadable(error.reason)),
            Ok(text) => match check(&text) {
                Checked::Matches(_) => None,
                Checked::Absent(_) => Some(FileProblem::NoChecksum),
                Checked::Differs => Some(FileProblem::Damaged),
            },
        });
    }
    if !checksum_of(path).is_file() {
        return Ok(Some(FileProblem::NoChecksum));
    }
    Ok((!matches_checksum(path)?).then_some(FileProblem::Damaged))
}

/// Runs a run's search again with the recorded measurements in the place of trainings, and compares every file that
/// follows from them: generators, screenings, candidates, end, front, the variants' networks.
///
/// # Errors
/// The plan is none that a search can follow, or a file that everything depends on cannot be read.
pub fn replay(folder: &RunFolder, space: &SearchSpace, plan: &SearchPlan) -> Result<Replay, StoreError> {
    let end = folder.end()?;
    let recorded =
        Recorded { folder, asked: Mutex::default(), gap: Mutex::default(), findings: Mutex::default() };
    let mut candidates = Vec::new();
    // What a generation lacks is missing only if the run went on without it.
    let mut lacking: Vec<Finding> = Vec::new();
    let found = run(space, plan, &recorded, &mut |event| {
        match event {
            Event::Generator(generator) => {
                let entry = Entry::Generator(generator.number);
                recorded.compare(entry, &GeneratorFile::new(generator), &mut lacking);
            }
            Event::Screened { generation, candidates: screened } => {
                let entry = Entry::Screening(generation);
                recorded.compare(entry, &ScreeningFile::new(generation, screened), &mut lacking);
            }
            Event::Proposed(proposed) => {
                candidates.extend_from_slice(proposed);
                for candidate in proposed {
                    let entry = |file| Entry::Trial(candidate.trial, file);
                    match architecture_of(candidate, space, folder) {
                        Ok(spec) => recorded.compare(entry(TrialFile::Architecture), &spec, &mut lacking),
                        Err(error) => {
                            let problem = FileProblem::Unreadable(error.to_string());
                            recorded.note(entry(TrialFile::Architecture), problem);
                        }
                    }
                    let file = CandidateFile::new(candidate, space);
                    recorded.compare(entry(TrialFile::Candidate), &file, &mut lacking);
                }
            }
            Event::Rung { .. } | Event::Pruned { .. } => {}
            Event::Observed(_) => recorded.findings.lock().map_or((), |mut all| all.append(&mut lacking)),
        }
        Ok(())
    })?;
    let is_cut = found.stopped_by == StopReason::Asked;
    let trials = match &end {
        Some(EndFile { reason: StopReason::WallClock, .. }) => folder.trials(space)?,
        _ => found.trials,
    };
    let front = ParetoFront::of(&trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    let file = FrontFile::new(&front, &trials, plan);
    if let Some(end) = end {
        let gap = recorded.gap.lock().map_or(None, |gap| *gap);
        if is_cut && end.reason != StopReason::WallClock {
            // Without a gap it is a damaged file that the replay cannot pass.
            if let Some(entry) = gap {
                recorded.note(entry, FileProblem::Missing);
            }
        } else if EndFile::new(end.reason, &trials) != end {
            recorded.note(Entry::End, FileProblem::Differs);
        } else {
            recorded.compare_derived(&file, &front);
        }
    }
    if !is_cut {
        recorded.note_unexpected(plan.rungs.len())?;
    }
    let findings = recorded.findings.into_inner().unwrap_or_default();
    Ok(Replay { findings, candidates, trials, front: file, has_ended: end.is_some() })
}

/// An evaluator whose answers are those that the folder has.
struct Recorded<'a> {
    folder: &'a RunFolder,
    asked: Mutex<BTreeSet<(usize, usize)>>,
    /// The first file that would have had an answer and is not there.
    gap: Mutex<Option<Entry>>,
    findings: Mutex<Vec<Finding>>,
}

impl Recorded<'_> {
    fn note(&self, entry: Entry, problem: FileProblem) {
        if let Ok(mut findings) = self.findings.lock() {
            findings.push(finding(self.folder, &self.folder.locate(entry), problem));
        }
    }

    /// Compares a file with the document that it should be. A file that is not there is `lacking`.
    fn compare<T>(&self, entry: Entry, document: &T, lacking: &mut Vec<Finding>)
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        match self.text(entry) {
            Ok(Some(text)) if agrees(document, &text) => {}
            Ok(Some(_)) => self.note(entry, FileProblem::Differs),
            Ok(None) => {
                let path = self.folder.locate(entry);
                lacking.push(finding(self.folder, &path, FileProblem::Missing));
            }
            // A wrong checksum is found by whoever looks at all files.
            Err(_) => {}
        }
    }

    fn text(&self, entry: Entry) -> Result<Option<String>, StoreError> {
        text(&self.folder.locate(entry))
    }

    /// The answer that a file of the folder has, if it can be read; where it is not there, a gap.
    fn answer<T>(&self, entry: Entry, found: Result<Option<T>, StoreError>) -> Option<T> {
        match found {
            Ok(Some(known)) => return Some(known),
            Ok(None) => {
                if let Ok(mut gap) = self.gap.lock() {
                    gap.get_or_insert(entry);
                }
            }
            // A wrong checksum is found by whoever looks at all files.
            Err(StoreError::Damaged { .. } | StoreError::Text(_)) => {}
            Err(error) => self.note(entry, FileProblem::Unreadable(error.to_string())),
        }
        None
    }

    /// Compares the front and the variants' networks, as far as the run has come to them.
    fn compare_derived(&self, file: &FrontFile, front: &ParetoFront) {
        // What the run has not come to yet is not missing.
        let mut open = Vec::new();
        self.compare(Entry::Front, file, &mut open);
        if self.text(Entry::FrontTable).ok().flatten().is_some_and(|table| table != file.csv()) {
            self.note(Entry::FrontTable, FileProblem::Differs);
        }
        for (variant, trial) in variants(front) {
            if let Ok(network) = self.folder.architecture(trial) {
                let variant = TrainedNetwork::Variant(variant);
                self.compare(Entry::Network(variant, NetworkFile::Architecture), &network, &mut open);
            }
        }
    }

    /// Notes measurements that the search never asked for.
    fn note_unexpected(&self, n_rungs: usize) -> Result<(), StoreError> {
        let asked = self.asked.lock().map_or_else(|_| BTreeSet::new(), |asked| asked.clone());
        for trial in self.folder.trial_numbers()? {
            for rung in (0..n_rungs).filter(|&rung| self.folder.has_rung(trial, rung)) {
                if !asked.contains(&(trial, rung)) {
                    self.note(Entry::Trial(trial, TrialFile::Rung(rung)), FileProblem::Unexpected);
                }
            }
        }
        Ok(())
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
        for (index, candidate) in candidates.iter().enumerate() {
            let trial = candidate.trial;
            if let Ok(mut asked) = self.asked.lock() {
                asked.insert((trial, rung));
            }
            let entry = Entry::Trial(trial, TrialFile::Rung(rung));
            if let Some(known) = self.answer(entry, self.folder.rung(trial, rung)) {
                answered(index, known)?;
            }
        }
        Ok(())
    }

    fn scorer(&self) -> Option<&dyn Scorer<StoreError>> {
        Some(self)
    }
}

impl Scorer<StoreError> for Recorded<'_> {
    fn score(&self, candidates: &[Candidate]) -> Result<Vec<Scored>, StoreError> {
        let known = candidates.iter().map_while(|candidate| {
            self.answer(Entry::Screening(candidate.generation), self.folder.scored(candidate))
        });
        Ok(known.collect())
    }
}
