use std::collections::BTreeSet;
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::stream;

use crate::promotion::{by_merit, gains};
use crate::random::uniform;
use crate::{Candidate, Problem, SearchError, Strategy, Trial};

/// How many uniform draws stand before the first climb.
const N_FIRST: usize = 10;

/// Local search (White et al. 2021): from the best of a few uniform draws to the first better neighbour, and from
/// its neighbours on. When no neighbour is left untried, a new climb starts from a uniform draw.
pub(crate) struct LocalSearch<'a> {
    problem: &'a Problem<'a>,
    trials: Vec<Trial>,
    /// Where the climb stands: an index into the trials.
    summit: Option<usize>,
}

impl<'a> LocalSearch<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>) -> Self {
        Self { problem, trials: Vec::new(), summit: None }
    }
}

impl Strategy for LocalSearch<'_> {
    fn propose(
        &self,
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let Problem { space, plan, .. } = self.problem;
        let decisions = space.decisions();
        let mut taken = taken.clone();
        let mut candidates = Vec::new();
        if let (Some(summit), true) = (self.summit, trials.start >= N_FIRST) {
            let summit = &self.trials[summit];
            let steps: Vec<(usize, usize)> = decisions
                .iter()
                .enumerate()
                .flat_map(|(number, decision)| {
                    (0..decision.domain.choices()).map(move |choice| (number, choice))
                })
                .filter(|&(number, choice)| choice != summit.genome.choice(number))
                .collect();
            let mut random = stream(plan.seed, "local search", &[summit.number as u64]);
            for at in random.shuffled(steps.len()) {
                if candidates.len() == trials.len() {
                    break;
                }
                let (number, choice) = steps[at];
                let draft = self.problem.within(decisions.with(&summit.genome, number, choice))?;
                if taken.insert(draft.counted.id) {
                    let trial = trials.start + candidates.len();
                    candidates.push(draft.candidate(trial, generation, Some(summit.number)));
                }
            }
        }
        let rest = trials.start + candidates.len()..trials.end;
        candidates.extend(self.problem.each_new(rest, generation, &taken, |trial, attempt| {
            let mut random = stream(plan.seed, "local search restarts", &[trial as u64, attempt]);
            (uniform(decisions, &mut random), None)
        })?);
        Ok(candidates)
    }

    fn observe(&mut self, generation: &[Trial]) -> Result<(), SearchError> {
        let first = self.trials.len();
        self.trials.extend_from_slice(generation);
        let gains = gains(&self.trials, self.problem.plan.rungs.len());
        for at in first..self.trials.len() {
            let trial = &self.trials[at];
            if trial.latest().is_none() {
                continue;
            }
            let starts_anew = trial.parent.is_none() && trial.number >= N_FIRST;
            let is_better = self.summit.is_none_or(|summit| {
                by_merit(&[&self.trials[summit], trial], self.problem.plan, &gains)[0] == 1
            });
            if starts_anew || is_better {
                self.summit = Some(at);
            }
        }
        Ok(())
    }
}
