//! Tasks that workers elsewhere carry out: each is attempted, watched, tried again where it is lost, and answered once.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use netsynth_data::Dataset;
use netsynth_store::Attempts;

use crate::call::{Call, Open};
use crate::site::Site;
use crate::{Executor, OnAnswer, OnEvent, RunError, RunEvent, Task, Weights};

/// After how long it is said that nothing is at work.
const A_WHILE: Duration = Duration::from_secs(5);

/// An executor whose tasks are carried out by workers elsewhere.
///
/// An attempt has its folder before it is begun, and names are the same for the same task, so what a controller began that
/// was killed is found again: an answer is taken, whoever still works is waited for, and nothing is trained twice.
pub struct Dispatch<'a, S> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) attempts: Attempts,
    pub(crate) site: S,
    /// Places for attempts that are free.
    n_free: Mutex<usize>,
    /// The tasks that calls side by side are at.
    claimed: Mutex<BTreeSet<String>>,
}

impl<'a, S: Site> Dispatch<'a, S> {
    /// For tasks of this data, with attempts in this folder, which the workers see too.
    pub fn new(dataset: &'a Dataset, attempts: Attempts, site: S) -> Self {
        let n_free = Mutex::new(site.capacity());
        Self { dataset, attempts, site, n_free, claimed: Mutex::default() }
    }

    /// Takes a place, if one is free.
    pub(crate) fn take_place(&self) -> bool {
        let mut n_free = self.n_free.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = *n_free > 0;
        *n_free -= usize::from(is_free);
        is_free
    }

    pub(crate) fn give_place(&self) {
        *self.n_free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    /// Claims a task for this call, if no other is at the same.
    pub(crate) fn claim(&self, name: &str) -> bool {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned())
    }

    /// Gives back the place and the claim of a task.
    pub(crate) fn let_go(&self, name: &str) {
        self.give_place();
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Removes what was made for tasks that are answered, unless another call is at the same.
    fn forget(&self, names: &[String]) {
        let claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().filter(|name| !claimed.contains(*name)).for_each(|name| self.attempts.forget(name));
    }
}

/// What is waited for, and since when; and whether it was said.
#[derive(Default)]
struct Waiting {
    since: Option<Instant>,
    is_said: bool,
}

impl Waiting {
    /// Says what is waited for, once it has been for a while; and again only when work has gone on between.
    fn say(&mut self, what: Option<String>, on_event: &OnEvent<'_>) {
        let Some(what) = what else {
            *self = Self::default();
            return;
        };
        let since = *self.since.get_or_insert_with(Instant::now);
        if !self.is_said && since.elapsed() >= A_WHILE {
            self.is_said = true;
            on_event(RunEvent::Waits { what: &what });
        }
    }
}

impl<S: Site> Executor for Dispatch<'_, S> {
    fn run(
        &self,
        tasks: &[Task],
        weights: &dyn Weights,
        on_event: &OnEvent<'_>,
        stop: &(dyn Fn() -> bool + Sync),
        on_answer: &OnAnswer<'_>,
    ) -> Result<(), RunError> {
        for task in tasks {
            if task.data_digest != self.dataset.digest {
                let reason = format!("{} is a task for other data", task.id);
                return Err(RunError::new(reason, "give the executor the data that the task names"));
            }
        }
        let names: Vec<String> = tasks.iter().map(Task::name).collect::<Result<_, _>>()?;
        let mut call =
            Call { dispatch: self, tasks, names: &names, weights, on_event, on_answer, flights: Vec::new() };
        let mut open: VecDeque<Open> = (0..tasks.len()).map(Open::new).collect();
        let mut error: Option<RunError> = None;
        let mut waiting = Waiting::default();
        loop {
            for _ in 0..open.len() {
                if error.is_some() || stop() {
                    break;
                }
                let Some(next) = open.pop_front() else { break };
                match call.begin(next) {
                    Ok(None) => {}
                    Ok(Some(waiting)) => open.push_back(waiting),
                    Err(failed) => error = Some(failed),
                }
            }
            if call.is_idle() && (open.is_empty() || error.is_some() || stop()) {
                break;
            }
            // Where it cannot be seen what became of attempts, nobody waits for them; they are found again.
            let (again, failed) = call.look(error.is_some() || stop())?;
            open.extend(again);
            error = error.or(failed);
            if call.is_idle() && open.is_empty() {
                continue;
            }
            waiting.say(self.site.waits(), on_event);
            sleep(self.site.pause());
        }
        match error {
            Some(error) => Err(error),
            None => {
                // What could not be begun any more is kept for whoever goes on.
                if open.is_empty() {
                    self.forget(&names);
                }
                Ok(())
            }
        }
    }
}
