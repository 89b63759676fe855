use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use netsynth_files::Shown;
use netsynth_graph::schema::SCHEMA;
use netsynth_store::{AttemptList, Entry, RunFolder, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provenance::list_contents;
use crate::{OnEvent, Plan, RunError, RunEvent};

/// When and for how long a run was worked on. Nothing but the wall-clock limit depends on it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionFile {
    /// The file format's version.
    schema: u32,
    /// Trainings side by side.
    n_workers: usize,
    /// Seconds since 1970, when it began.
    begun_unix_secs: u64,
    /// How long it worked, as last written down.
    secs: f64,
    /// What was at its end when the session was, so that nothing of it may be missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Work>,
}

/// Work on a run that has an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Work {
    /// The search with its variants, and with its audit if its plan has one.
    Search,
    /// An audit.
    Audit,
}

/// The work that came to its end in any session of a run, as far as their files can be read.
pub(crate) fn ended(folder: &RunFolder) -> Vec<Work> {
    let sessions = folder.sessions().into_iter();
    let read = sessions.filter_map(|number| folder.document(Entry::Session(number)).ok().flatten());
    read.filter_map(|session: SessionFile| session.ended).collect()
}

/// How many sessions of work a run has had, and how many seconds they took.
pub fn worked(folder: &RunFolder) -> Result<(usize, f64), StoreError> {
    let (mut n_sessions, mut secs) = (0, 0.0);
    while let Some(session) = folder.document::<SessionFile>(Entry::Session(n_sessions + 1))? {
        secs += session.secs.max(0.0);
        n_sessions += 1;
    }
    Ok((n_sessions, secs))
}

/// The time that a run's sessions took.
pub(crate) struct Clock<'a> {
    folder: &'a RunFolder,
    number: usize,
    n_workers: usize,
    begun: Instant,
    begun_unix_secs: u64,
    /// Where its attempts are listed, if they can be.
    attempts: Option<Mutex<AttemptList>>,
    /// When the plan's time is spent.
    deadline: Option<Instant>,
}

impl<'a> Clock<'a> {
    /// Begins a session after those that the run had, and its log.
    pub(crate) fn begin(
        plan: &Plan,
        folder: &'a RunFolder,
        n_workers: NonZeroUsize,
        on_event: &OnEvent<'_>,
    ) -> Result<Self, StoreError> {
        let (n_earlier, spent) = worked(folder)?;
        let begun = Instant::now();
        let left = plan.search.limits.wall_clock_secs.map(|secs| (secs as f64 - spent).max(0.0));
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut clock = Self {
            folder,
            number: n_earlier + 1,
            n_workers: n_workers.get(),
            begun,
            begun_unix_secs: since_1970.as_secs(),
            attempts: None,
            deadline: left.and_then(|secs| begun.checked_add(Duration::try_from_secs_f64(secs).ok()?)),
        };
        clock.tick()?;
        clock.attempts = folder.attempt_list(clock.number).ok().map(Mutex::new);
        let n_workers = n_workers.get();
        on_event(RunEvent::Session { folder, number: n_earlier + 1, n_workers, plan });
        Ok(clock)
    }

    /// Who learns of events, after each attempt that has ended is listed.
    pub(crate) fn listing<'e>(&'e self, on_event: &'e OnEvent<'_>) -> impl Fn(RunEvent<'_>) + Sync + 'e {
        move |event| {
            if let (RunEvent::Attempted(attempted), Some(list)) = (&event, &self.attempts) {
                list.lock().unwrap_or_else(PoisonError::into_inner).add(attempted);
            }
            on_event(event);
        }
    }

    /// Writes down how long the session has worked.
    pub(crate) fn tick(&self) -> Result<(), StoreError> {
        self.write(None)
    }

    /// Writes down that this work came to its end, and what the run's files are.
    pub(crate) fn end(&self, work: Work) -> Result<(), StoreError> {
        list_contents(self.folder)?;
        self.write(Some(work))
    }

    fn write(&self, ended: Option<Work>) -> Result<(), StoreError> {
        let Self { number, n_workers, begun_unix_secs, .. } = *self;
        let secs = self.begun.elapsed().as_secs_f64();
        let file = SessionFile { schema: SCHEMA, n_workers, begun_unix_secs, secs, ended };
        self.folder.write_document(Entry::Session(number), &file)
    }

    /// Whether the plan's time is spent.
    pub(crate) fn is_up(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

/// Work on a run's folder; once it is done, no attempt at a task is needed any more. Where the system refuses to read or write, the error says that nothing finished is lost and
/// that the command `again` goes on.
pub(crate) fn resumable<T>(
    folder: &RunFolder,
    again: &str,
    work: impl FnOnce() -> Result<T, RunError>,
) -> Result<T, RunError> {
    let done = work().inspect(|_| folder.attempts().end());
    done.map_err(|error| {
        if !error.is_of_the_system() {
            return error;
        }
        let remedy = format!(
            "see that the disk has room and the folder can be written; nothing finished is lost: `netsynth {again} {}` \
             goes on",
            folder.path().shown()
        );
        error.with_remedy(remedy)
    })
}
