//! The files of a search, from its generators to its end.

use netsynth_files::Shown;
use netsynth_graph::schema::{self, SCHEMA};
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::{Candidate, Generator, Measured, Scored, ScreenedCandidate, Trial};
use netsynth_space::SearchSpace;
use serde::{Deserialize, Serialize};

use crate::layout::{GENERATORS, TRIALS, number, trial_number};
use crate::listing::numbers;
use crate::trial::{RungFile, ScreeningFile};
use crate::{CandidateFile, EndFile, Entry, Fold, FrontFile, RunFolder, StoreError, TrialFile};

/// A generator as a file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GeneratorFile {
    schema: u32,
    generator: Generator,
}

impl GeneratorFile {
    pub(crate) fn new(generator: &Generator) -> Self {
        Self { schema: SCHEMA, generator: generator.clone() }
    }
}

/// The network of a candidate, named after its trial.
pub(crate) fn architecture_of(
    candidate: &Candidate,
    space: &SearchSpace,
    folder: &RunFolder,
) -> Result<ArchitectureSpec, StoreError> {
    let name = format!("trial-{:05}", candidate.trial);
    match space.decode(&candidate.genome, &name) {
        Ok(graph) => Ok(graph.spec()),
        Err(source) => {
            let path = folder.locate(Entry::Trial(candidate.trial, TrialFile::Architecture));
            Err(StoreError::Decode { path: path.shown(), source: Box::new(source) })
        }
    }
}

/// What a search writes and reads. Reading fails if a file cannot be read, its checksum does not fit, or it holds what no
/// run has written; writing fails if the run has another file there, or the system refuses.
impl RunFolder {
    /// Writes a generator; one that is there must be the same.
    pub fn write_generator(&self, generator: &Generator) -> Result<(), StoreError> {
        self.keep_document(Entry::Generator(generator.number), &GeneratorFile::new(generator))
    }

    /// The numbers of the generators that the run saved, rising.
    pub fn generator_numbers(&self) -> Result<Vec<usize>, StoreError> {
        numbers(&self.path().join(GENERATORS), |name| number(name.strip_suffix(".ron")?, 3))
    }

    /// The generator of this number.
    pub fn generator(&self, number: usize) -> Result<Generator, StoreError> {
        Ok(self.required::<GeneratorFile>(Entry::Generator(number))?.generator)
    }

    /// Writes what was proposed for a generation and scored; what is there must be the same.
    pub fn write_screening(
        &self,
        generation: usize,
        candidates: &[ScreenedCandidate],
    ) -> Result<(), StoreError> {
        self.keep_document(Entry::Screening(generation), &ScreeningFile::new(generation, candidates))
    }

    /// The scores of a candidate, if its generation's screening is there.
    pub fn scored(&self, candidate: &Candidate) -> Result<Option<Scored>, StoreError> {
        let entry = Entry::Screening(candidate.generation);
        let Some(screening) = self.document::<ScreeningFile>(entry)? else { return Ok(None) };
        match screening.candidates.into_iter().find(|screened| screened.id == candidate.id) {
            Some(screened) => Ok(Some(screened.scored)),
            None => {
                Err(self.invalid(entry, format!("it lacks the network {}, which was proposed", candidate.id)))
            }
        }
    }

    /// Writes what a trial will train; what is there must be the same.
    pub fn write_candidate(&self, candidate: &Candidate, space: &SearchSpace) -> Result<(), StoreError> {
        let entry = |file| Entry::Trial(candidate.trial, file);
        self.keep_document(entry(TrialFile::Architecture), &architecture_of(candidate, space, self)?)?;
        self.keep_document(entry(TrialFile::Candidate), &CandidateFile::new(candidate, space))
    }

    /// Writes what a rung measured of a trial, once.
    pub fn write_rung(&self, trial: usize, rung: usize, measured: &Measured) -> Result<(), StoreError> {
        self.keep_document(Entry::Trial(trial, TrialFile::Rung(rung)), &RungFile::new(measured))
    }

    /// Writes what a rung of an asynchronous search measured of a trial, once, and how many measurements came before it.
    pub(crate) fn write_placed(
        &self,
        trial: usize,
        rung: usize,
        measured: &Measured,
        place: usize,
    ) -> Result<(), StoreError> {
        let file = RungFile { place: Some(place), ..RungFile::new(measured) };
        self.keep_document(Entry::Trial(trial, TrialFile::Rung(rung)), &file)
    }

    /// What a rung of an asynchronous search measured of a trial, and how many measurements came before it, if it is there.
    pub(crate) fn placed(&self, trial: usize, rung: usize) -> Result<Option<(usize, Measured)>, StoreError> {
        let entry = Entry::Trial(trial, TrialFile::Rung(rung));
        let Some(measured) = self.measured(entry)? else { return Ok(None) };
        match self.required::<RungFile>(entry)?.place {
            Some(place) => Ok(Some((place, measured))),
            None => Err(self.invalid(entry, "it does not say when it came".to_owned())),
        }
    }

    /// Whether the measurement of a rung is there.
    pub fn has_rung(&self, trial: usize, rung: usize) -> bool {
        self.has(Entry::Trial(trial, TrialFile::Rung(rung)))
    }

    /// What a rung measured of a trial, if it has.
    pub fn rung(&self, trial: usize, rung: usize) -> Result<Option<Measured>, StoreError> {
        self.measured(Entry::Trial(trial, TrialFile::Rung(rung)))
    }

    /// Writes the result of a finalist's training from scratch, validated on a fold, once.
    pub fn write_audited(&self, trial: usize, fold: Fold, measured: &Measured) -> Result<(), StoreError> {
        self.keep_document(Entry::Audit { trial, fold }, &RungFile::new(measured))
    }

    /// The result of a finalist's training from scratch, validated on a fold, if it is there.
    pub fn audited(&self, trial: usize, fold: Fold) -> Result<Option<Measured>, StoreError> {
        self.measured(Entry::Audit { trial, fold })
    }

    /// A measurement that may have been found, if it is there.
    fn measured(&self, entry: Entry) -> Result<Option<Measured>, StoreError> {
        let Some(RungFile { measured, .. }) = self.document(entry)? else { return Ok(None) };
        match measured.problem() {
            None => Ok(Some(measured)),
            Some(reason) => Err(self.invalid(entry, reason)),
        }
    }

    fn invalid(&self, entry: Entry, reason: String) -> StoreError {
        StoreError::Invalid { path: self.locate(entry).shown(), reason }
    }

    /// The numbers of the sessions that have a file, rising; none where they cannot be listed.
    pub fn sessions(&self) -> Vec<usize> {
        let known = numbers(&self.path().join("sessions"), |name| number(name.strip_suffix(".ron")?, 3));
        known.unwrap_or_default()
    }

    /// The numbers of the trials that have a folder, rising.
    pub fn trial_numbers(&self) -> Result<Vec<usize>, StoreError> {
        numbers(&self.path().join(TRIALS), trial_number)
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
        let entry = Entry::Trial(number, TrialFile::Candidate);
        let candidate: CandidateFile = self.required(entry)?;
        if candidate.trial != number {
            return Err(self.invalid(entry, format!("it is of trial {}", candidate.trial)));
        }
        let genome = space.decisions().genome_of(&candidate.genome).map_err(|source| {
            let path = self.locate(entry).shown();
            StoreError::OtherSpace { path, source }
        })?;
        let graph = Graph::new(&self.architecture(number)?).map_err(|source| {
            let path = self.locate(Entry::Trial(number, TrialFile::Architecture));
            StoreError::NoNetwork { path: path.shown(), source: Box::new(source) }
        })?;
        Ok(Some(Trial {
            number,
            generation: candidate.generation,
            genome,
            id: candidate.id,
            cost: space.cost(&graph),
            parent: candidate.parent,
            predicted: candidate.predicted,
            readings,
        }))
    }

    /// The network of a trial.
    pub fn architecture(&self, trial: usize) -> Result<ArchitectureSpec, StoreError> {
        self.required(Entry::Trial(trial, TrialFile::Architecture))
    }

    /// Writes how the search ended.
    pub fn write_end(&self, end: &EndFile) -> Result<(), StoreError> {
        self.keep_document(Entry::End, end)
    }

    /// How the search ended, if it has.
    pub fn end(&self) -> Result<Option<EndFile>, StoreError> {
        self.document(Entry::End)
    }

    /// Writes the front, as RON and as comma-separated values. What is there already stays as it is.
    pub fn write_front(&self, front: &FrontFile) -> Result<(), StoreError> {
        let known = self.text(Entry::Front).ok().flatten();
        if known.is_none_or(|known| known != schema::to_ron(front)) {
            self.write_document(Entry::Front, front)?;
        }
        let table = front.csv();
        let is_whole = self.has_whole(Entry::FrontTable).unwrap_or(false);
        if is_whole && self.file(Entry::FrontTable)?.is_some_and(|known| known == table.as_bytes()) {
            return Ok(());
        }
        self.write_file(Entry::FrontTable, table.as_bytes())
    }

    /// The front as it was written.
    pub fn front(&self) -> Result<FrontFile, StoreError> {
        self.required(Entry::Front)
    }
}
