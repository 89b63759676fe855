//! Genomes brought within the ceilings of the indicator.

use netsynth_random::stream;
use netsynth_space::{Counted, Domain, Genome};

use crate::{Candidate, Problem, SearchError};

/// A genome within every ceiling, and what counting tells of its network.
#[derive(Debug, Clone)]
pub(crate) struct RepairedGenome {
    pub(crate) genome: Genome,
    pub(crate) counted: Counted,
}

impl Problem<'_> {
    /// Whether counting alone does not refuse the network.
    pub(crate) fn keeps_ceilings(&self, counted: &Counted) -> bool {
        self.plan.indicator.counted_violation(counted.cost) == 0.0
    }

    /// The nearest genome towards smaller networks that keeps every ceiling.
    ///
    /// Widths, kernels and depths first shrink by one common factor, found by bisection, so that the proportions
    /// between layers stay. Where that is not enough, decisions are taken over from the smallest network one after
    /// another, in an order that depends on the genome, until it is.
    pub(crate) fn repaired(&self, genome: Genome) -> Result<RepairedGenome, SearchError> {
        let counted = self.space.count(&genome)?;
        if self.keeps_ceilings(&counted) {
            return Ok(RepairedGenome { genome, counted });
        }
        if let Some(repaired) = self.least_change(12, |share| self.shrunk(&genome, 1.0 - share))? {
            return Ok(repaired);
        }
        let shrunk = self.shrunk(&genome, 0.0);
        let key: Vec<u64> = genome.choices().map(|choice| choice as u64).collect();
        let order = stream(0, "repair", &key).shuffled(genome.choices().len());
        let n_steps = usize::BITS - order.len().leading_zeros();
        let taken_over = self.least_change(n_steps, |share| {
            let count = (share * order.len() as f64).ceil() as usize;
            self.space.decisions().genome(|number, _| {
                let from = if order[..count].contains(&number) { &self.smallest } else { &shrunk };
                from.choice(number)
            })
        })?;
        match taken_over {
            Some(repaired) => Ok(repaired),
            None => Ok(RepairedGenome {
                genome: self.smallest.clone(),
                counted: self.space.count(&self.smallest)?,
            }),
        }
    }

    /// The genome of the least share of a change that keeps every ceiling, found by bisection; none if the whole
    /// change does not.
    fn least_change(
        &self,
        n_steps: u32,
        changed: impl Fn(f64) -> Genome,
    ) -> Result<Option<RepairedGenome>, SearchError> {
        let attempt = |share: f64| -> Result<Option<RepairedGenome>, SearchError> {
            let genome = changed(share);
            let counted = self.space.count(&genome)?;
            Ok(self.keeps_ceilings(&counted).then_some(RepairedGenome { genome, counted }))
        };
        let Some(mut best) = attempt(1.0)? else { return Ok(None) };
        let (mut broken, mut kept) = (0.0, 1.0);
        for _ in 0..n_steps {
            let share = 0.5 * (kept + broken);
            match attempt(share)? {
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
}

impl RepairedGenome {
    pub(crate) fn candidate(self, trial: usize, generation: usize, parent: Option<usize>) -> Candidate {
        let Counted { id, cost } = self.counted;
        Candidate { trial, generation, genome: self.genome, id, cost, parent, predicted: None }
    }
}
