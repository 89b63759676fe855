use std::collections::BTreeSet;

use netsynth_graph::ArchitectureId;
use serde::{Deserialize, Serialize};

use crate::random::Random;
use crate::synthesis::Synthesis;
use crate::{Candidate, Generator, Problem, SearchError, SearchPlan, Trial};

/// Who proposes candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StrategyKind {
    /// Generative synthesis: a learned generator, advised by an inquisitor.
    Synthesis,
    /// Uniform draws from the space: the yardstick.
    Random,
}

/// Proposes candidates and learns from what became of them.
///
/// A proposal is a function of what was observed and of the trial's number, so replaying the observations
/// restores a strategy exactly.
pub trait Strategy {
    /// A candidate for the trial of this number whose network is not among `taken`, unless the space is spent.
    fn propose(
        &self,
        trial: usize,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Candidate, SearchError>;

    /// Learns from the trials of a finished generation, in order of their numbers.
    fn observe(&mut self, generation: &[Trial], plan: &SearchPlan) -> Result<(), SearchError>;

    /// The generator as it stands, where the strategy has one.
    fn generator(&self) -> Option<Generator>;
}

impl StrategyKind {
    /// The strategy before it has observed anything.
    pub fn start<'a>(self, problem: &'a Problem<'a>) -> Box<dyn Strategy + 'a> {
        match self {
            StrategyKind::Synthesis => Box::new(Synthesis::new(problem)),
            StrategyKind::Random => Box::new(Random::new(problem)),
        }
    }
}
