//! A worker: one task of a file, carried out as in the controller's own process, its answer in a folder.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use netsynth_data::{Dataset, unpack};
use netsynth_files::Shown;
use netsynth_graph::ArchitectureSpec;
use netsynth_graph::schema::SCHEMA;
use netsynth_store::{AttemptFile, AttemptFolder, read_text, sha256};
use netsynth_train::{Deployed, Device, EpochReport};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::weights::load_from_elsewhere;
use crate::{Answer, Executor, LocalThreads, RunError, RunEvent, Task, WeightKey, Weights};

/// How often a worker says that it lives, and looks whether it is to give up.
const BEAT: Duration = Duration::from_millis(500);

/// What a worker is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskFile {
    /// The file format's version.
    pub schema: u32,
    /// Which attempt at the task it is, as whoever gives it names it.
    pub attempt: String,
    /// What is to be done.
    pub task: Task,
    /// The dataset as a file that netsynth packed, from this file's folder; absent, it is read as the task's data say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// The folder of the network that the training starts from (architecture.ron and weights.safetensors), from this file's
    /// folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<PathBuf>,
    /// The folder where checkpoints are kept between attempts, and that a trainer of the user's own is given, from this file's folder;
    /// absent, `files` below the answer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<PathBuf>,
}

/// What a worker leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerFile {
    /// The file format's version.
    pub schema: u32,
    /// The attempt, as the task's file names it.
    pub attempt: String,
    /// SHA-256 of the task as JSON.
    pub task: String,
    /// What came of it.
    pub answer: Answer,
    /// SHA-256 of the weights beside it, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
}

/// Who is at an attempt, and how far it is: written anew twice a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The attempt, as the task's file names it.
    pub attempt: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub process: u32,
    /// Seconds since 1970, when it began.
    pub begun_unix_secs: u64,
    /// Seconds since 1970, when this was written.
    pub unix_secs: u64,
    /// Epochs that are over.
    pub n_done: usize,
    /// All epochs.
    pub n_epochs: usize,
}

impl Heartbeat {
    /// The last one of an attempt, if it can be read.
    pub(crate) fn of(attempt: &AttemptFolder) -> Option<Self> {
        let text = fs::read_to_string(attempt.file(AttemptFile::Heartbeat)).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// The name of this machine.
pub(crate) fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

/// A line of the progress of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgressLine {
    /// The epoch that is over, from 1.
    pub epoch: usize,
    /// All epochs.
    pub n_epochs: usize,
    /// Mean loss over its steps, in nats.
    pub loss: f32,
    /// Images seen in it.
    pub n_images: usize,
}

impl ProgressLine {
    /// As events have it.
    pub(crate) fn report(self) -> Option<EpochReport> {
        let Self { epoch, n_epochs, loss, n_images } = self;
        Some(EpochReport { epoch: epoch.checked_sub(1)?, n_epochs, loss, n_images })
    }
}

/// How a worker ended, if it could do its task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkEnd {
    /// There is a result.
    Done,
    /// The candidate could not be trained, for this reason.
    CandidateFailed(String),
}

impl WorkEnd {
    fn of(answer: &Answer) -> Self {
        match answer {
            Answer::Failed(reason) => Self::CandidateFailed(reason.clone()),
            Answer::Trained(_) | Answer::Told(_) | Answer::Scored(_) => Self::Done,
        }
    }
}

/// Carries out the task of a file and leaves the answer in a folder: the same as in the controller's process, to the bit.
/// An answer that is there already is kept, and a training that was cut off goes on from its last checkpoint. `give_up` is called with the reason when nobody waits for the answer any more.
///
/// # Errors
/// The task cannot be read or is none, another worker is at the attempt, it was fenced off, or the system refuses.
pub fn work(
    task_file: &Path,
    folder: &Path,
    checkpoints_every: Duration,
    give_up: &(dyn Fn(&str) + Sync),
) -> Result<WorkEnd, RunError> {
    let given = read_task(task_file)?;
    let beside = |path: &Path| task_file.parent().unwrap_or(Path::new("")).join(path);
    let at_folder = |error: RunError| error.or_at(folder.shown());
    fs::create_dir_all(folder).map_err(RunError::system(folder))?;
    let attempt = AttemptFolder::at(folder);
    let Some(_lock) = attempt.lock()? else {
        let reason = "another worker is at this attempt";
        return Err(at_folder(RunError::new(reason, "wait until it is done, or give another --out")));
    };
    refuse_fenced(&attempt)?;
    let digest = given.task.digest()?;
    if let Some(answer) = answer_of(&attempt, &digest)? {
        return Ok(WorkEnd::of(&answer));
    }
    let task = &given.task;
    let dataset = match &given.data {
        None => task.data.load(&|_| {})?,
        Some(path) => packed(&beside(path))?,
    };
    let split = task.data.split(&dataset)?;
    let weights = Beside(given.start.as_deref().map(beside));
    let files = given.files.as_deref().map_or_else(|| folder.join("files"), beside);
    let executor = LocalThreads::new(&dataset, &split, NonZeroUsize::MIN)
        .with_files(files)
        .with_checkpoints_every(checkpoints_every);

    let n_done = AtomicUsize::new(0);
    let has_ended = AtomicBool::new(false);
    let found: Mutex<Option<Answer>> = Mutex::new(None);
    let on_event = |event: RunEvent<'_>| {
        if let RunEvent::Epoch { report: EpochReport { epoch, n_epochs, loss, n_images }, .. } = event {
            n_done.store(epoch + 1, Ordering::SeqCst);
            let line = ProgressLine { epoch: epoch + 1, n_epochs, loss, n_images };
            // Who looks on may miss a line.
            let _ = attempt.append(AttemptFile::Progress, &serde_json::to_string(&line).unwrap_or_default());
        }
    };
    let done = thread::scope(|scope| {
        let beats = thread::Builder::new().name("heartbeat".to_owned()).spawn_scoped(scope, || {
            beat(&attempt, &given, &n_done, &has_ended, give_up);
        });
        let beats = beats.map_err(RunError::no_thread)?;
        let done = executor.run(std::slice::from_ref(task), &weights, &on_event, &|| false, &|_, answer| {
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
            Ok(())
        });
        has_ended.store(true, Ordering::SeqCst);
        beats.thread().unpark();
        done
    });
    done?;
    let Some(answer) = found.into_inner().unwrap_or_else(PoisonError::into_inner) else {
        return Err(RunError::Stopped);
    };
    leave(&attempt, &given, &digest, &answer).map_err(at_folder)?;
    Ok(WorkEnd::of(&answer))
}

/// Reads a task's file.
fn read_task(path: &Path) -> Result<TaskFile, RunError> {
    let at = |error: RunError| error.at(path.shown());
    let remedy = "give a task as `netsynth help task` shows it";
    let text = read_text(path).map_err(|error| RunError::new(error.reason, remedy).at(error.path))?;
    let file: TaskFile =
        serde_json::from_str(&text).map_err(|error| at(RunError::new(error.to_string(), remedy)))?;
    if file.schema != SCHEMA {
        let reason = format!("it follows schema {}, and this netsynth reads schema {SCHEMA}", file.schema);
        return Err(at(RunError::new(reason, "use the netsynth that wrote it")));
    }
    file.task.data.check().map_err(at)?;
    file.task.recipe.check().map_err(|error| at(error.into()))?;
    Ok(file)
}

fn packed(path: &Path) -> Result<Dataset, RunError> {
    let bytes = fs::read(path).map_err(RunError::system(path))?;
    unpack(&bytes).map_err(RunError::about(path))
}

fn refuse_fenced(attempt: &AttemptFolder) -> Result<(), RunError> {
    if !attempt.is_fenced() {
        return Ok(());
    }
    let error = RunError::new("the attempt was fenced off: another one is made at its task", "give up");
    Err(error.at(attempt.path().shown()))
}

/// Says twice a second that the worker lives, until it has ended.
fn beat(
    attempt: &AttemptFolder,
    given: &TaskFile,
    n_done: &AtomicUsize,
    has_ended: &AtomicBool,
    give_up: &(dyn Fn(&str) + Sync),
) {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let begun_unix_secs = now();
    let host = host();
    while !has_ended.load(Ordering::SeqCst) {
        if attempt.is_fenced() {
            give_up("the attempt was fenced off");
        }
        let heartbeat = Heartbeat {
            attempt: given.attempt.clone(),
            host: host.clone(),
            process: std::process::id(),
            begun_unix_secs,
            unix_secs: now(),
            n_done: n_done.load(Ordering::SeqCst),
            n_epochs: given.task.training.as_ref().map_or(0, |training| training.epochs),
        };
        // Whoever waits for it knows from the process itself, too, whether it lives.
        let text = serde_json::to_string(&heartbeat).unwrap_or_default();
        let _ = attempt.note(AttemptFile::Heartbeat, text.as_bytes());
        thread::park_timeout(BEAT);
    }
}

/// Leaves the answer, unless nobody waits for it any more.
fn leave(attempt: &AttemptFolder, given: &TaskFile, task: &str, answer: &Answer) -> Result<(), RunError> {
    refuse_fenced(attempt)?;
    if write_answer(attempt, &given.attempt, task, answer)? {
        return Ok(());
    }
    Err(RunError::new("the answer is not read back as it was written", "use --executor local"))
}

/// Writes the answer of the task of this digest, its weights first and the answer last, and says whether it is read back as it
/// was: a number that JSON did not carry to the bit would be another answer.
pub(crate) fn write_answer(
    attempt: &AttemptFolder,
    name: &str,
    task: &str,
    answer: &Answer,
) -> Result<bool, RunError> {
    let weights = match answer {
        Answer::Trained(trained) => {
            attempt.write_sealed(AttemptFile::Weights, &trained.weights)?;
            Some(sha256(&trained.weights))
        }
        Answer::Told(_) | Answer::Scored(_) | Answer::Failed(_) => None,
    };
    let file = AnswerFile {
        schema: SCHEMA,
        attempt: name.to_owned(),
        task: task.to_owned(),
        answer: answer.clone(),
        weights,
    };
    let text = serde_json::to_string_pretty(&file).unwrap_or_default();
    attempt.write_sealed(AttemptFile::Answer, text.as_bytes())?;
    Ok(answer_of(attempt, task)?.as_ref() == Some(answer))
}

/// The answer of an attempt at the task of this digest; none where it is not there yet, is not whole, or is of another task.
///
/// # Errors
/// The system refuses.
pub fn answer_of(attempt: &AttemptFolder, task: &str) -> Result<Option<Answer>, RunError> {
    let Some(bytes) = attempt.sealed(AttemptFile::Answer)? else { return Ok(None) };
    let Ok(file) = serde_json::from_slice::<AnswerFile>(&bytes) else { return Ok(None) };
    if file.task != task || file.schema != SCHEMA {
        return Ok(None);
    }
    match file.answer {
        Answer::Trained(mut trained) => {
            let Some(weights) = attempt.sealed(AttemptFile::Weights)? else { return Ok(None) };
            if file.weights != Some(sha256(&weights)) {
                return Ok(None);
            }
            trained.weights = weights;
            Ok(Some(Answer::Trained(trained)))
        }
        answer @ (Answer::Told(_) | Answer::Scored(_) | Answer::Failed(_)) => Ok(Some(answer)),
    }
}

/// The network beside a task, whatever it was for whoever gave the task.
struct Beside(Option<PathBuf>);

impl Weights for Beside {
    fn contains(&self, _: &WeightKey) -> Result<bool, RunError> {
        Ok(self.0.is_some())
    }

    fn load(&self, key: &WeightKey, device: Device) -> Result<Deployed, RunError> {
        match &self.0 {
            Some(folder) => load_from_elsewhere(&WeightKey::Folder(folder.clone()), device),
            None => load_from_elsewhere(key, device),
        }
    }

    fn save(&self, _: WeightKey, _: &ArchitectureSpec, _: &[u8]) -> Result<(), RunError> {
        Ok(())
    }
}
