//! A search on workers that there are not: a table of known results has the answers, and a simulated clock says when they come.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use netsynth_graph::ArchitectureId;
use netsynth_random::stream;
use netsynth_search::{
    Answered, Candidate, Evaluator, Event, Flow, Measured, Problem, SearchPlan, Table, Trial, run,
    run_asynchronously,
};
use serde::Deserialize;

use crate::RunError;

/// Seconds from handing in a training to its first step, as a cluster's jobs take.
const START: f64 = 2.0;

/// Seconds until it is noticed that a worker is lost.
const NOTICE: f64 = 20.0;

/// Workers that are simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workers {
    /// How many.
    pub count: usize,
    /// How often a worker is lost in an hour of work.
    pub losses_per_hour: f64,
    /// How many times as long as the fastest worker the slowest takes; those between lie evenly.
    pub slowest: f64,
}

/// How long each network trains, in seconds on the fastest worker.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingTimes {
    recorded: BTreeMap<ArchitectureId, f64>,
    /// For those that have no time: seconds for each multiply-accumulate of the network.
    per_mac: f64,
}

/// What came of a simulated search.
#[derive(Debug)]
pub struct Simulated {
    /// The trials, in the order in which they ended.
    pub trials: Vec<Trial>,
    /// When each ended, in hours.
    pub hours: Vec<f64>,
    /// The share of all workers' time, up to the last end, in which they trained what counted.
    pub busy: f64,
    /// Hours of workers that were lost with their trainings.
    pub lost_hours: f64,
    /// Seconds that the engine took for each proposal, of this machine's own clock: how many trials were proposed before, and how long.
    pub proposals: Vec<(usize, f64)>,
}

impl TrainingTimes {
    /// The times of a table's file, the field `train_secs` of its networks; of those without, as their multiply-accumulates, with
    /// this mean over all of them.
    ///
    /// # Errors
    /// The file is no table.
    pub fn of(text: &str, mean_secs: f64) -> Result<Self, RunError> {
        #[derive(Deserialize)]
        struct Row {
            train_secs: Option<f64>,
            flops: Option<f64>,
        }
        let rows: BTreeMap<String, Row> = serde_json::from_str(text).map_err(|error| {
            RunError::new(error.to_string(), "give a table as `netsynth compare` reads it")
        })?;
        let macs: f64 = rows.values().filter_map(|row| row.flops).sum();
        let per_mac = mean_secs * rows.len() as f64 / macs.max(1.0);
        let recorded =
            rows.iter().filter_map(|(key, row)| Some((ArchitectureId::of_key(key), row.train_secs?)));
        Ok(Self { recorded: recorded.filter(|(_, secs)| *secs > 0.0).collect(), per_mac })
    }

    fn of_candidate(&self, candidate: &Candidate) -> f64 {
        let by_macs = || self.per_mac * candidate.cost.macs.max(1) as f64;
        self.recorded.get(&candidate.id).copied().unwrap_or_else(by_macs)
    }
}

/// Runs a search of a table on simulated workers: a function of its arguments, but for the engine's own times.
///
/// # Errors
/// The plan is none that a search can follow.
pub fn simulate(
    table: &Table,
    plan: &SearchPlan,
    workers: &Workers,
    times: &TrainingTimes,
) -> Result<Simulated, RunError> {
    let since = Mutex::new(Instant::now());
    let mut proposals = Vec::new();
    let mut n_proposed = 0;
    let mut on_event = |event: Event<'_>| {
        if let Event::Proposed(candidates) = event {
            let began = since.lock().unwrap_or_else(PoisonError::into_inner);
            proposals.push((n_proposed, began.elapsed().as_secs_f64() / candidates.len() as f64));
            n_proposed += candidates.len();
        }
        Ok(())
    };
    let cluster = Cluster {
        workers: *workers,
        seed: plan.seed,
        times,
        now: 0.0,
        free: (0..workers.count).collect(),
        queue: VecDeque::new(),
        at_work: BTreeMap::new(),
        useful: 0.0,
        lost: 0.0,
        ends: BTreeMap::new(),
    };
    let mut simulated = OnCluster { table, cluster: Mutex::new(cluster), since: &since };
    let problem = Problem::new(table, plan)?;
    let found = if plan.asynchronous {
        run_asynchronously(&problem, &mut simulated, &mut on_event)?
    } else {
        run(&problem, &simulated, &mut on_event)?
    };
    let cluster = simulated.cluster.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut trials = found.trials;
    let end = |trial: &Trial| cluster.ends.get(&trial.number).copied().unwrap_or_default();
    trials.sort_by(|one, other| end(one).total_cmp(&end(other)));
    let hours: Vec<f64> = trials.iter().map(|trial| end(trial) / 3600.0).collect();
    let all = workers.count as f64 * cluster.now;
    Ok(Simulated { trials, hours, busy: cluster.useful / all, lost_hours: cluster.lost / 3600.0, proposals })
}

/// A training that waits or is made: of whom, and how often it was lost.
struct Attempt {
    candidate: Candidate,
    n_lost: u64,
}

/// Workers and what they are at.
struct Cluster<'a> {
    workers: Workers,
    seed: u64,
    times: &'a TrainingTimes,
    /// Seconds since the search began.
    now: f64,
    free: BTreeSet<usize>,
    queue: VecDeque<Attempt>,
    /// By when they end, as a number that orders as time does, and by worker: whether they end well.
    at_work: BTreeMap<(u64, usize), (Attempt, bool)>,
    useful: f64,
    lost: f64,
    /// When each trial ended.
    ends: BTreeMap<usize, f64>,
}

impl Cluster<'_> {
    fn submit(&mut self, candidate: &Candidate) {
        self.queue.push_back(Attempt { candidate: candidate.clone(), n_lost: 0 });
    }

    /// The next candidate whose training ends well, at the time at which it does.
    fn next(&mut self) -> Option<Candidate> {
        loop {
            self.begin();
            let ((end, worker), (mut attempt, is_well)) = self.at_work.pop_first()?;
            self.now = f64::from_bits(end);
            self.free.insert(worker);
            if is_well {
                self.ends.insert(attempt.candidate.trial, self.now);
                return Some(attempt.candidate);
            }
            attempt.n_lost += 1;
            self.queue.push_back(attempt);
        }
    }

    /// Gives what waits to workers that are free.
    fn begin(&mut self) {
        while let Some(&worker) = self.free.first()
            && let Some(attempt) = self.queue.pop_front()
        {
            self.free.remove(&worker);
            let slower = stream(self.seed, "simulated worker", &[worker as u64]).unit();
            let slower = 1.0 + (self.workers.slowest - 1.0) * slower;
            let secs = START + slower * self.times.of_candidate(&attempt.candidate);
            let counters = [attempt.candidate.trial as u64, attempt.n_lost];
            let luck = stream(self.seed, "simulated loss", &counters).unit();
            let until_loss = match self.workers.losses_per_hour {
                rate if rate > 0.0 => -3600.0 * libm::log(1.0 - luck) / rate,
                _ => f64::INFINITY,
            };
            let is_well = until_loss >= secs;
            let taken = if is_well { secs } else { until_loss + NOTICE };
            *(if is_well { &mut self.useful } else { &mut self.lost }) += taken;
            self.at_work.insert(((self.now + taken).to_bits(), worker), (attempt, is_well));
        }
    }
}

/// A table whose answers come when simulated workers have them.
struct OnCluster<'a> {
    table: &'a Table,
    cluster: Mutex<Cluster<'a>>,
    /// Since when the engine is at work.
    since: &'a Mutex<Instant>,
}

impl OnCluster<'_> {
    fn engine_begins(&self) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// What the table knows of a candidate.
    fn known(&self, candidate: &Candidate) -> Result<Measured, RunError> {
        Ok(self
            .table
            .evaluate_one(candidate, 0)?
            .unwrap_or_else(|| Measured::Failed("the table gives no answer".to_owned())))
    }
}

impl Evaluator for OnCluster<'_> {
    type Error = RunError;

    fn evaluate(
        &self,
        candidates: &[&Candidate],
        _: usize,
        answered: &Answered<'_, RunError>,
    ) -> Result<(), RunError> {
        let mut cluster = self.cluster.lock().unwrap_or_else(PoisonError::into_inner);
        candidates.iter().for_each(|candidate| cluster.submit(candidate));
        for _ in candidates {
            let Some(done) = cluster.next() else { break };
            let index = candidates.iter().position(|candidate| candidate.trial == done.trial);
            answered(index.unwrap_or_default(), self.known(&done)?)?;
        }
        self.engine_begins();
        Ok(())
    }
}

impl Flow for OnCluster<'_> {
    type Error = RunError;

    fn begin(&mut self, candidate: &Candidate, _: usize) -> Result<(), RunError> {
        self.cluster.get_mut().unwrap_or_else(PoisonError::into_inner).submit(candidate);
        self.engine_begins();
        Ok(())
    }

    fn next(&mut self) -> Result<Option<(usize, Measured)>, RunError> {
        let done = self.cluster.get_mut().unwrap_or_else(PoisonError::into_inner).next();
        let known = done.map(|done| Ok((done.trial, self.known(&done)?))).transpose();
        self.engine_begins();
        known
    }
}
