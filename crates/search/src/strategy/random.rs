use std::collections::BTreeSet;
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::{Stream, stream};
use netsynth_space::{Decisions, Genome};

use crate::{Candidate, Problem, SearchError, Strategy, Trial};

/// Uniform draws from the space, brought within the counted half of the indicator.
pub(crate) struct Random<'a> {
    problem: &'a Problem<'a>,
}

impl<'a> Random<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>) -> Self {
        Self { problem }
    }
}

/// Every choice alike.
pub(crate) fn uniform(decisions: &Decisions, random: &mut Stream) -> Genome {
    decisions.genome(|_, decision| random.below(decision.domain.choices()))
}

impl Strategy for Random<'_> {
    fn propose(
        &self,
        _: &[Trial],
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let Problem { space, plan, .. } = self.problem;
        self.problem.each_new(trials, generation, taken, |trial, attempt| {
            let mut random = stream(plan.seed, "random", &[trial as u64, attempt]);
            (uniform(space.decisions(), &mut random), None)
        })
    }

    fn observe(&mut self, _: &[Trial], _: Range<usize>) -> Result<(), SearchError> {
        Ok(())
    }
}
