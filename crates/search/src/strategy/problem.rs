use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::stream;
use netsynth_space::{Counted, Domain, Genome, Space};

use crate::metric::indicator::worst_miss;
use crate::strategy::repair::RepairedGenome;
use crate::{Candidate, Constraint, Generator, Metrics, PastSearch, SearchError, SearchPlan};

/// How often a strategy draws again when a network was already proposed, before the space is walked.
const MAX_ATTEMPTS: u64 = 50;

/// A space of at most so many genomes is walked through when draws bring nothing new.
const WALKABLE: f64 = 1e5;

/// How many genomes of a larger space are looked at around the last draw.
const MAX_STEPS: usize = 5000;

/// What every strategy is given: the space and the plan.
pub struct Problem<'a> {
    /// What may vary.
    pub space: &'a dyn Space,
    /// What is asked of a network, and the run's seed.
    pub plan: &'a SearchPlan,
    /// A genome that keeps every ceiling.
    pub(crate) smallest: Genome,
    /// What earlier searches of the space measured.
    pub(crate) past: Vec<PastSearch>,
}

impl<'a> Problem<'a> {
    /// States the problem, or says which ceiling no network of the space can keep.
    pub fn new(space: &'a dyn Space, plan: &'a SearchPlan) -> Result<Self, SearchError> {
        plan.check()?;
        let violation = |counted: &Counted| plan.indicator.counted_violation(counted.cost);
        let smallest = least(space, 0.0, violation)?;
        let cost = space.count(&smallest)?.cost;
        match worst_miss(plan.indicator.counted(), &Metrics::counted(&cost)) {
            None => Ok(Self { space, plan, smallest, past: Vec::new() }),
            Some(missed) => Err(SearchError::OutOfReach {
                space: space.name().to_owned(),
                constraint: missed.to_string(),
                least: missed.metric().counted(&cost).map_or("none".to_owned(), |least| {
                    format!("{least}{}", missed.metric().unit().plain().sign())
                }),
            }),
        }
    }

    /// The same with what earlier searches measured, which a strategy with a prior may learn from.
    #[must_use]
    pub fn knowing(self, past: Vec<PastSearch>) -> Self {
        Self { past, ..self }
    }

    /// The network of a seed: G(s; theta_G) within every ceiling.
    pub fn sample(&self, generator: &Generator, seed: u64) -> Result<(Genome, Counted), SearchError> {
        let genome = generator.sample(self.space.decisions(), &mut stream(seed, "sample", &[]));
        let RepairedGenome { genome, counted } = self.repaired(genome)?;
        Ok((genome, counted))
    }

    /// The ends of the front that counting alone finds: for each counted objective the network with the least loss
    /// within the ceilings. None where the indicator bounds a measured metric, which they would hardly meet.
    pub(crate) fn ends(&self) -> Result<Vec<RepairedGenome>, SearchError> {
        let Self { space, plan, .. } = self;
        let mut ends = Vec::new();
        if plan.indicator.measured().next().is_some() {
            return Ok(ends);
        }
        for objective in plan.counted_objectives() {
            let genome = least(*space, f64::NEG_INFINITY, |counted| {
                let is_refused = plan.indicator.counted_violation(counted.cost) > 0.0;
                if is_refused { f64::INFINITY } else { objective.loss(&Metrics::counted(&counted.cost)) }
            })?;
            ends.push(self.repaired(genome)?);
        }
        Ok(ends)
    }

    /// The largest loss within the ceilings that each counted objective can have.
    pub(crate) fn worst_losses(&self) -> Result<Vec<f64>, SearchError> {
        let Self { space, plan, .. } = self;
        let worst = plan.counted_objectives().map(|objective| {
            let loss = |counted: &Counted| objective.loss(&Metrics::counted(&counted.cost));
            let genome = least(*space, f64::NEG_INFINITY, |counted| -loss(counted))?;
            let ceilings = plan.indicator.constraints.iter().filter_map(|constraint| match constraint {
                Constraint::AtMost(metric, bound) if *metric == objective.metric() => Some(*bound),
                Constraint::AtMost(..) | Constraint::AtLeast(..) => None,
            });
            Ok(ceilings.fold(loss(&space.count(&genome)?), f64::min))
        });
        worst.collect()
    }

    /// A new network for each trial, the first that a series of draws brings; fewer where the space has no more.
    pub(crate) fn each_new(
        &self,
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
        mut draw: impl FnMut(usize, u64) -> (Genome, Option<usize>),
    ) -> Result<Vec<Candidate>, SearchError> {
        let mut taken = taken.clone();
        let mut candidates = Vec::new();
        for trial in trials {
            let Some((repaired, parent)) = self.first_new(&taken, |attempt| draw(trial, attempt))? else {
                break;
            };
            taken.insert(repaired.counted.id);
            candidates.push(repaired.candidate(trial, generation, parent));
        }
        Ok(candidates)
    }

    /// The first of a series of draws whose network is new. When draws bring nothing new the space is walked, so
    /// that no training is spent twice while there is anything else to train; nothing if there is not.
    fn first_new(
        &self,
        taken: &BTreeSet<ArchitectureId>,
        mut draw: impl FnMut(u64) -> (Genome, Option<usize>),
    ) -> Result<Option<(RepairedGenome, Option<usize>)>, SearchError> {
        let mut last = None;
        for attempt in 0..MAX_ATTEMPTS {
            let (genome, parent) = draw(attempt);
            let repaired = self.repaired(genome)?;
            if !taken.contains(&repaired.counted.id) {
                return Ok(Some((repaired, parent)));
            }
            last = Some(repaired);
        }
        match last {
            Some(last) => Ok(self.walked(last, taken)?.map(|repaired| (repaired, None))),
            None => Ok(None),
        }
    }

    /// A new network found by looking: at every genome of a small space, else at those around another genome.
    pub(crate) fn walked(
        &self,
        from: RepairedGenome,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Option<RepairedGenome>, SearchError> {
        let decisions = self.space.decisions();
        let within = |genome: Genome| -> Result<Option<RepairedGenome>, SearchError> {
            let counted = self.space.count(&genome)?;
            Ok(self.keeps_ceilings(&counted).then_some(RepairedGenome { genome, counted }))
        };
        if decisions.log10_size() <= WALKABLE.log10() {
            // An odometer that starts at that genome, so that walks from elsewhere find something else.
            let mut genome = from.genome.clone();
            loop {
                let mut at = 0;
                while at < decisions.len() {
                    let next = (genome.choice(at) + 1) % decisions[at].domain.choices();
                    genome = decisions.with(&genome, at, next);
                    if next != from.genome.choice(at) {
                        break;
                    }
                    at += 1;
                }
                if at == decisions.len() {
                    return Ok(None);
                }
                if let Some(repaired) = within(genome.clone())?
                    && !taken.contains(&repaired.counted.id)
                {
                    return Ok(Some(repaired));
                }
            }
        }
        let mut seen = BTreeSet::from([from.genome.clone()]);
        let mut queue = VecDeque::from([from.genome]);
        while let Some(genome) = queue.pop_front() {
            for (number, decision) in decisions.iter().enumerate() {
                for choice in 0..decision.domain.choices() {
                    let genome = decisions.with(&genome, number, choice);
                    if seen.len() >= MAX_STEPS || !seen.insert(genome.clone()) {
                        continue;
                    }
                    match within(genome)? {
                        Some(repaired) if taken.contains(&repaired.counted.id) => {
                            queue.push_back(repaired.genome)
                        }
                        Some(repaired) => return Ok(Some(repaired)),
                        None => {}
                    }
                }
            }
        }
        Ok(None)
    }
}

/// The genome found to have the least of a measure, from the smallest ordinals down. It stops at `enough`.
fn least(space: &dyn Space, enough: f64, measure: impl Fn(&Counted) -> f64) -> Result<Genome, SearchError> {
    let decisions = space.decisions();
    let smallest = decisions.genome(|_, decision| match decision.domain {
        Domain::Ordinal(_) => 0,
        Domain::Switch | Domain::Alternatives(_) => decision.prototype,
    });
    let (found, _) =
        decisions.descend(smallest, enough, |genome| space.count(genome).map(|counted| measure(&counted)))?;
    Ok(found)
}
