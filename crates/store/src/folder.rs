use std::fs;
use std::path::{Path, PathBuf};

use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::{Candidate, Generator, Measured, Trial};
use netsynth_space::SearchSpace;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::file::{read_ron, system, write, write_ron};
use crate::trial::RungFile;
use crate::{CandidateFile, FrontFile, StoreError};

/// A run on disk.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
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
        if path.exists() {
            return Err(StoreError::Exists { path: path.display().to_string() });
        }
        fs::create_dir_all(path).map_err(system(path))?;
        let run = Self { path: path.to_owned() };
        write_ron(&run.path.join("provenance.ron"), provenance)?;
        // The plan is last: a folder that has it is a run.
        write_ron(&run.path.join("plan.ron"), plan)?;
        Ok(run)
    }

    /// The run in this folder.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if path.join("plan.ron").is_file() {
            Ok(Self { path: path.to_owned() })
        } else {
            Err(StoreError::NoRun { path: path.display().to_string() })
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The plan that it follows.
    pub fn plan<P: DeserializeOwned>(&self) -> Result<P, StoreError> {
        read_ron(&self.path.join("plan.ron"))
    }

    /// Writes a generator.
    pub fn write_generator(&self, generator: &Generator) -> Result<(), StoreError> {
        let path = self.path.join("generators").join(format!("{:03}.ron", generator.number));
        write_ron(&path, &GeneratorFile { schema: SCHEMA, generator: generator.clone() })
    }

    /// The numbers of the generators that the run saved, in order.
    pub fn generator_numbers(&self) -> Result<Vec<usize>, StoreError> {
        let folder = self.path.join("generators");
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let names = fs::read_dir(&folder).map_err(system(&folder))?;
        let mut numbers: Vec<usize> =
            names.filter_map(|entry| entry.ok()?.path().file_stem()?.to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The generator of this number.
    pub fn generator(&self, number: usize) -> Result<Generator, StoreError> {
        let path = self.path.join("generators").join(format!("{number:03}.ron"));
        Ok(read_ron::<GeneratorFile>(&path)?.generator)
    }

    /// A document of the run's own.
    pub fn document<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        read_ron(&self.path.join(name))
    }

    /// Writes what a trial will train.
    pub fn write_candidate(&self, candidate: &Candidate, space: &SearchSpace) -> Result<(), StoreError> {
        let folder = self.trial(candidate.trial);
        let name = format!("trial-{:05}", candidate.trial);
        let graph = space.decode(&candidate.genome, &name).map_err(|source| StoreError::Decode {
            path: folder.display().to_string(),
            source: Box::new(source),
        })?;
        write(&folder.join("architecture.ron"), graph.spec().to_ron().as_bytes())?;
        write_ron(&folder.join("candidate.ron"), &CandidateFile::new(candidate, space))
    }

    /// Writes what a rung measured of a trial.
    pub fn write_rung(&self, trial: usize, rung: usize, measured: &Measured) -> Result<(), StoreError> {
        let path = self.trial(trial).join(format!("rung-{rung}.ron"));
        write_ron(&path, &RungFile { schema: SCHEMA, measured: measured.clone() })
    }

    /// Every trial that at least one rung measured, in order of its number.
    pub fn trials(&self, space: &SearchSpace) -> Result<Vec<Trial>, StoreError> {
        let folder = self.path.join("trials");
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut numbers: Vec<usize> = fs::read_dir(&folder)
            .map_err(system(&folder))?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        numbers.sort_unstable();
        let mut trials = Vec::new();
        for number in numbers {
            let path = self.trial(number).join("candidate.ron");
            if !self.trial(number).join("rung-0.ron").is_file() {
                continue;
            }
            let candidate: CandidateFile = read_ron(&path)?;
            let genome = space
                .decisions()
                .genome_of(&candidate.genome)
                .map_err(|source| StoreError::OtherSpace { path: path.display().to_string(), source })?;
            let spec = self.architecture(number)?;
            let cost = Graph::new(&spec).map(|graph| graph.cost()).unwrap_or_default();
            let mut readings = Vec::new();
            loop {
                let rung = self.trial(number).join(format!("rung-{}.ron", readings.len()));
                if !rung.is_file() {
                    break;
                }
                readings.push(read_ron::<RungFile>(&rung)?.measured);
            }
            trials.push(Trial {
                number,
                generation: candidate.generation,
                genome,
                id: candidate.id,
                cost,
                parent: candidate.parent,
                predicted: candidate.predicted,
                readings,
            });
        }
        Ok(trials)
    }

    /// The network of a trial.
    pub fn architecture(&self, trial: usize) -> Result<ArchitectureSpec, StoreError> {
        read_ron(&self.trial(trial).join("architecture.ron"))
    }

    /// Writes the front, as RON and as comma-separated values.
    pub fn write_front(&self, front: &FrontFile) -> Result<(), StoreError> {
        write_ron(&self.path.join("front.ron"), front)?;
        write(&self.path.join("front.csv"), front.csv().as_bytes())
    }

    /// The front as it was written.
    pub fn front(&self) -> Result<FrontFile, StoreError> {
        read_ron(&self.path.join("front.ron"))
    }

    /// Writes a trained network: its architecture, weights and metrics.
    pub fn write_network<M: Serialize>(
        &self,
        place: &str,
        spec: &ArchitectureSpec,
        weights: &[u8],
        metrics: &M,
    ) -> Result<PathBuf, StoreError> {
        let folder = self.path.join(place);
        write(&folder.join("architecture.ron"), spec.to_ron().as_bytes())?;
        write(&folder.join("weights.safetensors"), weights)?;
        write_ron(&folder.join("metrics.ron"), metrics)?;
        Ok(folder)
    }

    /// Writes a document of the run's own, such as the table of a training.
    pub fn write_document<T: Serialize>(&self, name: &str, document: &T) -> Result<(), StoreError> {
        write_ron(&self.path.join(name), document)
    }

    /// Writes a text of the run's own, such as a table of its curves.
    pub fn write_text(&self, name: &str, text: &str) -> Result<(), StoreError> {
        write(&self.path.join(name), text.as_bytes())
    }

    fn trial(&self, number: usize) -> PathBuf {
        self.path.join("trials").join(format!("{number:05}"))
    }
}

/// The first of `prefix-001`, `prefix-002`, ... that is no run yet.
pub fn next_name(runs: &Path, prefix: &str) -> String {
    let names = (1..).map(|number| format!("{prefix}-{number:03}"));
    let mut free = names.filter(|name| !runs.join(name).exists());
    free.next().unwrap_or_else(|| prefix.to_owned())
}
