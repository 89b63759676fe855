//! One call of an executor whose workers are elsewhere: its tasks begun, watched, and begun again where an attempt was lost.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use netsynth_data::pack;
use netsynth_graph::schema::SCHEMA;
use netsynth_store::{AttemptFile, AttemptFolder, NetworkFile};
use netsynth_train::save;

use crate::attempted::attempted;
use crate::child::is_crash;
use crate::dispatch::Dispatch;
use crate::site::{End, Site, State};
use crate::worker::{Heartbeat, ProgressLine, TaskFile, answer_of};
use crate::{Answer, OnAnswer, OnEvent, RunError, RunEvent, Task, TrainingTask, Weights};

/// How often an attempt that was lost is made again.
const N_AGAIN: usize = 3;

/// How long the first of these waits; the next wait four times as long each.
const PATIENCE: Duration = Duration::from_millis(200);

/// The most of a worker's log that is looked at.
const MAX_LOG: usize = 1 << 16;

/// A task that waits for its next attempt.
pub(crate) struct Open {
    index: usize,
    /// Attempts that were lost.
    n_lost: usize,
    /// The signal of which the last attempt died, if it crashed.
    crash: Option<i32>,
    not_before: Instant,
}

/// An attempt that is made.
pub(crate) struct Flight {
    open: Open,
    name: String,
    digest: String,
    folder: AttemptFolder,
    /// Since when this call knows of it, and whether it was begun before.
    since: SystemTime,
    is_found: bool,
    /// Bytes of its progress that were read.
    n_read: usize,
}

/// What became of a task that was to be begun.
enum Begun {
    /// It has its answer already.
    Answered(Answer),
    /// An attempt at it is made already.
    Found(Flight),
    /// This attempt is to be begun.
    New(Flight),
    /// It would have to wait where attempts are made, so it waits here.
    NoRoom(Open),
}

/// What follows from how an attempt ended without an answer.
enum Verdict {
    /// The task's answer.
    Answer(Answer),
    /// It died of this signal, for the first time.
    Crashed(i32),
    /// It was lost, for this reason.
    Lost(String),
}

/// One call of [`Executor::run`].
pub(crate) struct Call<'c, 'a, S: Site> {
    pub(crate) dispatch: &'c Dispatch<'a, S>,
    pub(crate) tasks: &'c [Task],
    /// The name of each.
    pub(crate) names: &'c [String],
    pub(crate) weights: &'c dyn Weights,
    pub(crate) on_event: &'c OnEvent<'c>,
    pub(crate) on_answer: &'c OnAnswer<'c>,
    pub(crate) flights: Vec<Flight>,
}

impl Open {
    /// A task of a call that nothing has happened to yet.
    pub(crate) fn new(index: usize) -> Self {
        Self { index, n_lost: 0, crash: None, not_before: Instant::now() }
    }
}

impl<S: Site> Call<'_, '_, S> {
    /// Whether no attempt is made.
    pub(crate) fn is_idle(&self) -> bool {
        self.flights.is_empty()
    }

    /// Begins the next attempt at a task, or finds one that was begun; gives the task back where it has to wait.
    pub(crate) fn begin(&mut self, open: Open) -> Result<Option<Open>, RunError> {
        let Dispatch { attempts, site, .. } = self.dispatch;
        let name = &self.names[open.index];
        if open.not_before > Instant::now() || !self.dispatch.take_place() {
            return Ok(Some(open));
        }
        if !self.dispatch.claim(name) {
            self.dispatch.give_place();
            return Ok(Some(open));
        }
        let index = open.index;
        let let_go = || self.dispatch.let_go(name);
        match self.begun(open, name) {
            Ok(Begun::Answered(answer)) => {
                let_go();
                (self.on_answer)(index, answer)?;
            }
            Ok(Begun::NoRoom(open)) => {
                let_go();
                return Ok(Some(open));
            }
            Ok(Begun::Found(flight)) => self.flights.push(flight),
            Ok(Begun::New(flight)) => {
                match site.submit(&flight.name, &flight.folder) {
                    Ok(true) => self.flights.push(flight),
                    Ok(false) => {
                        let_go();
                        // If it came through all the same, its worker gives up.
                        flight.folder.fence()?;
                        return Ok(Some(flight.open));
                    }
                    Err(error) => {
                        let_go();
                        // Nobody is at it, so it is not to be found by whoever goes on.
                        attempts.forget(name);
                        return Err(error.or_at(self.tasks[index].id.to_string()));
                    }
                }
            }
            Err(error) => {
                let_go();
                return Err(error);
            }
        }
        Ok(None)
    }

    /// The answer that a task has already; else the attempt that is made; else a new one, with what its worker needs.
    fn begun(&self, open: Open, name: &str) -> Result<Begun, RunError> {
        let Dispatch { attempts, site, .. } = self.dispatch;
        let task = &self.tasks[open.index];
        let digest = task.digest()?;
        let numbers = attempts.numbers(name)?;
        for &number in &numbers {
            if let Some(answer) = answer_of(&attempts.attempt(name, number), &digest)? {
                return Ok(Begun::Answered(answer));
            }
        }
        let flight = |open: Open, number: usize, folder: AttemptFolder| Flight {
            open,
            name: format!("{name}-a{number}"),
            digest: digest.clone(),
            folder,
            since: SystemTime::now(),
            is_found: false,
            n_read: 0,
        };
        if let Some(&last) = numbers.last() {
            let found = (format!("{name}-a{last}"), attempts.attempt(name, last));
            if !found.1.is_fenced() {
                let states = site.states(std::slice::from_ref(&found))?;
                if let Some(State::Waiting | State::AtWork) = states.first() {
                    return Ok(Begun::Found(Flight { is_found: true, ..flight(open, last, found.1) }));
                }
                found.1.fence()?;
            }
        }
        if !site.has_room()? {
            return Ok(Begun::NoRoom(open));
        }
        let mut number = numbers.last().map_or(1, |last| last + 1);
        loop {
            if let Some(folder) = attempts.begin(name, number)? {
                self.describe(task, name, number, &folder)?;
                return Ok(Begun::New(flight(open, number, folder)));
            }
            // Another controller was faster.
            number += 1;
        }
    }

    /// Writes what a worker needs: the network that it starts from, and last the task.
    fn describe(
        &self,
        task: &Task,
        name: &str,
        number: usize,
        folder: &AttemptFolder,
    ) -> Result<(), RunError> {
        let Dispatch { dataset, attempts, .. } = self.dispatch;
        let data = attempts.keep_data(&dataset.digest, || pack(dataset))?;
        let start = match &task.training {
            Some(TrainingTask { start: Some(key), .. }) => {
                let network = self.weights.load(key, task.device)?;
                let start = folder.start();
                let write = |file: NetworkFile, bytes: &[u8]| {
                    let path = start.join(file.name());
                    fs::write(&path, bytes).map_err(RunError::system(&path))
                };
                fs::create_dir_all(&start).map_err(RunError::system(&start))?;
                write(NetworkFile::Architecture, network.graph().spec().to_ron().as_bytes())?;
                write(NetworkFile::Weights, &save(&network)?)?;
                Some("start".into())
            }
            Some(TrainingTask { start: None, .. }) | None => None,
        };
        attempts.files(name)?;
        let file = TaskFile {
            schema: SCHEMA,
            attempt: format!("{name}-a{number}"),
            task: task.clone(),
            data: data.file_name().map(|name| Path::new("../..").join(name)),
            start,
            files: Some("../files".into()),
        };
        let text = serde_json::to_string_pretty(&file).unwrap_or_default();
        Ok(folder.write(AttemptFile::Task, text.as_bytes())?)
    }

    /// Takes the answers that are there, and gives back the tasks whose attempts are to be made again, and what went wrong here.
    /// Where nothing more is to be begun, an attempt that waits for its turn is taken back.
    pub(crate) fn look(&mut self, is_ending: bool) -> Result<(Vec<Open>, Option<RunError>), RunError> {
        let attempts: Vec<(String, AttemptFolder)> =
            self.flights.iter().map(|flight| (flight.name.clone(), flight.folder.clone())).collect();
        let states = self.dispatch.site.states(&attempts)?;
        let (mut left, mut again) = (Vec::new(), Vec::new());
        let mut error = None;
        for (mut flight, state) in std::mem::take(&mut self.flights).into_iter().zip(states) {
            self.show_progress(&mut flight);
            let answer = match answer_of(&flight.folder, &flight.digest) {
                Ok(answer) => answer,
                Err(failed) => {
                    error.get_or_insert(failed);
                    None
                }
            };
            let verdict = match (answer, state) {
                (Some(answer), _) => Verdict::Answer(answer),
                (None, State::Waiting) if is_ending => {
                    flight.folder.fence()?;
                    self.dispatch.site.cancel(&flight.name, &flight.folder);
                    self.dispatch.let_go(&self.names[flight.open.index]);
                    again.push(flight.open);
                    continue;
                }
                (None, State::Waiting | State::AtWork) => {
                    left.push(flight);
                    continue;
                }
                (None, State::Ended(end)) => verdict(&flight, &end),
            };
            self.dispatch.let_go(&self.names[flight.open.index]);
            let done = match verdict {
                Verdict::Answer(answer) => {
                    self.ended(&flight, None);
                    (self.on_answer)(flight.open.index, answer)
                }
                Verdict::Crashed(signal) => {
                    self.again(&flight, &crash_reason(signal), Some(signal), &mut again)
                }
                Verdict::Lost(reason) => self.again(&flight, &reason, None, &mut again),
            };
            if let Err(failed) = done {
                error.get_or_insert(failed);
            }
        }
        self.flights = left;
        Ok((again, error))
    }

    /// Fences an attempt off, and has the next one made, unless too many were lost.
    fn again(
        &self,
        flight: &Flight,
        reason: &str,
        crash: Option<i32>,
        again: &mut Vec<Open>,
    ) -> Result<(), RunError> {
        let task = &self.tasks[flight.open.index].id;
        flight.folder.fence()?;
        self.dispatch.site.cancel(&flight.name, &flight.folder);
        let n_lost = flight.open.n_lost + 1;
        self.ended(flight, Some(reason.to_owned()));
        (self.on_event)(RunEvent::Lost { task, attempt: &flight.name, reason });
        if n_lost > N_AGAIN {
            let reason = format!("its worker was lost {n_lost} times, at last because {reason}");
            let remedy = "see that workers can start, read and write there; nothing finished is lost, and \
                          `netsynth resume` goes on";
            return Err(RunError::new(reason, remedy).at(task.to_string()));
        }
        let not_before = Instant::now() + PATIENCE * 4_u32.pow(flight.open.n_lost as u32);
        again.push(Open { index: flight.open.index, n_lost, crash, not_before });
        Ok(())
    }

    /// Says who made an attempt that has ended, and since when: since it was begun here, where nobody said so.
    fn ended(&self, flight: &Flight, lost: Option<String>) {
        let heartbeat = Heartbeat::of(&flight.folder);
        let begun = heartbeat.as_ref().map(|seen| UNIX_EPOCH + Duration::from_secs(seen.begun_unix_secs));
        let begun = match begun {
            // It was begun before this call.
            Some(begun) if flight.is_found => begun,
            Some(begun) => begun.max(flight.since),
            None => flight.since,
        };
        let task = &self.tasks[flight.open.index].id;
        let attempted = attempted(task, heartbeat.map(|seen| seen.host), begun, lost);
        (self.on_event)(RunEvent::Attempted(&attempted));
    }

    /// Hands on the epochs that were not handed on yet.
    fn show_progress(&self, flight: &mut Flight) {
        let path = flight.folder.file(AttemptFile::Progress);
        if fs::metadata(&path).map_or(0, |found| found.len()) <= flight.n_read as u64 {
            return;
        }
        let Ok(bytes) = fs::read(path) else { return };
        let new = bytes.get(flight.n_read..).unwrap_or_default();
        let Some(end) = new.iter().rposition(|byte| *byte == b'\n') else { return };
        flight.n_read += end + 1;
        for line in String::from_utf8_lossy(&new[..end]).lines() {
            let report = serde_json::from_str(line).ok().and_then(ProgressLine::report);
            if let Some(report) = report {
                let task = &self.tasks[flight.open.index].id;
                (self.on_event)(RunEvent::Epoch { task, report });
            }
        }
    }
}

/// What follows from an end without an answer. Whatever the candidate did itself is its answer; all else is lost.
fn verdict(flight: &Flight, end: &End) -> Verdict {
    match *end {
        End::OutOfMemory | End::Exited(OUT_OF_MEMORY) => {
            Verdict::Answer(Answer::Failed("its training ran out of memory".to_owned()))
        }
        End::Signalled(signal) if is_crash(signal) && flight.open.crash == Some(signal) => {
            Verdict::Answer(Answer::Failed(format!("{}, twice alike", crash_reason(signal))))
        }
        End::Signalled(signal) if is_crash(signal) => Verdict::Crashed(signal),
        End::Signalled(signal) => Verdict::Lost(format!("its process was killed by signal {signal}")),
        End::Exited(code @ (0 | 1)) => {
            Verdict::Lost(format!("it ended with exit code {code} and left no answer"))
        }
        End::Exited(code) => Verdict::Lost(match last_words(&flight.folder) {
            Some(words) => format!("it could not work: {words}"),
            None => format!("it ended with exit code {code}"),
        }),
        End::Gone(ref reason) => Verdict::Lost(reason.clone()),
    }
}

/// The exit code of a process that ran out of memory, as shells have it: 128 and the number of SIGKILL.
pub(crate) const OUT_OF_MEMORY: i32 = 137;

fn crash_reason(signal: i32) -> String {
    format!("its training crashed with signal {signal}")
}

/// The reason that a worker gave on standard error.
fn last_words(attempt: &AttemptFolder) -> Option<String> {
    let bytes = fs::read(attempt.file(AttemptFile::Log)).ok()?;
    let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(MAX_LOG)..]).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let error = lines.iter().rev().find(|line| line.starts_with("error: ")).or(lines.last())?;
    Some(error.trim_start_matches("error: ").to_owned())
}
