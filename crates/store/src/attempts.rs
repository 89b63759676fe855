//! The attempts at tasks that are not finished, where controller and workers meet.
//!
//! ```text
//! attempts/id                            what tells these attempts from others that were here before
//! attempts/data-DIGEST.pack              the dataset, once for all workers
//! attempts/TASK/files/                   checkpoints, and what a trainer of the user's own keeps; the same for each attempt at the task
//! attempts/TASK/a1/task.json             what is to be done
//! attempts/TASK/a1/start/                the network that the training starts from, if it does
//! attempts/TASK/a1/heartbeat.json        who is at it, how far it is and when that was written
//! attempts/TASK/a1/progress.jsonl        a line for each epoch
//! attempts/TASK/a1/weights.safetensors   the trained network, if there is one
//! attempts/TASK/a1/answer.json           what came of it, written last
//! attempts/TASK/a1/fenced                whoever is at it is to give up: nobody waits for its answer any more
//! attempts/TASK/a1/log                   what the worker says on standard error
//! attempts/TASK/a1/exit                  the worker's exit code, where nobody waits for its process
//! attempts/TASK/a1/lock                  locked while a worker is at it
//! ```
//!
//! A task has one folder, and each attempt at it another number, so that names are the same whoever looks: a controller that
//! was killed finds what it began. They are no part of a run's result: what was answered is in the run, and its attempts go.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use netsynth_files::unfinished;

use crate::StoreError;
use crate::atomic::{system, write};
use crate::checksum::{Seal, check_bytes, write_bytes};
use crate::layout::number;
use crate::listing::numbers;

/// How often, and after how long, it is tried again to remove a folder.
const N_TRIES: usize = 50;
const GLANCE: Duration = Duration::from_millis(20);

/// All attempts at the tasks of a run.
#[derive(Debug, Clone)]
pub struct Attempts {
    root: PathBuf,
}

/// One attempt at a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttemptFolder {
    path: PathBuf,
}

/// A file of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptFile {
    /// What is to be done.
    Task,
    /// Who is at it, and since when nobody was.
    Heartbeat,
    /// A line for each epoch.
    Progress,
    /// The trained network.
    Weights,
    /// What came of it.
    Answer,
    /// Its answer is not waited for any more.
    Fence,
    /// The worker's standard error.
    Log,
    /// The worker's exit code, where nobody waits for its process.
    Exit,
    /// The state of its training after some epoch.
    Checkpoint,
    /// Locked while a worker is at it.
    Lock,
}

impl AttemptFile {
    fn name(self) -> &'static str {
        match self {
            AttemptFile::Task => "task.json",
            AttemptFile::Heartbeat => "heartbeat.json",
            AttemptFile::Progress => "progress.jsonl",
            AttemptFile::Weights => "weights.safetensors",
            AttemptFile::Answer => "answer.json",
            AttemptFile::Fence => "fenced",
            AttemptFile::Log => "log",
            AttemptFile::Exit => "exit",
            AttemptFile::Checkpoint => "checkpoint.safetensors",
            AttemptFile::Lock => "lock",
        }
    }
}

impl Attempts {
    /// In this folder, which need not be there yet.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What tells these attempts from others that were in the same folder before: drawn once, and kept with them.
    ///
    /// # Errors
    /// The system refuses.
    pub fn id(&self) -> Result<String, StoreError> {
        let path = self.keep("id", || {
            let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            format!("{:x}-{:x}", since_1970.as_nanos(), std::process::id()).into_bytes()
        })?;
        fs::read_to_string(&path).map_err(system(&path))
    }

    /// The names of the tasks that have a folder, sorted.
    pub fn tasks(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut names: Vec<String> =
            folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// The numbers of the attempts at a task, from 1, rising.
    ///
    /// # Errors
    /// The system refuses.
    pub fn numbers(&self, task: &str) -> Result<Vec<usize>, StoreError> {
        numbers(&self.root.join(task), |name| number(name.strip_prefix('a')?, 1))
    }

    /// The attempt of this number.
    pub fn attempt(&self, task: &str, number: usize) -> AttemptFolder {
        AttemptFolder { path: self.root.join(task).join(format!("a{number}")) }
    }

    /// Makes the folder of an attempt; nothing comes back if somebody else made it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn begin(&self, task: &str, number: usize) -> Result<Option<AttemptFolder>, StoreError> {
        let attempt = self.attempt(task, number);
        let folder = self.root.join(task);
        fs::create_dir_all(&folder).map_err(system(&folder))?;
        match fs::create_dir(&attempt.path) {
            Ok(()) => Ok(Some(attempt)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(system(&attempt.path)(error)),
        }
    }

    /// What is kept between the attempts at a task: checkpoints, and what a trainer of the user's own likes; the folder is made.
    ///
    /// # Errors
    /// The system refuses.
    pub fn files(&self, task: &str) -> Result<PathBuf, StoreError> {
        let path = self.root.join(task).join("files");
        fs::create_dir_all(&path).map_err(system(&path))?;
        Ok(path)
    }

    /// Keeps a dataset for all workers, and says where it is.
    ///
    /// # Errors
    /// The system refuses.
    pub fn keep_data(&self, digest: &str, bytes: impl FnOnce() -> Vec<u8>) -> Result<PathBuf, StoreError> {
        self.keep(&format!("data-{digest}.pack"), bytes)
    }

    /// Writes a file beside the attempts, unless it is there, and says where it is.
    fn keep(&self, name: &str, bytes: impl FnOnce() -> Vec<u8>) -> Result<PathBuf, StoreError> {
        let path = self.root.join(name);
        if !path.is_file() {
            fs::create_dir_all(&self.root).map_err(system(&self.root))?;
            let written = netsynth_files::write(&path, &bytes());
            // Another controller may have been faster.
            if !path.is_file() {
                written.map_err(system(&path))?;
            }
        }
        Ok(path)
    }

    /// Removes all attempts at a task: its answer is where it belongs.
    pub fn forget(&self, task: &str) {
        remove(&self.root.join(task));
    }

    /// Removes everything, once nothing is to be done any more.
    pub fn end(&self) {
        remove(&self.root);
    }
}

/// Removes a folder in which somebody may still write a last file.
fn remove(folder: &Path) {
    for _ in 0..N_TRIES {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => sleep(GLANCE),
            Ok(()) | Err(_) => return,
        }
    }
}

impl AttemptFolder {
    /// In this folder.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file.
    pub fn file(&self, file: AttemptFile) -> PathBuf {
        self.path.join(file.name())
    }

    /// The folder of the network that the training starts from.
    pub fn start(&self) -> PathBuf {
        self.path.join("start")
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// The system refuses.
    pub fn write(&self, file: AttemptFile, bytes: &[u8]) -> Result<(), StoreError> {
        write(&self.file(file), bytes)
    }

    /// Writes a file that is written often and of which an old version, or none, does no harm.
    pub fn note(&self, file: AttemptFile, bytes: &[u8]) -> io::Result<()> {
        let path = self.file(file);
        let draft = unfinished(&path);
        fs::write(&draft, bytes)?;
        fs::rename(draft, path)
    }

    /// Adds a line to a file.
    pub fn append(&self, file: AttemptFile, line: &str) -> io::Result<()> {
        let mut file = File::options().create(true).append(true).open(self.file(file))?;
        file.write_all(format!("{line}\n").as_bytes())
    }

    /// Writes a file, and before it has its name the SHA-256 of it beside it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn write_sealed(&self, file: AttemptFile, bytes: &[u8]) -> Result<(), StoreError> {
        write_bytes(&self.file(file), Path::new(file.name()), bytes)
    }

    /// A file whose SHA-256 fits; none if it is not there, or not whole.
    ///
    /// # Errors
    /// The system refuses.
    pub fn sealed(&self, file: AttemptFile) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.file(file);
        let is_there = || path.try_exists().map_err(system(&path));
        if !is_there()? {
            return Ok(None);
        }
        let read = || match check_bytes(&path, Path::new(file.name()))? {
            Seal::Whole => fs::read(&path).map(Some).map_err(system(&path)),
            Seal::Absent | Seal::Moved(_) | Seal::LineEnds | Seal::Encoding | Seal::Broken => Ok(None),
        };
        match read() {
            // It went while it was read.
            Err(_) if !is_there()? => Ok(None),
            read => read,
        }
    }

    /// Tells whoever is at it to give up.
    ///
    /// # Errors
    /// The system refuses.
    pub fn fence(&self) -> Result<(), StoreError> {
        self.write(AttemptFile::Fence, b"")
    }

    /// Whether whoever is at it is to give up.
    pub fn is_fenced(&self) -> bool {
        self.file(AttemptFile::Fence).exists()
    }

    /// Locks it for this process, as long as the result lives; nothing comes back if another process is at it. A file
    /// system without locks lets everybody in.
    ///
    /// # Errors
    /// The system refuses.
    pub fn lock(&self) -> Result<Option<File>, StoreError> {
        let path = self.file(AttemptFile::Lock);
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(system(&path))?;
        match lock.try_lock() {
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(Some(lock)),
        }
    }

    /// Whether a process of this machine is at it.
    pub fn is_held(&self) -> bool {
        let lock = netsynth_files::open(&self.file(AttemptFile::Lock));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }

    /// How long ago a file was last made in it; none if it is not there.
    pub fn age(&self) -> Option<Duration> {
        let written = fs::metadata(&self.path).and_then(|found| found.modified()).ok()?;
        Some(SystemTime::now().duration_since(written).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_attempt_is_made_once_and_known_by_its_number() {
        let home = tempfile::tempdir().unwrap();
        let attempts = Attempts::at(home.path().join("attempts"));
        assert_eq!(attempts.numbers("trial").unwrap(), [0_usize; 0]);
        let first = attempts.begin("trial", 1).unwrap().unwrap();
        assert_eq!(attempts.begin("trial", 1).unwrap(), None);
        attempts.begin("trial", 2).unwrap().unwrap();
        attempts.files("trial").unwrap();
        assert_eq!(attempts.numbers("trial").unwrap(), [1, 2]);
        assert_eq!((attempts.attempt("trial", 1), attempts.tasks()), (first, vec!["trial".to_owned()]));
        attempts.forget("trial");
        assert_eq!(attempts.tasks(), [""; 0]);
    }

    #[test]
    fn an_answer_is_whole_or_none() {
        let home = tempfile::tempdir().unwrap();
        let attempt = AttemptFolder::at(home.path());
        assert_eq!(attempt.sealed(AttemptFile::Answer).unwrap(), None);
        attempt.write_sealed(AttemptFile::Answer, b"whole").unwrap();
        assert_eq!(attempt.sealed(AttemptFile::Answer).unwrap().unwrap(), b"whole");
        for damaged in [&b"whol"[..], b"wholE", b""] {
            fs::write(attempt.file(AttemptFile::Answer), damaged).unwrap();
            assert_eq!(attempt.sealed(AttemptFile::Answer).unwrap(), None);
        }
        // A file without its digest is not known to be whole.
        fs::write(attempt.file(AttemptFile::Weights), "weights").unwrap();
        assert_eq!(attempt.sealed(AttemptFile::Weights).unwrap(), None);
    }

    #[test]
    fn one_worker_at_a_time_is_at_an_attempt() {
        let home = tempfile::tempdir().unwrap();
        let attempt = AttemptFolder::at(home.path());
        assert!(!attempt.is_held());
        let lock = attempt.lock().unwrap();
        assert!(lock.is_some() && attempt.is_held() && attempt.lock().unwrap().is_none());
        drop(lock);
        assert!(!attempt.is_held() && attempt.lock().unwrap().is_some());
        attempt.fence().unwrap();
        assert!(attempt.is_fenced());
    }
}
