//! A trainer of the user's own: a program that reads one line of JSON and writes lines of JSON.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::{Metric, Metrics, Source};
use netsynth_train::EpochReport;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::child::{end_group, is_crash, memory_kills};
use crate::untrained::write_untrained;
use crate::{Answer, JudgedOn, OnEvent, RunError, RunEvent, Task, Told};

/// The longest line that is read.
const MAX_LINE: u64 = 1 << 20;

/// How often it is looked whether the trainer lives, when it says nothing.
const LOOK: Duration = Duration::from_millis(20);

/// How long what a trainer wrote is read after its end: somebody that it began may hold its output.
const DRAIN: Duration = Duration::from_secs(2);

/// The one line that a trainer of the user's own reads from standard input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrainerInput {
    /// The file format's version.
    pub schema: u32,
    /// What is trained: the same for each try at the same, and for nothing else.
    pub task: String,
    /// The network, with every field.
    pub architecture: ArchitectureSpec,
    /// The same network as an ONNX file, with weights drawn from the seed: batch norm is folded into the operator before it, and
    /// dropout is left out.
    pub onnx: PathBuf,
    /// How long to train.
    pub epochs: usize,
    /// The fold that judges the network, from 1; it is trained on all others.
    pub fold: usize,
    /// How many folds the plan has.
    pub n_folds: usize,
    /// The seed of every random draw.
    pub seed: u32,
    /// How many threads to use.
    pub threads: usize,
    /// A folder for whatever it keeps: there it finds what it left if it is begun again. It is removed once the metrics are
    /// recorded.
    pub folder: PathBuf,
}

/// A line that a trainer of the user's own writes to standard output. Other fields, and lines that are no JSON, are let pass.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TrainerOutput {
    /// While it works: the epoch that is over, from 1.
    pub epoch: Option<usize>,
    /// While it works: its loss.
    pub loss: Option<f32>,
    /// At the end: what was measured, shares by the names of `netsynth help metrics` or by names of one's own that begin with
    /// `own_`. Accuracy is needed, and so is whatever the plan's objectives and bounds are about.
    pub metrics: Option<BTreeMap<String, f64>>,
    /// At the end, in the place of metrics: why this network could not be trained.
    pub failed: Option<String>,
}

/// What a trainer said until its end.
#[derive(Default)]
struct Heard {
    losses: Vec<f32>,
    metrics: Option<BTreeMap<String, f64>>,
    failed: Option<String>,
    /// What is wrong with the last line that looks like JSON and is none.
    unread: Option<String>,
}

/// Has a task carried out by a program.
///
/// # Errors
/// The program cannot be started, or somebody killed it: that says nothing of the network.
pub(crate) fn train(
    words: &[String],
    task: &Task,
    folder: &Path,
    on_event: &OnEvent<'_>,
) -> Result<Answer, RunError> {
    let Some(input) = input(task, folder) else {
        let reason = "a trainer of the user's own trains for folds, and nothing else";
        return Err(RunError::new(reason, "leave scoring and variants to netsynth's own trainings"));
    };
    let graph = match Graph::new(&task.architecture) {
        Ok(graph) => graph,
        Err(error) => return Ok(Answer::Failed(error.to_string())),
    };
    fs::create_dir_all(folder).map_err(RunError::system(folder))?;
    write_untrained(&graph, task, &input.onnx)?;
    let messages = folder.join("stderr.txt");
    let n_kills = memory_kills();
    let mut child = begun(words, &messages)?;
    let line = serde_json::to_string(&input).unwrap_or_default();
    // Who ends without reading it says why.
    let told = child.stdin.take().map_or(Ok(()), |mut stdin| writeln!(stdin, "{line}"));
    drop(told);
    let (lines, reader) = lines_of(&mut child)?;
    let deadline = task.training_secs.map(|secs| Instant::now() + Duration::from_secs(secs));
    let (heard, ended) = hear(&mut child, &lines, deadline, &input, task, on_event);
    end_group(&child);
    drop(lines);
    // It ends with the output; where somebody still holds that, it is not waited for.
    drop(reader);
    let ended =
        ended.map_err(|error| RunError::new(format!("the trainer cannot be waited for: {error}"), ""))?;
    let Some(status) = ended else {
        let secs = task.training_secs.unwrap_or_default();
        return Ok(Answer::Failed(format!(
            "its training took more than {secs} s, the plan's `training_secs`"
        )));
    };
    answer(heard, status, memory_kills() > n_kills, &messages)
}

/// What the trainer is asked, if the task is a training for a fold.
fn input(task: &Task, folder: &Path) -> Option<TrainerInput> {
    let training = task.training.as_ref()?;
    let JudgedOn::Fold(fold) = training.judged_on else { return None };
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    Some(TrainerInput {
        schema: SCHEMA,
        task: task.name().ok()?,
        architecture: task.architecture.clone(),
        onnx: folder.join("network.onnx"),
        epochs: training.epochs,
        fold: fold.number(),
        n_folds: task.data.n_folds,
        seed: training.seed as u32,
        threads: 1,
        folder,
    })
}

/// The program, begun with both pipes; what it says on standard error goes into a file.
fn begun(words: &[String], messages: &Path) -> Result<Child, RunError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(RunError::new("the plan's `evaluator` names no program", "give one"));
    };
    let log = File::create(messages).map_err(RunError::system(messages))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
    // Each training has one core; who knows better says so.
    for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
        if std::env::var_os(variable).is_none() {
            command.env(variable, "1");
        }
    }
    alone(&mut command);
    command.spawn().map_err(|error| {
        let reason = format!("the trainer `{program}` could not be started: {error}");
        RunError::new(reason, "name a program that is there, in the plan's `evaluator`")
    })
}

/// A signal of the terminal is for netsynth, which ends in order; and where netsynth is killed, the trainer ends with it.
#[cfg(unix)]
fn alone(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
    #[cfg(target_os = "linux")]
    // SAFETY: between fork and exec only async-signal-safe calls are made: prctl is one.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
}

#[cfg(not(unix))]
fn alone(_: &mut Command) {}

/// The lines of a program's standard output, as they come.
fn lines_of(child: &mut Child) -> Result<(Receiver<Vec<u8>>, thread::JoinHandle<()>), RunError> {
    let (send, lines) = mpsc::channel();
    let stdout = child.stdout.take();
    let read = move || {
        let Some(stdout) = stdout else { return };
        let mut output = BufReader::new(stdout);
        loop {
            let mut line = Vec::new();
            match output.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if send.send(line).is_err() => return,
                Ok(_) => {}
            }
        }
    };
    let reader = thread::Builder::new().name("trainer".to_owned()).spawn(read).map_err(|error| {
        let _ = child.kill();
        RunError::no_thread(error)
    })?;
    Ok((lines, reader))
}

/// Listens until the program has ended, or has to: then there is no status.
fn hear(
    child: &mut Child,
    lines: &Receiver<Vec<u8>>,
    deadline: Option<Instant>,
    input: &TrainerInput,
    task: &Task,
    on_event: &OnEvent<'_>,
) -> (Heard, io::Result<Option<ExitStatus>>) {
    let mut heard = Heard::default();
    let take = |line: &[u8], heard: &mut Heard| {
        let said = heard.take(line);
        if let Some(TrainerOutput { epoch: Some(epoch), loss, .. }) = said
            && (1..=input.epochs).contains(&epoch)
        {
            let (epoch, n_epochs) = (epoch - 1, input.epochs);
            let report = EpochReport { epoch, n_epochs, loss: loss.unwrap_or_default(), n_images: 0 };
            on_event(RunEvent::Epoch { task: &task.id, report });
        }
    };
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) => take(&line, &mut heard),
            Err(RecvTimeoutError::Timeout) => {}
            // It has closed its output, and is about to end.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK / 10),
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let _ = child.kill();
            return (heard, child.wait().map(|_| None));
        }
        match child.try_wait() {
            Ok(None) => {}
            Ok(Some(status)) => {
                let until = Instant::now() + DRAIN;
                while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                    take(&line, &mut heard);
                }
                return (heard, Ok(Some(status)));
            }
            Err(error) => return (heard, Err(error)),
        }
    }
}

impl Heard {
    /// Takes a line, and gives what it says if it is one of the protocol.
    fn take(&mut self, line: &[u8]) -> Option<TrainerOutput> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if !text.starts_with('{') {
            return None;
        }
        match serde_json::from_str::<TrainerOutput>(text) {
            Ok(said) => {
                self.losses.extend(said.loss.filter(|loss| loss.is_finite()));
                self.metrics = said.metrics.clone().or(self.metrics.take());
                self.failed = said.failed.clone().or(self.failed.take());
                Some(said)
            }
            Err(error) => {
                self.unread = Some(error.to_string());
                None
            }
        }
    }
}

/// What a trainer's end says of the network.
fn answer(heard: Heard, status: ExitStatus, had_kills: bool, messages: &Path) -> Result<Answer, RunError> {
    let failed = |reason: String| Ok(Answer::Failed(reason));
    let last_words = || {
        let text = fs::read(messages).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let last = text.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned);
        last.map_or(String::new(), |line| format!(": {}", line.trim()))
    };
    match (status.code(), signal_of(status)) {
        (Some(0), _) => match (heard.failed, heard.metrics) {
            (Some(reason), _) => failed(reason),
            (None, Some(named)) => Ok(match metrics(&named) {
                Ok(metrics) => Answer::Told(Box::new(Told { metrics, losses: heard.losses })),
                Err(reason) => Answer::Failed(reason),
            }),
            (None, None) => {
                let unread = heard.unread.map_or(String::new(), |error| format!(" ({error})"));
                failed(format!("its trainer ended without a line that has `metrics`{unread}"))
            }
        },
        (Some(code), _) => match heard.failed {
            Some(reason) => failed(reason),
            None => failed(format!("its trainer ended with exit code {code}{}", last_words())),
        },
        (None, Some(9)) if had_kills => failed("its trainer ran out of memory".to_owned()),
        (None, Some(signal)) if is_crash(signal) => {
            failed(format!("its trainer crashed with signal {signal}"))
        }
        (None, signal) => {
            let reason = format!("the trainer was killed by signal {}", signal.unwrap_or_default());
            let remedy = "see who kills it; nothing finished is lost, and `netsynth resume` goes on";
            Err(RunError::new(reason, remedy))
        }
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

/// The measured metrics among those that a trainer, or whoever tells, names; other names are let pass.
pub(crate) fn metrics(named: &BTreeMap<String, f64>) -> Result<Metrics, String> {
    let mut found = Metrics::default();
    for (name, value) in named {
        let Some(metric) = Metric::of_name(name).filter(|metric| metric.source() == Source::Measured) else {
            continue;
        };
        if !(0.0..=1.0).contains(value) {
            return Err(format!("its trainer named {value} for {name}, which is a share from 0 to 1"));
        }
        found.extend([(metric, *value)]);
    }
    match found.get(Metric::Accuracy) {
        Some(_) => Ok(found),
        None => Err("its trainer named no accuracy".to_owned()),
    }
}
