//! The trained networks that others start from.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use netsynth_files::Shown;
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::Measured;
use netsynth_store::{Entry, NetworkFile, RunFolder, TrainedNetwork, TrialFile, read_text};
use netsynth_train::{Deployed, Device, load, read};

use crate::open::required;
use crate::{RunError, WeightKey};

/// Where trained networks are kept.
pub trait Weights: Sync {
    /// Whether the network of this key was trained.
    fn contains(&self, key: &WeightKey) -> Result<bool, RunError>;

    /// The network of this key, on a device. An error if it is not there.
    fn load(&self, key: &WeightKey, device: Device) -> Result<Deployed, RunError>;

    /// Keeps a network: its architecture, and its weights as safetensors.
    fn save(&self, key: WeightKey, spec: &ArchitectureSpec, weights: &[u8]) -> Result<(), RunError>;
}

/// The networks of a run, in its folder.
pub struct RunWeights<'a> {
    folder: &'a RunFolder,
    /// A run that is verified keeps what it has.
    is_read_only: bool,
}

impl<'a> RunWeights<'a> {
    /// Of a run that is worked on.
    pub fn new(folder: &'a RunFolder) -> Self {
        Self { folder, is_read_only: false }
    }

    /// Of a run that is only read: nothing is saved.
    pub fn read_only(folder: &'a RunFolder) -> Self {
        Self { folder, is_read_only: true }
    }
}

impl Weights for RunWeights<'_> {
    fn contains(&self, key: &WeightKey) -> Result<bool, RunError> {
        match key {
            WeightKey::Prototype { .. } => Ok(true),
            // Only what was trained has weights, and they were written before the measurement.
            WeightKey::Trial { trial, rung, .. } => {
                Ok(matches!(self.folder.rung(*trial, *rung)?, Some(Measured::Trained(_))))
            }
            WeightKey::Training { run: path, .. } | WeightKey::Folder(path) => Ok(path.is_dir()),
        }
    }

    fn load(&self, key: &WeightKey, device: Device) -> Result<Deployed, RunError> {
        let (spec, entry, remedy): (ArchitectureSpec, Entry, &str) = match key {
            WeightKey::Training { .. } | WeightKey::Folder(_) => return load_from_elsewhere(key, device),
            WeightKey::Prototype { fold } => {
                let entry = |file| Entry::Network(TrainedNetwork::Prototype(*fold), file);
                let remedy = "restore it from a copy of the run, or delete the prototype's folder to have it trained again";
                (
                    required(self.folder, entry(NetworkFile::Architecture))?,
                    entry(NetworkFile::Weights),
                    remedy,
                )
            }
            WeightKey::Trial { trial, rung, fold } => {
                let remedy = "restore it from a copy of the run, or delete the trial's files that begin with `rung-` to \
                              have it trained again";
                let file = TrialFile::Weights { rung: *rung, fold: *fold };
                (self.folder.architecture(*trial)?, Entry::Trial(*trial, file), remedy)
            }
        };
        network_of(self.folder, &spec, entry, remedy, device)
    }

    fn save(&self, key: WeightKey, _: &ArchitectureSpec, weights: &[u8]) -> Result<(), RunError> {
        match key {
            WeightKey::Trial { trial, rung, fold } if !self.is_read_only => {
                Ok(self.folder.write_file(Entry::Trial(trial, TrialFile::Weights { rung, fold }), weights)?)
            }
            // The others have files of their own, written with their metrics.
            WeightKey::Trial { .. }
            | WeightKey::Prototype { .. }
            | WeightKey::Training { .. }
            | WeightKey::Folder(_) => Ok(()),
        }
    }
}

/// Networks in memory, for runs without a folder.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<BTreeMap<WeightKey, (ArchitectureSpec, Vec<u8>)>>);

impl Weights for InMemory {
    fn contains(&self, key: &WeightKey) -> Result<bool, RunError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key))
    }

    fn load(&self, key: &WeightKey, device: Device) -> Result<Deployed, RunError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        let Some((spec, bytes)) = known else { return load_from_elsewhere(key, device) };
        Ok(read(&bytes, &Graph::new(&spec)?, device)?)
    }

    fn save(&self, key: WeightKey, spec: &ArchitectureSpec, weights: &[u8]) -> Result<(), RunError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, (spec.clone(), weights.to_vec()));
        Ok(())
    }
}

/// A network that is of no search: of a training on folds, or in a folder of architecture.ron and weights.safetensors.
pub(crate) fn load_from_elsewhere(key: &WeightKey, device: Device) -> Result<Deployed, RunError> {
    match key {
        WeightKey::Folder(path) => network_in(path, device),
        WeightKey::Training { run, network } => {
            let folder = RunFolder::open(run)?;
            let entry = |file| Entry::Network(*network, file);
            let spec = required(&folder, entry(NetworkFile::Architecture))?;
            let remedy = "finish that training with `netsynth resume`";
            network_of(&folder, &spec, entry(NetworkFile::Weights), remedy, device)
        }
        WeightKey::Prototype { .. } | WeightKey::Trial { .. } => {
            let remedy = "this is a defect of netsynth: please report it";
            Err(RunError::new(format!("the network {key:?} was not kept"), remedy))
        }
    }
}

/// A trained network of a run; its weights must be there, and their checksum must fit.
pub(crate) fn network_of(
    folder: &RunFolder,
    spec: &ArchitectureSpec,
    weights: Entry,
    remedy_if_missing: &str,
    device: Device,
) -> Result<Deployed, RunError> {
    let at_weights = |error: RunError| error.at(folder.locate(weights).shown());
    let bytes = folder.file(weights)?.ok_or_else(|| {
        let reason = "the weights are missing";
        at_weights(RunError::new(reason, remedy_if_missing))
    })?;
    let graph = Graph::new(spec).map_err(|error| at_weights(error.into()))?;
    read(&bytes, &graph, device).map_err(|error| at_weights(error.into()))
}

/// The network in a folder of architecture.ron and weights.safetensors.
pub(crate) fn network_in(folder: &Path, device: Device) -> Result<Deployed, RunError> {
    let path = folder.join(NetworkFile::Architecture.name());
    let spec = ArchitectureSpec::from_ron(&read_text(&path)?).map_err(RunError::about(&path))?;
    let graph = Graph::new(&spec).map_err(RunError::about(&path))?;
    let weights = folder.join(NetworkFile::Weights.name());
    load(&weights, &graph, device).map_err(RunError::about(&weights))
}
