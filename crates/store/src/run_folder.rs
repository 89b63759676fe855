use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use netsynth_files::{Shown, is_unfinished};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::atomic::system;
use crate::checksum::{Seal, check, check_bytes, complete, read_bytes, refuse, write_bytes};
use crate::document::{agrees, read_ron, text, write_ron};
use crate::layout::{ATTEMPTS, checksum_of};
use crate::listing::{Listed, list};
use crate::text::read_encoded;
use crate::{Attempts, Entry, StoreError};

/// How long, and how often, a lock is waited for that somebody may hold who only looks.
const GLANCE: Duration = Duration::from_millis(10);
const N_TRIES: usize = 5;

/// A run on disk.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    /// Held while this process may write.
    _lock: Option<Arc<File>>,
}

impl RunFolder {
    /// Creates the folder of a new run, which this process alone may write to. It has no plan yet: what it needs beside the
    /// plan is to be written first. A run that was killed before it had a plan is begun again.
    ///
    /// # Errors
    /// There is something of this name already, or the system refuses.
    pub fn begin(path: &Path) -> Result<Self, StoreError> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| of_runs(parent, error))?;
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

    /// Writes with what the run is made and then its plan: a folder that has a plan is a run.
    ///
    /// # Errors
    /// The system refuses.
    pub fn describe<P: Serialize, O: Serialize>(&self, plan: &P, provenance: &O) -> Result<(), StoreError> {
        self.write_document(Entry::Provenance, provenance)?;
        self.commit(plan)
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
            Err(StoreError::NoRun { path: path.shown() })
        }
    }

    /// Opens the run in this folder for writing by this process alone, and removes the files that a killed process left
    /// half-written.
    ///
    /// # Errors
    /// It is no run, it has links or pipes in it, another process writes to it, or the system refuses.
    pub fn resume(path: &Path) -> Result<Self, StoreError> {
        let run = Self::open(path)?;
        let lock = lock(path)?;
        let listed = list(path)?;
        // Nothing is written where it could lead elsewhere.
        if let Some(odd) = listed.iter().find(|listed| listed.is_odd) {
            return Err(StoreError::Odd { path: odd.path.shown() });
        }
        listed
            .iter()
            .filter(|listed| !listed.is_folder && is_unfinished(&listed.path))
            .try_for_each(|Listed { path, .. }| complete(path))?;
        Ok(Self { _lock: Some(lock), ..run })
    }

    /// Whether no process is at work on the run, as far as the system can tell.
    pub fn is_idle(&self) -> bool {
        match netsynth_files::open(&self.path.join(Entry::Lock.path())) {
            Ok(lock) => lock.try_lock_shared().is_ok(),
            // Whoever works on it makes the file.
            Err(error) => error.kind() == ErrorKind::NotFound,
        }
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

    /// Where a file of the run is, relative to its folder.
    pub(crate) fn place(&self, entry: Entry) -> PathBuf {
        let path = self.locate(entry);
        path.strip_prefix(&self.path).map_or_else(|_| entry.path(), Path::to_owned)
    }

    /// The attempts at the run's tasks.
    pub fn attempts(&self) -> Attempts {
        Attempts::at(self.path.join(ATTEMPTS))
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
        self.required(Entry::Plan)
    }

    /// Reads a document, if the run has it.
    ///
    /// # Errors
    /// It cannot be read, its checksum does not fit, or it is of another form.
    pub fn document<T: DeserializeOwned>(&self, entry: Entry) -> Result<Option<T>, StoreError> {
        read_ron(&self.locate(entry), &self.place(entry))
    }

    /// Reads a document that the run must have.
    pub(crate) fn required<T: DeserializeOwned>(&self, entry: Entry) -> Result<T, StoreError> {
        self.document(entry)?.ok_or_else(|| system(&self.locate(entry))(ErrorKind::NotFound.into()))
    }

    /// The text of a document without its seal, if the run has it.
    pub(crate) fn text(&self, entry: Entry) -> Result<Option<String>, StoreError> {
        text(&self.locate(entry), &self.place(entry))
    }

    /// Writes a document, anew if it is there.
    ///
    /// # Errors
    /// The system refuses.
    pub fn write_document<T: Serialize>(&self, entry: Entry, document: &T) -> Result<(), StoreError> {
        write_ron(&self.locate(entry), &self.place(entry), document)
    }

    /// Writes a document once.
    ///
    /// # Errors
    /// The run has another, or the system refuses.
    pub fn keep_document<T>(&self, entry: Entry, document: &T) -> Result<(), StoreError>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        match self.text(entry)? {
            None => self.write_document(entry, document),
            Some(text) if agrees(document, &text) => Ok(()),
            Some(_) => Err(StoreError::Differs { path: self.locate(entry).shown() }),
        }
    }

    /// Reads a file that is no document, such as weights, if the run has it.
    ///
    /// # Errors
    /// It cannot be read, or its checksum does not fit.
    pub fn file(&self, entry: Entry) -> Result<Option<Vec<u8>>, StoreError> {
        read_bytes(&self.locate(entry), &self.place(entry))
    }

    /// Writes a file that is no document, and its checksum.
    ///
    /// # Errors
    /// The system refuses.
    pub fn write_file(&self, entry: Entry, bytes: &[u8]) -> Result<(), StoreError> {
        write_bytes(&self.locate(entry), &self.place(entry), bytes)
    }

    /// Whether the run has a file that is no document, whole and with its checksum; in a run of the first versions, which
    /// had no checksums, whether it is there.
    ///
    /// # Errors
    /// It cannot be read, or is damaged.
    pub fn has_whole(&self, entry: Entry) -> Result<bool, StoreError> {
        if !self.has(entry) {
            return Ok(false);
        }
        let path = self.locate(entry);
        refuse(&path, check_bytes(&path, &self.place(entry))?)?;
        Ok(checksum_of(&path).is_file() || !self.is_sealed()?)
    }

    /// Whether the run's plan has a seal; those of the first versions have none.
    fn is_sealed(&self) -> Result<bool, StoreError> {
        let (text, encoding) = read_encoded(&self.locate(Entry::Plan))?;
        Ok(check(&text, encoding, &Entry::Plan.path()).1 != Seal::Absent)
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

/// What the system says of the folder that has the runs.
fn of_runs(folder: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => StoreError::NoFolder { path: folder.shown() },
        _ => system(folder)(error),
    }
}

/// Refuses a path where a run, or something else, is already.
pub(crate) fn refuse_existing(path: &Path) -> Result<(), StoreError> {
    if path.join(Entry::Plan.path()).exists() {
        return Err(StoreError::Exists { path: path.shown() });
    }
    let exists = path.try_exists().map_err(|error| match path.parent() {
        Some(parent) => of_runs(parent, error),
        None => system(path)(error),
    });
    if exists? && !is_unbegun(path)? {
        return Err(StoreError::Occupied { path: path.shown() });
    }
    Ok(())
}

/// Whether a folder holds nothing but what a run writes before its plan.
fn is_unbegun(path: &Path) -> Result<bool, StoreError> {
    if !path.is_dir() {
        return Ok(false);
    }
    let is_early = |listed: &Listed| {
        let early = [
            Entry::Lock,
            Entry::Provenance,
            Entry::SearchSpace,
            Entry::Prototype,
            Entry::DeviceModel,
            Entry::Learned,
            Entry::Contents,
            Entry::Summary,
            Entry::Curves,
            Entry::CurvesDrawing,
        ];
        let is_entry = early.iter().any(|entry| {
            let path = path.join(entry.path());
            listed.path == path || listed.path == checksum_of(&path)
        });
        !listed.is_folder && !listed.is_odd && (is_entry || is_unfinished(&listed.path))
    };
    Ok(list(path)?.iter().all(is_early))
}

/// Locks a run's folder for this process; the system unlocks it when the process ends in whatever way.
fn lock(path: &Path) -> Result<Arc<File>, StoreError> {
    let name = path.join(Entry::Lock.path());
    // A link would be followed, and a pipe waited for.
    if name.symlink_metadata().is_ok_and(|found| !found.is_file()) {
        return Err(StoreError::Odd { path: name.shown() });
    }
    let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(system(&name))?;
    // Whoever only looks whether somebody is at work holds it for a moment.
    let mut locked = file.try_lock();
    for _ in 0..N_TRIES {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        sleep(GLANCE);
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(Arc::new(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.shown() }),
        // A file system without locks keeps nobody from working alone.
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(Arc::new(file)),
        Err(TryLockError::Error(error)) => Err(system(&name)(error)),
    }
}
