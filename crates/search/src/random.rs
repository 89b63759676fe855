use std::collections::BTreeSet;

use netsynth_graph::ArchitectureId;
use netsynth_space::stream;

use crate::{Candidate, Generator, Problem, SearchError, SearchPlan, Strategy, Trial};

/// Uniform draws from the space, brought within the counted half of the indicator.
pub(crate) struct Random<'a> {
    problem: &'a Problem<'a>,
}

impl<'a> Random<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>) -> Self {
        Self { problem }
    }
}

impl Strategy for Random<'_> {
    fn propose(
        &self,
        trial: usize,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Candidate, SearchError> {
        self.problem.first_new(trial, generation, taken, |attempt| {
            let mut random = stream(self.problem.seed, "random", &[trial as u64, attempt]);
            self.problem.space.genome(|_, decision| random.below(decision.domain.choices()))
        })
    }

    fn observe(&mut self, _: &[Trial], _: &SearchPlan) -> Result<(), SearchError> {
        Ok(())
    }

    fn generator(&self) -> Option<Generator> {
        None
    }
}
