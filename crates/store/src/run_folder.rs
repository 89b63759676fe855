use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use netsynth_graph::ArchitectureSpec;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::atomic::system;
use crate::checksum::{read_bytes, write_bytes};
use crate::document::{keep, read_required, read_ron, write_ron};
use crate::layout::is_unfinished;
use crate::listing::{Listed, list};
use crate::{Entry, NetworkFile, StoreError, TrainedNetwork};

/// A run on disk.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    /// Held while this process may write.
    _lock: Option<Arc<File>>,
}

impl RunFolder {
    /// Creates the folder of a new run, which this process alone may write to.
    ///
    /// # Errors
    /// There is something of this name already, or the system refuses.
    pub fn create<P: Serialize, O: Serialize>(
        path: &Path,
        plan: &P,
        provenance: &O,
    ) -> Result<Self, StoreError> {
        let run = Self::begin(path)?;
        run.write_document(Entry::Provenance, provenance)?;
        run.commit(plan)?;
        Ok(run)
    }

    /// Creates the folder of a new run without a plan: what it needs beside the plan is to be written first. A run that
    /// was killed before it had a plan is begun again.
    ///
    /// # Errors
    /// As of [`RunFolder::create`].
    pub fn begin(path: &Path) -> Result<Self, StoreError> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(system(parent))?;
        }
        match fs::create_dir(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => refuse_existing(path)?,
            made => made.map_err(system(path))?,
        }
        let lock = lock(path)?;
        // Another process may have been faster.
        refuse_existing(path)?;
        Ok(Self { path: path.to_owned(), _lock: Some(lock) })
    }

    /// Writes the plan: a folder that has it is a run.
    ///
    /// # Errors
    /// The system refuses.
    pub fn commit<P: Serialize>(&self, plan: &P) -> Result<(), StoreError> {
        self.write_document(Entry::Plan, plan)
    }

    /// Opens the run in this folder for reading.
    ///
    /// # Errors
    /// It is no run.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if path.join(Entry::Plan.path()).is_file() {
            Ok(Self { path: path.to_owned(), _lock: None })
        } else {
            Err(StoreError::NoRun { path: path.display().to_string() })
        }
    }

    /// Opens the run in this folder for writing by this process alone, and removes the files that a killed process left
    /// half-written.
    ///
    /// # Errors
    /// It is no run, another process writes to it, or the system refuses.
    pub fn resume(path: &Path) -> Result<Self, StoreError> {
        let run = Self::open(path)?;
        let lock = lock(path)?;
        for Listed { path, is_folder, .. } in list(path)? {
            if !is_folder && is_unfinished(&path) {
                fs::remove_file(&path).map_err(system(&path))?;
            }
        }
        Ok(Self { _lock: Some(lock), ..run })
    }

    /// The run's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file of the run; that of an earlier version where the run has the file there.
    pub fn locate(&self, entry: Entry) -> PathBuf {
        let path = self.path.join(entry.path());
        match entry.earlier_path().map(|earlier| self.path.join(earlier)) {
            Some(earlier) if !path.exists() && earlier.exists() => earlier,
            _ => path,
        }
    }

    /// Whether the run has a file.
    pub fn has(&self, entry: Entry) -> bool {
        self.locate(entry).is_file()
    }

    /// The plan that the run follows.
    ///
    /// # Errors
    /// It cannot be read, its checksum does not fit, or it is of another form.
    pub fn plan<P: DeserializeOwned>(&self) -> Result<P, StoreError> {
        read_required(&self.locate(Entry::Plan))
    }

    /// Reads a document, if the run has it.
    ///
    /// # Errors
    /// It cannot be read, its checksum does not fit, or it is of another form.
    pub fn document<T: DeserializeOwned>(&self, entry: Entry) -> Result<Option<T>, StoreError> {
        read_ron(&self.locate(entry))
    }

    /// Writes a document, anew if it is there.
    ///
    /// # Errors
    /// The system refuses.
    pub fn write_document<T: Serialize>(&self, entry: Entry, document: &T) -> Result<(), StoreError> {
        write_ron(&self.locate(entry), document)
    }

    /// Writes a document once.
    ///
    /// # Errors
    /// The run has another, or the system refuses.
    pub fn keep_document<T>(&self, entry: Entry, document: &T) -> Result<(), StoreError>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        keep(&self.locate(entry), document)
    }

    /// Reads a file that is no document, such as weights, if the run has it.
    ///
    /// # Errors
    /// It cannot be read, or its checksum does not fit.
    pub fn file(&self, entry: Entry) -> Result<Option<Vec<u8>>, StoreError> {
        read_bytes(&self.locate(entry))
    }

    /// Writes a file that is no document, after its checksum.
    ///
    /// # Errors
    /// The system refuses.
    pub fn write_file(&self, entry: Entry, bytes: &[u8]) -> Result<(), StoreError> {
        write_bytes(&self.locate(entry), bytes)
    }

    /// Writes a trained network: its architecture, weights and, last, metrics.
    ///
    /// # Errors
    /// The run has another architecture there, or the system refuses.
    pub fn write_network<M: Serialize>(
        &self,
        network: TrainedNetwork,
        spec: &ArchitectureSpec,
        weights: &[u8],
        metrics: &M,
    ) -> Result<(), StoreError> {
        self.keep_document(Entry::Network(network, NetworkFile::Architecture), spec)?;
        self.write_file(Entry::Network(network, NetworkFile::Weights), weights)?;
        self.write_document(Entry::Network(network, NetworkFile::Metrics), metrics)
    }

    /// Opens the log of the session of this number, to append to it. It has no checksum: nothing depends on it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn log(&self, session: usize) -> Result<File, StoreError> {
        let path = self.locate(Entry::SessionLog(session));
        File::options().create(true).append(true).open(&path).map_err(system(&path))
    }
}

/// Refuses a path where a run, or something else, is already.
pub(crate) fn refuse_existing(path: &Path) -> Result<(), StoreError> {
    if path.join(Entry::Plan.path()).exists() {
        return Err(StoreError::Exists { path: path.display().to_string() });
    }
    if path.try_exists().map_err(system(path))? && !is_unbegun(path)? {
        return Err(StoreError::Occupied { path: path.display().to_string() });
    }
    Ok(())
}

/// Whether a folder holds nothing but what a run writes before its plan.
fn is_unbegun(path: &Path) -> Result<bool, StoreError> {
    if !path.is_dir() {
        return Ok(false);
    }
    let is_early = |listed: &Listed| {
        let early = [Entry::Lock, Entry::Provenance, Entry::SearchSpace, Entry::Prototype];
        let is_entry = early.iter().any(|entry| path.join(entry.path()) == listed.path);
        !listed.is_folder && (is_entry || is_unfinished(&listed.path))
    };
    Ok(list(path)?.iter().all(is_early))
}

/// Locks a run's folder for this process; the system unlocks it when the process ends in whatever way.
fn lock(path: &Path) -> Result<Arc<File>, StoreError> {
    let name = path.join(Entry::Lock.path());
    let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(system(&name))?;
    match file.try_lock() {
        Ok(()) => Ok(Arc::new(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.display().to_string() }),
        // A file system without locks keeps nobody from working alone.
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(Arc::new(file)),
        Err(TryLockError::Error(error)) => Err(system(&name)(error)),
    }
}
