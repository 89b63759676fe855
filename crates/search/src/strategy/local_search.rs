use std::collections::BTreeSet;
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::stream;

use crate::front::climb::Climbs;
use crate::front::rank::best_first;
use crate::strategy::random::uniform;
use crate::{Candidate, Problem, SearchError, Strategy, Trial};

/// How many uniform draws stand before the first climb.
const N_FIRST: usize = 10;

/// Local search (White et al. 2021): from the best of a few uniform draws to the first better neighbour, and from
/// its neighbours on. When no neighbour is left untried, a new climb starts from a uniform draw.
pub(crate) struct LocalSearch<'a> {
    problem: &'a Problem<'a>,
    /// The index of the trial that the climb has reached.
    incumbent: Option<usize>,
}

impl<'a> LocalSearch<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>) -> Self {
        Self { problem, incumbent: None }
    }
}

impl Strategy for LocalSearch<'_> {
    fn propose(
        &self,
        history: &[Trial],
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let Problem { space, plan, .. } = self.problem;
        let decisions = space.decisions();
        let mut taken = taken.clone();
        let mut candidates = Vec::new();
        if let (Some(incumbent), true) = (self.incumbent, trials.start >= N_FIRST) {
            let incumbent = &history[incumbent];
            let steps: Vec<(usize, usize)> = decisions
                .iter()
                .enumerate()
                .flat_map(|(number, decision)| {
                    (0..decision.domain.choices()).map(move |choice| (number, choice))
                })
                .filter(|&(number, choice)| choice != incumbent.genome.choice(number))
                .collect();
            let mut random = stream(plan.seed, "local search", &[incumbent.number as u64]);
            for at in random.shuffled(steps.len()) {
                if candidates.len() == trials.len() {
                    break;
                }
                let (number, choice) = steps[at];
                let repaired = self.problem.repaired(decisions.with(&incumbent.genome, number, choice))?;
                if taken.insert(repaired.counted.id) {
                    let trial = trials.start + candidates.len();
                    candidates.push(repaired.candidate(trial, generation, Some(incumbent.number)));
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

    fn observe(&mut self, history: &[Trial], new: Range<usize>) -> Result<(), SearchError> {
        let plan = self.problem.plan;
        let climbs = Climbs::of_each(history, plan);
        for at in new.filter(|&at| history[at].top_rung().is_some()) {
            let trial = &history[at];
            let starts_anew = trial.parent.is_none() && trial.number >= N_FIRST;
            let is_better = self
                .incumbent
                .is_none_or(|incumbent| best_first(&[&history[incumbent], trial], plan, &climbs)[0] == 1);
            if starts_anew || is_better {
                self.incumbent = Some(at);
            }
        }
        Ok(())
    }
}
