use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use netsynth_graph::schema::{self, SCHEMA};
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::{Candidate, Generator, Measured, Scored, ScreenedCandidate, Trial};
use netsynth_space::SearchSpace;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::file::{UNFINISHED, keep, known, read_other, read_ron, system, write_other, write_ron};
use crate::trial::{RungFile, ScreeningFile};
use crate::{CandidateFile, EndFile, FrontFile, StoreError};

/// The file that makes a folder a run.
const PLAN: &str = "plan.ron";
/// Whose lock says that somebody writes. The system takes it back from a process that dies.
pub(crate) const LOCK: &str = "lock";

/// The folder of what was done when, on which nothing depends.
pub(crate) const SESSIONS: &str = "sessions";

/// A run on disk.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    /// Held while this process may write.
    _lock: Option<Arc<File>>,
}

/// A generator as a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GeneratorFile {
    schema: u32,
    generator: Generator,
}

impl RunFolder {
    /// Makes the folder of a new run.
    pub fn create<P: Serialize, O: Serialize>(
        path: &Path,
        plan: &P,
        provenance: &O,
    ) -> Result<Self, StoreError> {
        let run = Self::begin(path)?;
        run.write_document("provenance.ron", provenance)?;
        run.commit(plan)?;
        Ok(run)
    }

    /// Where a new run goes: `runs/NAME`, or the first free `runs/PREFIX-001`, ... if it has no name. Refuses a name that
    /// could lead elsewhere and a run that is there, before any work is done for it.
    pub fn free_path(runs: &Path, name: Option<&str>, prefix: &str) -> Result<PathBuf, StoreError> {
        let path = match name {
            Some(name) => Self::path_of(runs, name)?,
            None => runs.join(next_name(runs, prefix)),
        };
        Self::refuse_existing(&path)?;
        Ok(path)
    }

    /// Where the run of this name is or would be; refuses a name that could lead elsewhere.
    pub fn path_of(runs: &Path, name: &str) -> Result<PathBuf, StoreError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins_well && name.bytes().all(is_plain) && name.len() <= 100 {
            Ok(runs.join(name))
        } else {
            Err(StoreError::Name { name: name.to_owned() })
        }
    }

    fn refuse_existing(path: &Path) -> Result<(), StoreError> {
        if path.join(PLAN).exists() {
            return Err(StoreError::Exists { path: path.display().to_string() });
        }
        // What was killed before it had a plan is begun again.
        if path.try_exists().map_err(system(path))? && !is_unbegun(path)? {
            return Err(StoreError::Occupied { path: path.display().to_string() });
        }
        Ok(())
    }

    /// Makes the folder of a new run without a plan: what it needs beside the plan is to be written first.
    pub fn begin(path: &Path) -> Result<Self, StoreError> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(system(parent))?;
        }
        match fs::create_dir(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Self::refuse_existing(path)?,
            made => made.map_err(system(path))?,
        }
        let lock = locked(path)?;
        // Somebody may have been faster.
        Self::refuse_existing(path)?;
        Ok(Self { path: path.to_owned(), _lock: Some(lock) })
    }

    /// Writes the plan: a folder that has it is a run.
    pub fn commit<P: Serialize>(&self, plan: &P) -> Result<(), StoreError> {
        keep(&self.path.join(PLAN), &schema::to_ron(plan))
    }

    /// The run in this folder, to be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if path.join(PLAN).is_file() {
            Ok(Self { path: path.to_owned(), _lock: None })
        } else {
            Err(StoreError::NoRun { path: path.display().to_string() })
        }
    }

    /// The run in this folder, to be written on by this process alone. What a dead one left half-written is removed.
    pub fn resume(path: &Path) -> Result<Self, StoreError> {
        let run = Self::open(path)?;
        let lock = locked(path)?;
        for entry in entries(path)? {
            if !entry.is_folder && entry.path.to_string_lossy().ends_with(UNFINISHED) {
                fs::remove_file(&entry.path).map_err(system(&entry.path))?;
            }
        }
        Ok(Self { _lock: Some(lock), ..run })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The plan that it follows.
    pub fn plan<P: DeserializeOwned>(&self) -> Result<P, StoreError> {
        read_ron(&self.path.join(PLAN))
    }

    /// Writes a generator; one that is there must be the same.
    pub fn write_generator(&self, generator: &Generator) -> Result<(), StoreError> {
        let (path, document) = self.generator_file(generator);
        keep(&path, &document)
    }

    /// The numbers of the generators that the run saved, in order.
    pub fn generator_numbers(&self) -> Result<Vec<usize>, StoreError> {
        let folder = self.path.join("generators");
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let names = fs::read_dir(&folder).map_err(system(&folder))?;
        let mut numbers: Vec<usize> = names
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".ron")?.parse().ok())
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The generator of this number.
    pub fn generator(&self, number: usize) -> Result<Generator, StoreError> {
        let path = self.path.join("generators").join(format!("{number:03}.ron"));
        Ok(read_ron::<GeneratorFile>(&path)?.generator)
    }

    /// Writes what was proposed for a generation and scored; what is there must be the same.
    pub fn write_screening(
        &self,
        generation: usize,
        candidates: &[ScreenedCandidate],
    ) -> Result<(), StoreError> {
        let (path, document) = self.screening_file(generation, candidates);
        keep(&path, &document)
    }

    /// What scoring found out about a candidate, if its generation's screening is there.
    pub fn scored(&self, candidate: &Candidate) -> Result<Option<Scored>, StoreError> {
        let path = self.screening_path(candidate.generation);
        if !path.try_exists().map_err(system(&path))? {
            return Ok(None);
        }
        let screened = read_ron::<ScreeningFile>(&path)?.candidates.into_iter();
        match screened.filter(|screened| screened.id == candidate.id).map(|screened| screened.scored).next() {
            Some(scored) => Ok(Some(scored)),
            None => {
                let reason = format!("it lacks the network {}, which was proposed", candidate.id);
                Err(StoreError::Absurd { path: path.display().to_string(), reason })
            }
        }
    }

    pub(crate) fn screening_path(&self, generation: usize) -> PathBuf {
        self.path.join("newborns").join(format!("{generation:03}.ron"))
    }

    pub(crate) fn screening_file(
        &self,
        generation: usize,
        candidates: &[ScreenedCandidate],
    ) -> (PathBuf, String) {
        let document = ScreeningFile { schema: SCHEMA, generation, candidates: candidates.to_vec() };
        (self.screening_path(generation), schema::to_ron(&document))
    }

    /// Writes what a trial will train; what is there must be the same.
    pub fn write_candidate(&self, candidate: &Candidate, space: &SearchSpace) -> Result<(), StoreError> {
        self.candidate_files(candidate, space)?.iter().try_for_each(|(path, document)| keep(path, document))
    }

    pub(crate) fn generator_file(&self, generator: &Generator) -> (PathBuf, String) {
        let path = self.path.join("generators").join(format!("{:03}.ron", generator.number));
        (path, schema::to_ron(&GeneratorFile { schema: SCHEMA, generator: generator.clone() }))
    }

    pub(crate) fn candidate_files(
        &self,
        candidate: &Candidate,
        space: &SearchSpace,
    ) -> Result<[(PathBuf, String); 2], StoreError> {
        let folder = self.trial(candidate.trial);
        let name = format!("trial-{:05}", candidate.trial);
        let graph = space.decode(&candidate.genome, &name).map_err(|source| StoreError::Decode {
            path: folder.display().to_string(),
            source: Box::new(source),
        })?;
        Ok([
            (folder.join("architecture.ron"), graph.spec().to_ron()),
            (folder.join("candidate.ron"), schema::to_ron(&CandidateFile::new(candidate, space))),
        ])
    }

    /// Writes what a rung measured of a trial, once.
    pub fn write_rung(&self, trial: usize, rung: usize, measured: &Measured) -> Result<(), StoreError> {
        let document = RungFile { schema: SCHEMA, measured: measured.clone() };
        keep(&self.rung_path(trial, rung), &schema::to_ron(&document))
    }

    /// Whether what a rung measured of a trial is there.
    pub fn has_rung(&self, trial: usize, rung: usize) -> bool {
        self.rung_path(trial, rung).is_file()
    }

    /// What a rung measured of a trial, if it has.
    pub fn rung(&self, trial: usize, rung: usize) -> Result<Option<Measured>, StoreError> {
        measured(&self.rung_path(trial, rung))
    }

    /// Writes what a finalist's training from scratch measured on a fold, once.
    pub fn write_audited(&self, trial: usize, fold: usize, measured: &Measured) -> Result<(), StoreError> {
        let document = RungFile { schema: SCHEMA, measured: measured.clone() };
        keep(&self.audit_path(trial, fold), &schema::to_ron(&document))
    }

    /// What a finalist's training from scratch measured on a fold, if it has.
    pub fn audited(&self, trial: usize, fold: usize) -> Result<Option<Measured>, StoreError> {
        measured(&self.audit_path(trial, fold))
    }

    /// The numbers of the trials that have a folder, rising.
    pub fn trial_numbers(&self) -> Result<Vec<usize>, StoreError> {
        let folder = self.path.join("trials");
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&folder).map_err(system(&folder))? {
            let name = entry.map_err(system(&folder))?.file_name();
            let number = name.to_str().and_then(|name| name.parse().ok());
            numbers.extend(number.filter(|&number| name.to_str() == Some(&trial_name(number))));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Every trial that at least one rung measured, in order of its number.
    pub fn trials(&self, space: &SearchSpace) -> Result<Vec<Trial>, StoreError> {
        let numbers = self.trial_numbers()?.into_iter();
        numbers.filter_map(|number| self.measured_trial(number, space).transpose()).collect()
    }

    /// The same without the trials that cannot be read, and what is wrong with each of those.
    pub fn readable_trials(&self, space: &SearchSpace) -> Result<(Vec<Trial>, Vec<StoreError>), StoreError> {
        let (mut trials, mut damaged) = (Vec::new(), Vec::new());
        for number in self.trial_numbers()? {
            match self.measured_trial(number, space) {
                Ok(trial) => trials.extend(trial),
                Err(error) => damaged.push(error),
            }
        }
        Ok((trials, damaged))
    }

    /// The trial of this number, if at least one rung measured it.
    fn measured_trial(&self, number: usize, space: &SearchSpace) -> Result<Option<Trial>, StoreError> {
        let mut readings = Vec::new();
        while let Some(measured) = self.rung(number, readings.len())? {
            readings.push(measured);
        }
        if readings.is_empty() {
            return Ok(None);
        }
        let path = self.trial(number).join("candidate.ron");
        let candidate: CandidateFile = read_ron(&path)?;
        if candidate.trial != number {
            let reason = format!("it is of trial {}", candidate.trial);
            return Err(StoreError::Absurd { path: path.display().to_string(), reason });
        }
        let genome = space
            .decisions()
            .genome_of(&candidate.genome)
            .map_err(|source| StoreError::OtherSpace { path: path.display().to_string(), source })?;
        let graph = Graph::new(&self.architecture(number)?).map_err(|source| StoreError::NoNetwork {
            path: self.trial(number).join("architecture.ron").display().to_string(),
            source: Box::new(source),
        })?;
        Ok(Some(Trial {
            number,
            generation: candidate.generation,
            genome,
            id: candidate.id,
            cost: graph.cost(),
            parent: candidate.parent,
            predicted: candidate.predicted,
            readings,
        }))
    }

    /// The network of a trial.
    pub fn architecture(&self, trial: usize) -> Result<ArchitectureSpec, StoreError> {
        read_ron(&self.trial(trial).join("architecture.ron"))
    }

    /// Writes how the search ended.
    pub fn write_end(&self, end: &EndFile) -> Result<(), StoreError> {
        keep(&self.path.join("end.ron"), &schema::to_ron(end))
    }

    /// How the search ended, if it has.
    pub fn end(&self) -> Result<Option<EndFile>, StoreError> {
        self.document("end.ron")
    }

    /// Writes the front, as RON and as comma-separated values.
    pub fn write_front(&self, front: &FrontFile) -> Result<(), StoreError> {
        write_ron(&self.path.join("front.ron"), front)?;
        write_other(&self.path.join("front.csv"), front.csv().as_bytes())
    }

    /// The front as it was written.
    pub fn front(&self) -> Result<FrontFile, StoreError> {
        read_ron(&self.path.join("front.ron"))
    }

    /// Writes a trained network: its architecture, weights and, last, metrics.
    pub fn write_network<M: Serialize>(
        &self,
        place: &str,
        spec: &ArchitectureSpec,
        weights: &[u8],
        metrics: &M,
    ) -> Result<PathBuf, StoreError> {
        let folder = self.path.join(place);
        keep(&folder.join("architecture.ron"), &spec.to_ron())?;
        write_other(&folder.join("weights.safetensors"), weights)?;
        write_ron(&folder.join("metrics.ron"), metrics)?;
        Ok(folder)
    }

    /// The log of the session of this number, to be written to. It is no part of what repeats, and has no checksum.
    pub fn log(&self, session: usize) -> Result<File, StoreError> {
        let path = self.path.join(SESSIONS).join(format!("{session:03}.log"));
        File::options().create(true).append(true).open(&path).map_err(system(&path))
    }

    /// Writes a document of the run's own, such as the table of a training.
    pub fn write_document<T: Serialize>(&self, name: &str, document: &T) -> Result<(), StoreError> {
        write_ron(&self.path.join(name), document)
    }

    /// Writes a file that is no document, such as a page, with its checksum beside it.
    pub fn write_file(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        write_other(&self.path.join(name), bytes)
    }

    /// The bytes of a file that is no document, if it is there; its checksum must fit.
    pub fn file(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        read_other(&self.path.join(name))
    }

    /// A document of the run's own, if it is there.
    pub fn document<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let path = self.path.join(name);
        known(&path)?.map(|_| read_ron(&path)).transpose()
    }

    pub(crate) fn trial(&self, number: usize) -> PathBuf {
        self.path.join("trials").join(trial_name(number))
    }

    pub(crate) fn rung_path(&self, trial: usize, rung: usize) -> PathBuf {
        self.trial(trial).join(format!("rung-{rung}.ron"))
    }

    pub(crate) fn audit_path(&self, trial: usize, fold: usize) -> PathBuf {
        self.path.join("audit").join(trial_name(trial)).join(format!("fold-{fold}.ron"))
    }
}

/// A measurement that may have been found, if it is there.
fn measured(path: &Path) -> Result<Option<Measured>, StoreError> {
    if !path.try_exists().map_err(system(path))? {
        return Ok(None);
    }
    let measured = read_ron::<RungFile>(path)?.measured;
    match measured.problem() {
        None => Ok(Some(measured)),
        Some(reason) => Err(StoreError::Absurd { path: path.display().to_string(), reason }),
    }
}

fn trial_name(number: usize) -> String {
    format!("{number:05}")
}

fn locked(path: &Path) -> Result<Arc<File>, StoreError> {
    let name = path.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(system(&name))?;
    match file.try_lock() {
        Ok(()) => Ok(Arc::new(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.display().to_string() }),
        // A file system without locks keeps nobody from working alone.
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(Arc::new(file)),
        Err(TryLockError::Error(error)) => Err(system(&name)(error)),
    }
}

/// Whether a folder holds nothing but what a run writes before its plan.
fn is_unbegun(path: &Path) -> Result<bool, StoreError> {
    if !path.is_dir() {
        return Ok(false);
    }
    let is_early = |entry: &Entry| {
        let name = entry.path.file_name().unwrap_or_default().to_string_lossy();
        let early = [LOCK, "provenance.ron", "search-space.ron", "prototype.ron"];
        !entry.is_folder && (early.contains(&&*name) || name.ends_with(UNFINISHED))
    };
    Ok(entries(path)?.iter().all(is_early))
}

/// Something below a run folder.
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    pub(crate) is_folder: bool,
    /// Neither a file nor a folder: a link, a pipe.
    pub(crate) is_odd: bool,
}

/// How deep a run folder's folders go at most, with room for what later versions put there.
const MAX_DEPTH: usize = 8;

/// Everything below a folder in order of its path. Links are listed and not followed.
pub(crate) fn entries(folder: &Path) -> Result<Vec<Entry>, StoreError> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((next, depth)) = folders.pop() {
        for entry in fs::read_dir(&next).map_err(system(&next))? {
            let entry = entry.map_err(system(&next))?;
            let kind = entry.file_type().map_err(system(&next))?;
            let is_folder = kind.is_dir() && depth < MAX_DEPTH;
            if is_folder {
                folders.push((entry.path(), depth + 1));
            }
            found.push(Entry { path: entry.path(), is_folder, is_odd: !kind.is_file() && !is_folder });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// The first of `prefix-001`, `prefix-002`, ... that is no run yet; what a name cannot have becomes `-`.
fn next_name(runs: &Path, prefix: &str) -> String {
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    let prefix: String = prefix.chars().take(60).map(plain).collect();
    let prefix = match prefix.trim_start_matches(['-', '_', '.']) {
        "" => "run",
        rest => rest,
    };
    let names = (1..).map(|number| format!("{prefix}-{number:03}"));
    let mut free = names.filter(|name| !runs.join(name).exists());
    free.next().unwrap_or_else(|| prefix.to_owned())
}
