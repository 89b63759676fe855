use std::collections::{BTreeMap, BTreeSet, VecDeque};

use netsynth_graph::ArchitectureId;

use crate::front::climb::{Climbs, is_out_of_reach};
use crate::front::rank::best_first;
use crate::run::{Asked, proposed, screening};
use crate::{
    Candidate, Event, Found, Measured, Problem, Scorer, SearchError, SearchPlan, StopReason, Strategy, Trial,
};

/// In how many shares as many candidates as a generation has are proposed: the more, the newer is what they are proposed from.
const SHARES: usize = 8;

/// Measures candidates of an asynchronous search, several at a time.
pub trait Flow {
    /// Why it could not go on. What a training itself did is a [`Measured`], never an error.
    type Error: From<SearchError>;

    /// Begins to measure a candidate on the rung of this number.
    fn begin(&mut self, candidate: &Candidate, rung: usize) -> Result<(), Self::Error>;

    /// The measurement that comes next, with the number of its trial; waits for it. None where the search is to stop.
    fn next(&mut self) -> Result<Option<(usize, Measured)>, Self::Error>;

    /// What scores candidates before any training, if there is such a thing.
    fn scorer(&self) -> Option<&dyn Scorer<Self::Error>> {
        None
    }
}

/// Searches a space without waiting for generations. `generation_size` trials are measured at a time, each climbing by itself;
/// whenever a place is free and nothing is left of what was proposed, an eighth as many candidates are proposed from what is known
/// by then. A trial climbs if it is among the better share of the last `generation_size` that were measured on its rung,
/// as it stands when it comes (after successive halving as Li et al. 2020 do it without waiting).
///
/// The result is a function of the problem, the measurements and the order in which they came. An error of the flow or of
/// `on_event` ends the search.
pub fn run_asynchronously<F: Flow>(
    problem: &Problem<'_>,
    flow: &mut F,
    on_event: &mut dyn FnMut(Event<'_>) -> Result<(), F::Error>,
) -> Result<Found, F::Error> {
    let plan = problem.plan;
    screening(plan, flow.scorer())?;
    let mut search = Asynchronous {
        plan,
        strategy: plan.strategy.start(problem)?,
        found: Found { trials: Vec::new(), generators: Vec::new(), stopped_by: StopReason::Trials },
        n_learned: 0,
        n_numbers: 0,
        generation: 0,
        taken: BTreeSet::new(),
        waiting: VecDeque::new(),
        climbing: BTreeMap::new(),
        peers: vec![VecDeque::new(); plan.rungs.len()],
    };
    loop {
        search.fill(flow, on_event)?;
        if search.climbing.is_empty() || search.found.stopped_by == StopReason::Asked {
            break;
        }
        let Some((trial, measured)) = flow.next()? else {
            search.found.stopped_by = StopReason::Asked;
            break;
        };
        search.take(trial, measured, flow, on_event)?;
    }
    search.learn(on_event)?;
    let mut found = search.found;
    found.trials.sort_by_key(|trial| trial.number);
    Ok(found)
}

struct Asynchronous<'a> {
    plan: &'a SearchPlan,
    strategy: Box<dyn Strategy + 'a>,
    /// Its trials are in the order in which they ended.
    found: Found,
    /// How many of them the strategy has observed.
    n_learned: usize,
    /// How many candidates were proposed.
    n_numbers: usize,
    generation: usize,
    taken: BTreeSet<ArchitectureId>,
    /// Candidates that are proposed and not begun.
    waiting: VecDeque<Candidate>,
    /// Trials that are measured, by number.
    climbing: BTreeMap<usize, (Candidate, Trial)>,
    /// The trials that were last measured on each rung, as they stood then.
    peers: Vec<VecDeque<Trial>>,
}

impl Asynchronous<'_> {
    /// Begins candidates while there are places, proposing more where none is left.
    fn fill<F: Flow>(
        &mut self,
        flow: &mut F,
        on_event: &mut dyn FnMut(Event<'_>) -> Result<(), F::Error>,
    ) -> Result<(), F::Error> {
        while self.climbing.len() < self.plan.generation_size {
            if self.waiting.is_empty() && !self.propose(flow, on_event)? {
                break;
            }
            let Some(candidate) = self.waiting.pop_front() else { break };
            flow.begin(&candidate, 0)?;
            let trial = Trial::of(&candidate);
            self.climbing.insert(candidate.trial, (candidate, trial));
        }
        Ok(())
    }

    /// Has the strategy learn what ended since it last did.
    fn learn<E: From<SearchError>>(
        &mut self,
        on_event: &mut dyn FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (trials, new) = (&self.found.trials, self.n_learned..self.found.trials.len());
        if new.is_empty() {
            return Ok(());
        }
        self.strategy.observe(trials, new.clone())?;
        on_event(Event::Observed(&trials[new]))?;
        self.n_learned = trials.len();
        Ok(())
    }

    /// Proposes the next candidates, if there are to be any.
    fn propose<F: Flow>(
        &mut self,
        flow: &mut F,
        on_event: &mut dyn FnMut(Event<'_>) -> Result<(), F::Error>,
    ) -> Result<bool, F::Error> {
        let plan = self.plan;
        let n_candidates = match plan.next_generation(&self.found.trials, self.climbing.len()) {
            Ok(n_candidates) => n_candidates.min(plan.generation_size.div_ceil(SHARES)),
            Err(reason) => {
                self.found.stopped_by = reason;
                return Ok(false);
            }
        };
        self.learn(on_event)?;
        if let Some(generator) = self.strategy.generator()
            && self.found.generators.len() == generator.number
        {
            on_event(Event::Generator(&generator))?;
            self.found.generators.push(generator);
        }
        let asked = Asked {
            numbers: self.n_numbers..self.n_numbers + n_candidates,
            generation: self.generation,
            taken: &self.taken,
        };
        let by = screening(plan, flow.scorer())?;
        let candidates = proposed(self.strategy.as_ref(), plan, by, &self.found.trials, &asked, on_event)?;
        let Some(candidates) = candidates else {
            self.found.stopped_by = StopReason::Asked;
            return Ok(false);
        };
        if candidates.is_empty() {
            self.found.stopped_by = StopReason::Space;
            return Ok(false);
        }
        let open: u128 =
            self.climbing.values().map(|(_, trial)| plan.macs_of(&trial.cost, plan.rungs.len())).sum();
        let candidates = plan.affordable(plan.spent(&self.found.trials) + open, candidates);
        if candidates.is_empty() {
            self.found.stopped_by = StopReason::Macs;
            return Ok(false);
        }
        self.generation += 1;
        self.n_numbers += candidates.len();
        self.taken.extend(candidates.iter().map(|candidate| candidate.id));
        on_event(Event::Proposed(&candidates))?;
        on_event(Event::Rung { rung: 0, n_candidates: candidates.len() })?;
        self.waiting.extend(candidates);
        Ok(true)
    }

    /// Takes the measurement of a trial, which climbs on or has ended.
    fn take<F: Flow>(
        &mut self,
        number: usize,
        measured: Measured,
        flow: &mut F,
        on_event: &mut dyn FnMut(Event<'_>) -> Result<(), F::Error>,
    ) -> Result<(), F::Error> {
        let Some((candidate, mut trial)) = self.climbing.remove(&number) else {
            unreachable!("trial {number} is measured, and nobody began it")
        };
        let rung = trial.readings.len();
        trial.readings.push(measured);
        let next = rung + 1;
        if trial.trained(rung).is_some()
            && self.is_among_the_better(&trial, rung)
            && next < self.plan.rungs.len()
        {
            if is_out_of_reach(&trial, &self.found.trials, rung, self.plan) {
                on_event(Event::Pruned { rung, trials: &[number] })?;
            } else {
                flow.begin(&candidate, next)?;
                self.climbing.insert(number, (candidate, trial));
                return Ok(());
            }
        }
        self.found.trials.push(trial);
        Ok(())
    }

    /// Whether a trial that was just trained on a rung is among the share of its peers that climbs.
    fn is_among_the_better(&mut self, trial: &Trial, rung: usize) -> bool {
        let peers = &mut self.peers[rung];
        peers.push_back(trial.clone());
        if peers.len() > self.plan.generation_size {
            peers.pop_front();
        }
        let peers: Vec<&Trial> = peers.iter().collect();
        let climbs = Climbs::of_each(&self.found.trials, self.plan);
        let order = best_first(&peers, self.plan, &climbs);
        let n_kept = self.plan.rungs[rung].n_kept(peers.len());
        order.into_iter().take(n_kept).any(|position| peers[position].number == trial.number)
    }
}
