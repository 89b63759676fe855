use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::strategy::evolution::Evolution;
use crate::strategy::local_search::LocalSearch;
use crate::strategy::nsga2::Nsga2;
use crate::strategy::random::Random;
use crate::strategy::scaling::Scaling;
use crate::synthesis::synthesis::Synthesis;
use crate::{Candidate, Generator, Problem, SearchError, Trial};

/// Who proposes candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum StrategyKind {
    /// Generative synthesis: a learned generator whose many draws an inquisitor ranks.
    Synthesis,
    /// The same without the plan's `prior`: what that is worth is the difference.
    Unprimed,
    /// The same without what earlier searches teach: what the plan's `learn_from` is worth is the difference.
    Untaught,
    /// The same generator, learning from the better trials alone: what the inquisitor is worth is the difference.
    Unadvised,
    /// Regularised evolution (Real et al. 2019).
    Evolution,
    /// Hill climbing over single changes with restarts (White et al. 2021).
    LocalSearch,
    /// NSGA-II (Deb et al. 2002).
    Nsga2,
    /// The prototype with its widths and depths scaled by a factor each: what a person tries first.
    Scaling,
    /// Uniform draws from the space: the yardstick.
    Random,
}

impl StrategyKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Synthesis,
        Self::Unprimed,
        Self::Untaught,
        Self::Unadvised,
        Self::Evolution,
        Self::LocalSearch,
        Self::Nsga2,
        Self::Scaling,
        Self::Random,
    ];

    /// Its name on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            StrategyKind::Synthesis => "synthesis",
            StrategyKind::Unprimed => "unprimed",
            StrategyKind::Untaught => "untaught",
            StrategyKind::Unadvised => "unadvised",
            StrategyKind::Evolution => "evolution",
            StrategyKind::LocalSearch => "local-search",
            StrategyKind::Nsga2 => "nsga2",
            StrategyKind::Scaling => "scaling",
            StrategyKind::Random => "random",
        }
    }

    /// The strategy before it has observed anything.
    pub fn start<'a>(self, problem: &'a Problem<'a>) -> Result<Box<dyn Strategy + 'a>, SearchError> {
        let prior = problem.plan.prior;
        Ok(match self {
            StrategyKind::Synthesis | StrategyKind::Untaught => Box::new(Synthesis::advised(problem, prior)?),
            StrategyKind::Unprimed => Box::new(Synthesis::advised(problem, None)?),
            StrategyKind::Unadvised => Box::new(Synthesis::unadvised(problem, prior)?),
            StrategyKind::Evolution => Box::new(Evolution::new(problem)),
            StrategyKind::LocalSearch => Box::new(LocalSearch::new(problem)),
            StrategyKind::Nsga2 => Box::new(Nsga2::new(problem)),
            StrategyKind::Scaling => Box::new(Scaling::new(problem)?),
            StrategyKind::Random => Box::new(Random::new(problem)),
        })
    }
}

impl fmt::Display for StrategyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Proposes candidates and learns from what became of them.
///
/// Proposals are a function of what was observed and of the trials' numbers, so replaying the observations
/// restores a strategy exactly. The run's history belongs to the run: a strategy keeps what it learned and indices.
pub trait Strategy {
    /// A candidate for each of these trial numbers, every network within the counted half of the indicator, unlike each
    /// other and not among `taken`. Fewer than asked only where the space has no more. `history` is every trial so far,
    /// all of them observed.
    fn propose(
        &self,
        history: &[Trial],
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError>;

    /// Learns from the trials of a finished generation, those at `new` in the history of every trial so far.
    fn observe(&mut self, history: &[Trial], new: Range<usize>) -> Result<(), SearchError>;

    /// The generator as it stands, where the strategy has one.
    fn generator(&self) -> Option<Generator> {
        None
    }
}
