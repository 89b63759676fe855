use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use netsynth_graph::schema;
use netsynth_search::{
    Candidate, Evaluator, Event, Measured, ParetoFront, Scored, Scorer, SearchPlan, StopReason, Trial, run,
    variants,
};
use netsynth_space::SearchSpace;
use serde::Serialize;

use crate::file::{UNFINISHED, checksum_of, is_whole, known, read_text};
use crate::folder::{Entry, LOCK, SESSIONS, entries};
use crate::seal::{Seal, hexadecimal, opened};
use crate::{EndFile, FrontFile, RunFolder, StoreError};

/// Something wrong with a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, relative to the run's folder.
    pub path: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a file of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Problem {
    /// Its checksum is not that of its content.
    Changed,
    /// It has no checksum: another program wrote it, or its checksum is what was changed.
    Unsealed,
    /// The run has gone on without it.
    Missing,
    /// Plan and trials give another file.
    Differs,
    /// The search never asked for it.
    Stranger,
    /// It cannot be read, in words.
    Unreadable(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Changed => f.write_str("damaged: its checksum is not that of its content"),
            Problem::Unsealed => f.write_str("has no checksum: netsynth did not write it like this"),
            Problem::Missing => f.write_str("is missing"),
            Problem::Differs => f.write_str("is not what the plan and the trials give"),
            Problem::Stranger => f.write_str("is not of this search"),
            Problem::Unreadable(reason) => f.write_str(reason),
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
pub fn check_files(folder: &RunFolder) -> Result<(usize, Vec<Finding>), StoreError> {
    let mut findings = Vec::new();
    let mut n_files = 0;
    for entry in entries(folder.path())?.iter().filter(|entry| !entry.is_folder) {
        n_files += 1;
        if let Some(problem) = problem_of(entry, folder.path())? {
            findings.push(finding(folder, &entry.path, problem));
        }
    }
    Ok((n_files, findings))
}

pub(crate) fn finding(folder: &RunFolder, path: &Path, problem: Problem) -> Finding {
    let path = path.strip_prefix(folder.path()).unwrap_or(path).display().to_string();
    Finding { path, problem }
}

fn problem_of(entry: &Entry, run: &Path) -> Result<Option<Problem>, StoreError> {
    let path = &entry.path;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if entry.is_odd {
        return Ok(Some(Problem::Unreadable("is a link, or lies too deep, and is not followed".to_owned())));
    }
    // A checksum is looked at with its file; what is unfinished is no part of the run yet, and a log never is.
    let is_log = name.ends_with(".log") && path.parent() == Some(&run.join(SESSIONS));
    if name.ends_with(UNFINISHED) || name.ends_with(".sha256") || *path == run.join(LOCK) || is_log {
        return Ok(None);
    }
    if name.ends_with(".ron") {
        return Ok(match read_text(path) {
            // A changed byte can be one that is no text.
            Err(error) => Some(Problem::Unreadable(error.reason)),
            Ok(text) => match opened(&text) {
                Seal::Whole(_) => None,
                Seal::Absent(_) => Some(Problem::Unsealed),
                Seal::Broken => Some(Problem::Changed),
            },
        });
    }
    if !checksum_of(path).is_file() {
        return Ok(Some(Problem::Unsealed));
    }
    Ok((!is_whole(path)?).then_some(Problem::Changed))
}

/// The SHA-256 of a document, in hexadecimal.
pub fn digest<T: Serialize>(document: &T) -> String {
    hexadecimal(schema::to_ron(document).as_bytes())
}

/// Runs a run's search again with the recorded measurements in the place of trainings, and compares every file that
/// follows from them: generators, candidates, end, front, the variants' networks.
pub fn replay(folder: &RunFolder, space: &SearchSpace, plan: &SearchPlan) -> Result<Replay, StoreError> {
    let end = folder.end()?;
    let memory =
        Memory { folder, asked: Mutex::default(), gap: Mutex::default(), findings: Mutex::default() };
    let mut candidates = Vec::new();
    // What a generation lacks is missing only if the run went on without it.
    let mut lacking: Vec<Finding> = Vec::new();
    let found = run(space, plan, &memory, NonZeroUsize::MIN, &mut |event| {
        let mut compare = |path: &Path, document: &str| match agreement(path, document) {
            None => {}
            Some(Problem::Missing) => lacking.push(finding(folder, path, Problem::Missing)),
            Some(problem) => memory.note(path, problem),
        };
        match event {
            Event::Generator(generator) => {
                let (path, document) = folder.generator_file(generator);
                compare(&path, &document);
            }
            Event::Screened { generation, candidates } => {
                let (path, document) = folder.screening_file(generation, candidates);
                compare(&path, &document);
            }
            Event::Proposed(proposed) => {
                candidates.extend_from_slice(proposed);
                for candidate in proposed {
                    match folder.candidate_files(candidate, space) {
                        Ok(files) => files.iter().for_each(|(path, document)| compare(path, document)),
                        Err(error) => {
                            let problem = Problem::Unreadable(error.to_string());
                            memory.note(&folder.trial(candidate.trial), problem);
                        }
                    }
                }
            }
            Event::Rung { .. } | Event::Pruned { .. } => {}
            Event::Observed(_) => memory.findings.lock().map_or((), |mut all| all.append(&mut lacking)),
        }
    })?;
    let is_cut = found.stopped_by == StopReason::Asked;
    let trials = match &end {
        Some(EndFile { reason: StopReason::WallClock, .. }) => folder.trials(space)?,
        _ => found.trials,
    };
    let front = ParetoFront::of(&trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    let file = FrontFile::new(&front, &trials, plan);
    if let Some(end) = end {
        let gap = memory.gap.lock().map_or(None, |gap| gap.clone());
        if is_cut && end.reason != StopReason::WallClock {
            // Without a gap it is a damaged file that the replay cannot pass.
            if let Some(path) = gap {
                memory.note(&path, Problem::Missing);
            }
        } else if EndFile::new(end.reason, &trials) != end {
            memory.note(&folder.path().join("end.ron"), Problem::Differs);
        } else {
            memory.compare_derived(&file, &front)?;
        }
    }
    if !is_cut {
        memory.note_strangers(plan.rungs.len())?;
    }
    let findings = memory.findings.into_inner().unwrap_or_default();
    Ok(Replay { findings, candidates, trials, front: file, has_ended: end.is_some() })
}

/// What is wrong with a document that should be this one; its checksum is looked at elsewhere.
fn agreement(path: &Path, document: &str) -> Option<Problem> {
    match known(path) {
        Ok(Some(text)) if text == document => None,
        Ok(Some(_)) => Some(Problem::Differs),
        Ok(None) => Some(Problem::Missing),
        Err(_) => None,
    }
}

/// An evaluator that knows what the folder knows, and nothing else.
struct Memory<'a> {
    folder: &'a RunFolder,
    asked: Mutex<BTreeSet<(usize, usize)>>,
    /// The first file that would have had an answer and is not there.
    gap: Mutex<Option<PathBuf>>,
    findings: Mutex<Vec<Finding>>,
}

impl Memory<'_> {
    fn note(&self, path: &Path, problem: Problem) {
        if let Ok(mut findings) = self.findings.lock() {
            findings.push(finding(self.folder, path, problem));
        }
    }

    /// What a file of the folder says, if it can be read; where it is not there, a gap.
    fn recalled<T>(&self, path: &Path, found: Result<Option<T>, StoreError>) -> Option<T> {
        match found {
            Ok(Some(known)) => return Some(known),
            Ok(None) => {
                if let Ok(mut gap) = self.gap.lock() {
                    gap.get_or_insert_with(|| path.to_owned());
                }
            }
            // A wrong checksum is found by whoever looks at all files.
            Err(StoreError::Damaged { .. } | StoreError::Text(_)) => {}
            Err(error) => self.note(path, Problem::Unreadable(error.to_string())),
        }
        None
    }

    /// Compares the front and the variants' networks, as far as the run has come to them.
    fn compare_derived(&self, file: &FrontFile, front: &ParetoFront) -> Result<(), StoreError> {
        let folder = self.folder;
        let documents = [("front.ron", schema::to_ron(file)), ("front.csv", file.csv())];
        for (name, document) in documents {
            let path = folder.path().join(name);
            if let Some(problem @ Problem::Differs) = agreement(&path, &document) {
                self.note(&path, problem);
            }
        }
        for (variant, trial) in variants(front) {
            let path = folder.path().join("variants").join(variant.to_string()).join("architecture.ron");
            let network = known(&folder.trial(trial).join("architecture.ron")).ok().flatten();
            if let Some(problem @ Problem::Differs) = network.and_then(|network| agreement(&path, &network)) {
                self.note(&path, problem);
            }
        }
        Ok(())
    }

    /// Notes measurements that the search never asked for.
    fn note_strangers(&self, n_rungs: usize) -> Result<(), StoreError> {
        let asked = self.asked.lock().map_or_else(|_| BTreeSet::new(), |asked| asked.clone());
        for trial in self.folder.trial_numbers()? {
            for rung in (0..n_rungs).filter(|&rung| self.folder.has_rung(trial, rung)) {
                if !asked.contains(&(trial, rung)) {
                    self.note(&self.folder.rung_path(trial, rung), Problem::Stranger);
                }
            }
        }
        Ok(())
    }
}

impl Evaluator for Memory<'_> {
    fn evaluate(&self, candidate: &Candidate, rung: usize) -> Option<Measured> {
        let place = (candidate.trial, rung);
        if let Ok(mut asked) = self.asked.lock() {
            asked.insert(place);
        }
        let found = self.folder.rung(candidate.trial, rung);
        self.recalled(&self.folder.rung_path(candidate.trial, rung), found)
    }

    fn scorer(&self) -> Option<&dyn Scorer> {
        Some(self)
    }
}

impl Scorer for Memory<'_> {
    fn score(&self, candidate: &Candidate) -> Option<Scored> {
        let found = self.folder.scored(candidate);
        self.recalled(&self.folder.screening_path(candidate.generation), found)
    }
}
