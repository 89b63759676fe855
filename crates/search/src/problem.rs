use std::collections::BTreeSet;

use netsynth_graph::{ArchitectureId, Graph};
use netsynth_space::{Domain, Genome, SearchSpace};

use crate::{Candidate, Indicator, Performance, SearchError, SearchPlan};

/// How often a strategy draws again when a network was already proposed.
const MAX_ATTEMPTS: u64 = 200;

/// What every strategy is given: the space, what is asked of a network, and the seed.
#[derive(Debug)]
pub struct Problem<'a> {
    /// What may vary.
    pub space: &'a SearchSpace,
    /// What a network must meet.
    pub indicator: &'a Indicator,
    /// What makes one better than another.
    pub performance: Performance,
    /// The run's seed.
    pub seed: u64,
    /// A genome that keeps every ceiling.
    smallest: Genome,
}

impl<'a> Problem<'a> {
    /// States the problem, or says which ceiling no network of the space can keep.
    pub fn new(space: &'a SearchSpace, plan: &'a SearchPlan) -> Result<Self, SearchError> {
        plan.check()?;
        let smallest = smallest(space, &plan.indicator)?;
        let cost = space.decode(&smallest, "smallest")?.cost();
        let problem = Self {
            space,
            indicator: &plan.indicator,
            performance: plan.performance,
            seed: plan.seed,
            smallest,
        };
        let metrics = crate::Metrics { accuracy: 1.0, cost };
        match plan.indicator.worst_miss(&metrics) {
            None => Ok(problem),
            Some(miss) => Err(SearchError::OutOfReach {
                space: space.name().to_owned(),
                constraint: miss.constraint.to_string(),
                least: miss.value as u64,
            }),
        }
    }

    /// The nearest genome below this one whose network keeps every ceiling, with that network.
    ///
    /// Widths, kernels and depths shrink by one common factor, found by bisection, so the proportions between
    /// layers stay; if that is not enough, the smallest network takes its place.
    pub fn repaired(&self, genome: Genome, name: &str) -> Result<(Genome, Graph), SearchError> {
        let graph = self.space.decode(&genome, name)?;
        if self.indicator.counted_violation(graph.cost()) == 0.0 {
            return Ok((genome, graph));
        }
        let mut best = self.shrunk(&genome, 0.0, name)?;
        if self.indicator.counted_violation(best.1.cost()) > 0.0 {
            return Ok((self.smallest.clone(), self.space.decode(&self.smallest, name)?));
        }
        let (mut kept, mut broken) = (0.0, 1.0);
        for _ in 0..12 {
            let factor = 0.5 * (kept + broken);
            let shrunk = self.shrunk(&genome, factor, name)?;
            if self.indicator.counted_violation(shrunk.1.cost()) == 0.0 {
                (kept, best) = (factor, shrunk);
            } else {
                broken = factor;
            }
        }
        Ok(best)
    }

    fn shrunk(&self, genome: &Genome, factor: f64, name: &str) -> Result<(Genome, Graph), SearchError> {
        let shrunk = self.space.genome(|number, decision| match decision.domain {
            Domain::Ordinal(_) => (genome.choice(number) as f64 * factor) as usize,
            Domain::Switch => genome.choice(number),
        });
        let graph = self.space.decode(&shrunk, name)?;
        Ok((shrunk, graph))
    }

    /// The first of a series of draws whose repaired network is new. A space that yields nothing new in
    /// [`MAX_ATTEMPTS`] draws is walked from the last draw, one decision at a time, so that no training is spent
    /// twice while there is anything else to train.
    pub(crate) fn first_new(
        &self,
        trial: usize,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
        draw: impl Fn(u64) -> Genome,
    ) -> Result<Candidate, SearchError> {
        let name = format!("trial-{trial:05}");
        let candidate = |(genome, graph): (Genome, Graph)| Candidate {
            trial,
            generation,
            id: ArchitectureId::of(&graph),
            genome,
            graph,
            predicted: None,
        };
        let mut last = candidate(self.repaired(draw(0), &name)?);
        for attempt in 1..MAX_ATTEMPTS {
            if !taken.contains(&last.id) {
                return Ok(last);
            }
            last = candidate(self.repaired(draw(attempt), &name)?);
        }
        let start = last.genome.clone();
        for (number, decision) in self.space.decisions().iter().enumerate() {
            for choice in 0..decision.domain.choices() {
                if !taken.contains(&last.id) {
                    return Ok(last);
                }
                last = candidate(self.repaired(self.space.with(&start, number, choice), &name)?);
            }
        }
        Ok(last)
    }
}

/// The genome found to violate the ceilings least: coordinate descent from the smallest ordinals.
fn smallest(space: &SearchSpace, indicator: &Indicator) -> Result<Genome, SearchError> {
    let mut best = space.genome(|_, decision| match decision.domain {
        Domain::Ordinal(_) => 0,
        Domain::Switch => decision.prototype,
    });
    let mut violation = indicator.counted_violation(space.decode(&best, "smallest")?.cost());
    let mut improved = true;
    while violation > 0.0 && improved {
        improved = false;
        for (number, decision) in space.decisions().iter().enumerate() {
            for choice in [0, decision.domain.choices() - 1] {
                let genome = space.with(&best, number, choice);
                let found = indicator.counted_violation(space.decode(&genome, "smallest")?.cost());
                if found < violation {
                    (best, violation, improved) = (genome, found, true);
                }
            }
        }
    }
    Ok(best)
}
