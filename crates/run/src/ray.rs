use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use minreq::{Method, Request};
use netsynth_store::{AttemptFolder, Attempts};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::RunError;
use crate::jobs::{Looks, end_of, line, prefix};
use crate::site::{End, Site, State};

/// How long the head may take to answer, in seconds.
const PATIENCE: u64 = 30;

/// Each attempt is a job of a Ray cluster, by the Jobs API of its head: HTTP and JSON, and no Python of ours. Its folder is one
/// that the nodes see, too.
///
/// A job has the attempt's name as its submission id, so a controller finds the jobs of one that was killed. Ray tries nothing
/// again; what is lost is tried again here. Jobs are listed together, and one that Ray says has succeeded but that left no answer
/// is lost: its node died. Nothing waits in Ray, which fails what has waited for a quarter of an hour.
pub struct Ray {
    program: PathBuf,
    head: String,
    n_jobs: NonZeroUsize,
    /// What a job takes beside its processor, by Ray's names.
    resources: BTreeMap<String, f64>,
    prefix: String,
    /// Ray's own token, where the head asks for one.
    token: Option<String>,
    pause: Duration,
    seen: Mutex<Seen>,
}

/// What was seen of a cluster before.
#[derive(Default)]
struct Seen {
    looks: Looks<Listed>,
    /// Jobs of this run that are at work, as last listed, and those that were handed in since.
    n_at_work: usize,
    /// Jobs that the cluster has processors for beside those at work; nobody has asked yet.
    room: Option<usize>,
}

/// A job as the head lists it.
#[derive(Default, Deserialize)]
struct Listed {
    submission_id: Option<String>,
    status: String,
    message: Option<String>,
}

impl Listed {
    fn is_at_work(&self) -> bool {
        matches!(self.status.as_str(), "PENDING" | "RUNNING")
    }
}

impl Ray {
    /// So many jobs at a time, at most, with the head at this address, such as `http://head:8265`, each running this program,
    /// which is netsynth.
    ///
    /// # Errors
    /// The attempts' folder cannot be written.
    pub fn new(
        program: PathBuf,
        head: &str,
        n_jobs: NonZeroUsize,
        token: Option<String>,
        attempts: &Attempts,
    ) -> Result<Self, RunError> {
        let (head, pause, seen) =
            (head.trim_end_matches('/').to_owned(), Duration::from_secs(1), Mutex::default());
        let resources = BTreeMap::new();
        Ok(Self { program, head, n_jobs, resources, prefix: prefix(attempts)?, token, pause, seen })
    }

    /// The same with resources that each job takes beside its processor; Ray has names for them, and GPU is one.
    pub fn with_resources(self, resources: BTreeMap<String, f64>) -> Self {
        Self { resources, ..self }
    }

    /// The same with another time between two looks.
    pub fn with_pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// Asks the head, and gives the status and the text of its answer.
    fn ask(&self, path: &str, body: Option<Value>) -> Result<(u16, String), String> {
        let url = format!("{}/api/{path}", self.head);
        let mut request = match body {
            None => Request::new(Method::Get, url),
            Some(body) => Request::new(Method::Post, url)
                .with_header("Content-Type", "application/json")
                .with_body(body.to_string()),
        };
        if let Some(token) = &self.token {
            request = request.with_header("Authorization", format!("Bearer {token}"));
        }
        let said = |error: minreq::Error| format!("the Ray head {} does not answer: {error}", self.head);
        let answer = request.with_timeout(PATIENCE).send().map_err(said)?;
        Ok((answer.status_code, answer.as_str().map_err(said)?.to_owned()))
    }

    /// The same, of a question whose answer is a document.
    fn document<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, String> {
        let (status, text) = self.ask(path, None)?;
        if status != 200 {
            return Err(format!("the Ray head {} answers {path} with HTTP {status}", self.head));
        }
        serde_json::from_str(&text)
            .map_err(|error| format!("the Ray head {} does not answer {path}: {error}", self.head))
    }

    /// The jobs of this run that the head knows, by the attempt's name.
    fn jobs(&self) -> Result<BTreeMap<String, Listed>, String> {
        let listed: Vec<Listed> = self.document("jobs/")?;
        let named = listed.into_iter().filter_map(|job| {
            let name = job.submission_id.as_ref()?.strip_prefix(&self.prefix)?.to_owned();
            Some((name, job))
        });
        Ok(named.collect())
    }

    /// For how many more jobs there are processors. A head that does not say is taken to have room.
    fn room(&self, n_at_work: usize) -> usize {
        let usage = "/data/clusterStatus/loadMetricsReport/usage/CPU";
        let status: Option<Value> = self.document("cluster_status").ok();
        let processors = status.as_ref().and_then(|status| {
            let pair = status.pointer(usage)?.as_array()?;
            Some((pair.first()?.as_f64()?, pair.get(1)?.as_f64()?))
        });
        // What was just handed in is not among those in use yet.
        processors
            .map_or(usize::MAX, |(used, all)| (all - used.max(n_at_work as f64)).floor().max(0.0) as usize)
    }

    /// Whether a job of this id is known.
    fn knows(&self, id: &str) -> bool {
        matches!(self.ask(&format!("jobs/{id}"), None), Ok((200, _)))
    }
}

impl Site for Ray {
    fn capacity(&self) -> usize {
        self.n_jobs.get()
    }

    fn has_room(&self) -> Result<bool, RunError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.looks.takes_jobs(self.pause, || self.jobs())? {
            return Ok(false);
        }
        let n_at_work = seen.n_at_work;
        Ok(*seen.room.get_or_insert_with(|| self.room(n_at_work)) > 0)
    }

    fn submit(&self, name: &str, attempt: &AttemptFolder) -> Result<bool, RunError> {
        let id = format!("{}{name}", self.prefix);
        // Without resources a job would run on the head alone.
        let mut body = json!({
            "submission_id": id,
            "entrypoint": line(&self.program, attempt),
            "entrypoint_num_cpus": 1,
        });
        let mut resources = self.resources.clone();
        // Ray has a field of its own for these.
        if let Some(n_gpus) = resources.remove("GPU") {
            body["entrypoint_num_gpus"] = json!(n_gpus);
        }
        if !resources.is_empty() {
            body["entrypoint_resources"] = json!(resources);
        }
        let refused = match self.ask("jobs/", Some(body)) {
            Ok((200, _)) => None,
            // It may have come through all the same, or before: an id that is known already is refused as an error of the head.
            _ if self.knows(&id) => None,
            Ok((401 | 403, _)) => Some(format!("the Ray head {} asks for another token", self.head)),
            Ok((status, text)) => {
                let said = text.lines().last().unwrap_or_default().to_owned();
                Some(format!("the Ray head {} takes no job: HTTP {status}: {said}", self.head))
            }
            Err(reason) => {
                let looks = &mut self.seen.lock().unwrap_or_else(PoisonError::into_inner).looks;
                if looks.has_answered() {
                    return looks.silence(reason).map(|()| false);
                }
                Some(reason)
            }
        };
        if let Some(reason) = refused {
            let remedy = "give the address of a head's dashboard, such as ray:http://head:8265, and in RAY_AUTH_TOKEN its token if it \
                          has one; `netsynth resume` goes on";
            return Err(RunError::new(reason, remedy));
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.looks.submitted();
        seen.n_at_work += 1;
        seen.room = seen.room.map(|room| room.saturating_sub(1));
        Ok(true)
    }

    fn states(&self, attempts: &[(String, AttemptFolder)]) -> Result<Vec<State>, RunError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_new = false;
        let list = || {
            is_new = true;
            self.jobs()
        };
        let jobs = match seen.looks.jobs(self.pause, list) {
            Ok(jobs) => jobs,
            Err(reason) => {
                return seen.looks.silence(reason).map(|()| vec![State::AtWork; attempts.len()]);
            }
        };
        if is_new {
            seen.n_at_work = jobs.values().filter(|job| job.is_at_work()).count();
            seen.room = None;
        }
        let mut state = |name: &String, attempt: &AttemptFolder| {
            let end = match jobs.get(name) {
                None => end_of(attempt, || "the head does not know its job".to_owned()),
                Some(job) if job.status == "PENDING" => return State::Waiting,
                Some(job) if job.is_at_work() => return State::AtWork,
                Some(Listed { status, .. }) if status == "STOPPED" => {
                    End::Gone("its job was stopped".to_owned())
                }
                Some(Listed { status, message, .. }) => end_of(attempt, || {
                    let message = message.as_deref().and_then(|text| text.lines().next()).unwrap_or_default();
                    format!("Ray says {status}: {message}")
                }),
            };
            seen.looks.over(name, attempt, end, self.pause)
        };
        Ok(attempts.iter().map(|(name, attempt)| state(name, attempt)).collect())
    }

    fn cancel(&self, name: &str, _: &AttemptFolder) {
        let _ = self.ask(&format!("jobs/{}{name}/stop", self.prefix), Some(json!({})));
    }

    fn waits(&self) -> Option<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).looks.silent().map(str::to_owned)
    }

    fn pause(&self) -> Duration {
        self.pause
    }
}
