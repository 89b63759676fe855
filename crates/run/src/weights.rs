//! The trained networks that others start from.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::Measured;
use netsynth_store::{RunFolder, read_text};
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
            WeightKey::Folder(path) => Ok(path.is_dir()),
        }
    }

    fn load(&self, key: &WeightKey, device: Device) -> Result<Deployed, RunError> {
        let spec: ArchitectureSpec = match key {
            WeightKey::Folder(path) => return network_in(path, device),
            WeightKey::Prototype { fold } => {
                required(self.folder, &format!("{}/architecture.ron", prototype_folder(*fold)))?
            }
            WeightKey::Trial { trial, .. } => self.folder.architecture(*trial)?,
        };
        let name = weights_name(key);
        let at = |error: RunError| error.at(self.folder.path().join(&name).display().to_string());
        let bytes = self.folder.file(&name)?.ok_or_else(|| {
            let remedy = "restore it from a copy of the run, or delete the trial's files that begin with `rung-` to \
                          have it trained again";
            at(RunError::new("the weights are missing, and others start from them", remedy))
        })?;
        let graph = Graph::new(&spec).map_err(|error| at(error.into()))?;
        read(&bytes, &graph, device).map_err(|error| at(error.into()))
    }

    fn save(&self, key: WeightKey, _: &ArchitectureSpec, weights: &[u8]) -> Result<(), RunError> {
        if self.is_read_only {
            return Ok(());
        }
        Ok(self.folder.write_file(&weights_name(&key), weights)?)
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
        let (spec, bytes) = known.ok_or_else(|| {
            RunError::new(
                format!("the network {key:?} was not kept"),
                "this is a defect of netsynth: please report it",
            )
        })?;
        Ok(read(&bytes, &Graph::new(&spec)?, device)?)
    }

    fn save(&self, key: WeightKey, spec: &ArchitectureSpec, weights: &[u8]) -> Result<(), RunError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, (spec.clone(), weights.to_vec()));
        Ok(())
    }
}

/// The network in a folder of architecture.ron and weights.safetensors.
pub(crate) fn network_in(folder: &Path, device: Device) -> Result<Deployed, RunError> {
    let path = folder.join("architecture.ron");
    let spec = ArchitectureSpec::from_ron(&read_text(&path)?).map_err(RunError::about(&path))?;
    let graph = Graph::new(&spec).map_err(RunError::about(&path))?;
    let weights = folder.join("weights.safetensors");
    load(&weights, &graph, device).map_err(RunError::about(&weights))
}

/// Where a run has the prototype that was trained for a fold.
pub(crate) fn prototype_folder(fold: usize) -> String {
    format!("prototype/folds/{:02}", fold + 1)
}

/// Where a run has the weights of this key.
pub(crate) fn weights_name(key: &WeightKey) -> String {
    match key {
        WeightKey::Prototype { fold } => format!("{}/weights.safetensors", prototype_folder(*fold)),
        WeightKey::Trial { trial, rung, fold } => {
            format!("trials/{trial:05}/rung-{rung}-fold-{:02}.safetensors", fold + 1)
        }
        WeightKey::Folder(path) => path.join("weights.safetensors").display().to_string(),
    }
}
