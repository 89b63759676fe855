use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::stream;
use netsynth_space::{Counted, Domain, Genome, Space};

use crate::{Candidate, Constraint, Generator, Metric, Metrics, SearchError, SearchPlan};

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
    smallest: Genome,
}

/// A genome within every ceiling, and what counting tells of its network.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) genome: Genome,
    pub(crate) counted: Counted,
}

impl<'a> Problem<'a> {
    /// States the problem, or says which ceiling no network of the space can keep.
    pub fn new(space: &'a dyn Space, plan: &'a SearchPlan) -> Result<Self, SearchError> {
        plan.check()?;
        let violation = |counted: &Counted| plan.indicator.counted_violation(counted.cost);
        let smallest = least(space, 0.0, violation)?;
        let metrics = Metrics { accuracy: 1.0, cost: space.count(&smallest)?.cost };
        match plan.indicator.worst_miss(&metrics) {
            None => Ok(Self { space, plan, smallest }),
            Some(miss) => Err(SearchError::OutOfReach {
                space: space.name().to_owned(),
                constraint: miss.constraint.to_string(),
                least: miss.value as u64,
            }),
        }
    }

    /// The network of a seed: G(s; theta_G) within every ceiling.
    pub fn sample(&self, generator: &Generator, seed: u64) -> Result<(Genome, Counted), SearchError> {
        let genome = generator.sample(self.space.decisions(), &mut stream(seed, "sample", &[]));
        let Draft { genome, counted } = self.within(genome)?;
        Ok((genome, counted))
    }

    /// The ends of the front that counting alone finds: for each counted objective the network with the least loss
    /// within the ceilings. None where the indicator has a floor on accuracy, which they would hardly meet.
    pub(crate) fn ends(&self) -> Result<Vec<Draft>, SearchError> {
        let Self { space, plan, .. } = self;
        let mut ends = Vec::new();
        if plan.indicator.floor(Metric::Accuracy).is_finite() {
            return Ok(ends);
        }
        for objective in plan.objectives.iter().filter(|objective| objective.metric().is_counted()) {
            let genome = least(*space, f64::NEG_INFINITY, |counted| {
                let metrics = Metrics { accuracy: 0.0, cost: counted.cost };
                let is_refused = plan.indicator.counted_violation(counted.cost) > 0.0;
                if is_refused { f64::INFINITY } else { objective.loss(&metrics) }
            })?;
            ends.push(self.within(genome)?);
        }
        Ok(ends)
    }

    /// The largest loss within the ceilings that each counted objective can have.
    pub(crate) fn worst_losses(&self) -> Result<Vec<f64>, SearchError> {
        let Self { space, plan, .. } = self;
        let counted = plan.objectives.iter().filter(|objective| objective.metric().is_counted());
        let worst = counted.map(|objective| {
            let loss = |counted: &Counted| objective.loss(&Metrics { accuracy: 0.0, cost: counted.cost });
            let genome = least(*space, f64::NEG_INFINITY, |counted| -loss(counted))?;
            let ceilings = plan.indicator.constraints.iter().filter_map(|constraint| match constraint {
                Constraint::AtMost(metric, bound) if *metric == objective.metric() => Some(*bound),
                Constraint::AtMost(..) | Constraint::AtLeast(..) => None,
            });
            Ok(ceilings.fold(loss(&space.count(&genome)?), f64::min))
        });
        worst.collect()
    }

    /// Whether counting alone does not refuse the network.
    fn keeps_ceilings(&self, counted: &Counted) -> bool {
        self.plan.indicator.counted_violation(counted.cost) == 0.0
    }

    /// The nearest genome towards smaller networks that keeps every ceiling.
    ///
    /// Widths, kernels and depths first shrink by one common factor, found by bisection, so that the proportions
    /// between layers stay. Where that is not enough, decisions are taken over from the smallest network one after
    /// another, in an order that depends on the genome, until it is.
    pub(crate) fn within(&self, genome: Genome) -> Result<Draft, SearchError> {
        let counted = self.space.count(&genome)?;
        if self.keeps_ceilings(&counted) {
            return Ok(Draft { genome, counted });
        }
        if let Some(draft) = self.least_change(12, |share| self.shrunk(&genome, 1.0 - share))? {
            return Ok(draft);
        }
        let shrunk = self.shrunk(&genome, 0.0);
        let place: Vec<u64> = genome.choices().map(|choice| choice as u64).collect();
        let order = stream(0, "repair", &place).shuffled(genome.choices().len());
        let n_steps = usize::BITS - order.len().leading_zeros();
        let taken_over = self.least_change(n_steps, |share| {
            let count = (share * order.len() as f64).ceil() as usize;
            self.space.decisions().genome(|number, _| {
                let from = if order[..count].contains(&number) { &self.smallest } else { &shrunk };
                from.choice(number)
            })
        })?;
        match taken_over {
            Some(draft) => Ok(draft),
            None => Ok(Draft { genome: self.smallest.clone(), counted: self.space.count(&self.smallest)? }),
        }
    }

    /// The draft of the least share of a change that keeps every ceiling, found by bisection; none if the whole
    /// change does not.
    fn least_change(
        &self,
        n_steps: u32,
        changed: impl Fn(f64) -> Genome,
    ) -> Result<Option<Draft>, SearchError> {
        let draft = |share: f64| -> Result<Option<Draft>, SearchError> {
            let genome = changed(share);
            let counted = self.space.count(&genome)?;
            Ok(self.keeps_ceilings(&counted).then_some(Draft { genome, counted }))
        };
        let Some(mut best) = draft(1.0)? else { return Ok(None) };
        let (mut broken, mut kept) = (0.0, 1.0);
        for _ in 0..n_steps {
            let share = 0.5 * (kept + broken);
            match draft(share)? {
                Some(found) => (kept, best) = (share, found),
                None => broken = share,
            }
        }
        Ok(Some(best))
    }

    fn shrunk(&self, genome: &Genome, factor: f64) -> Genome {
        self.space.decisions().genome(|number, decision| match decision.domain {
            Domain::Ordinal(_) => (genome.choice(number) as f64 * factor) as usize,
            Domain::Switch | Domain::Alternatives(_) => genome.choice(number),
        })
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
            let Some((draft, parent)) = self.first_new(&taken, |attempt| draw(trial, attempt))? else {
                break;
            };
            taken.insert(draft.counted.id);
            candidates.push(draft.candidate(trial, generation, parent));
        }
        Ok(candidates)
    }

    /// The first of a series of draws whose network is new. When draws bring nothing new the space is walked, so
    /// that no training is spent twice while there is anything else to train; nothing if there is not.
    fn first_new(
        &self,
        taken: &BTreeSet<ArchitectureId>,
        mut draw: impl FnMut(u64) -> (Genome, Option<usize>),
    ) -> Result<Option<(Draft, Option<usize>)>, SearchError> {
        let mut last = None;
        for attempt in 0..MAX_ATTEMPTS {
            let (genome, parent) = draw(attempt);
            let draft = self.within(genome)?;
            if !taken.contains(&draft.counted.id) {
                return Ok(Some((draft, parent)));
            }
            last = Some(draft);
        }
        match last {
            Some(last) => Ok(self.walked(last, taken)?.map(|draft| (draft, None))),
            None => Ok(None),
        }
    }

    /// A new network found by looking: at every genome of a small space, else at those around a draft.
    pub(crate) fn walked(
        &self,
        from: Draft,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Option<Draft>, SearchError> {
        let decisions = self.space.decisions();
        let within = |genome: Genome| -> Result<Option<Draft>, SearchError> {
            let counted = self.space.count(&genome)?;
            Ok(self.keeps_ceilings(&counted).then_some(Draft { genome, counted }))
        };
        if decisions.log10_size() <= WALKABLE.log10() {
            // An odometer that starts at the draft, so that walks from elsewhere find something else.
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
                if let Some(draft) = within(genome.clone())?
                    && !taken.contains(&draft.counted.id)
                {
                    return Ok(Some(draft));
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
                        Some(draft) if taken.contains(&draft.counted.id) => queue.push_back(draft.genome),
                        Some(draft) => return Ok(Some(draft)),
                        None => {}
                    }
                }
            }
        }
        Ok(None)
    }
}

impl Draft {
    pub(crate) fn candidate(self, trial: usize, generation: usize, parent: Option<usize>) -> Candidate {
        let Counted { id, cost } = self.counted;
        Candidate { trial, generation, genome: self.genome, id, cost, parent, predicted: None }
    }
}

/// The genome found to have the least of a measure: coordinate descent from the smallest ordinals. It stops at
/// `enough`.
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
