use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::{Stream, stream};
use netsynth_space::{Decisions, Genome};

use crate::front::climb::Climbs;
use crate::front::rank::best_first;
use crate::strategy::random::uniform;
use crate::{Candidate, Problem, SearchError, Strategy, Trial};

/// How many trials live at once.
const POPULATION: usize = 20;

/// How many of them compete to be a parent.
const TOURNAMENT: usize = 5;

/// Regularised evolution (Real et al. 2019): the best of a random few is changed in one decision, and the oldest
/// dies. The first population is drawn uniformly.
pub(crate) struct Evolution<'a> {
    problem: &'a Problem<'a>,
    /// Indices of trials, the oldest first.
    population: VecDeque<usize>,
}

impl<'a> Evolution<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>) -> Self {
        Self { problem, population: VecDeque::new() }
    }
}

/// One decision, drawn with its new choice.
pub(crate) fn mutated(decisions: &Decisions, genome: &Genome, random: &mut Stream) -> Genome {
    let free: Vec<usize> =
        (0..decisions.len()).filter(|&number| decisions[number].domain.choices() > 1).collect();
    if free.is_empty() {
        return genome.clone();
    }
    let number = free[random.below(free.len())];
    let n_others = decisions[number].domain.choices() - 1;
    let other = random.below(n_others);
    decisions.with(genome, number, other + usize::from(other >= genome.choice(number)))
}

impl Strategy for Evolution<'_> {
    fn propose(
        &self,
        history: &[Trial],
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let Problem { space, plan, .. } = self.problem;
        let climbs = Climbs::of_each(history, plan);
        self.problem.each_new(trials, generation, taken, |trial, attempt| {
            let mut random = stream(plan.seed, "evolution", &[trial as u64, attempt]);
            if trial < POPULATION || self.population.is_empty() {
                return (uniform(space.decisions(), &mut random), None);
            }
            let few: Vec<&Trial> = (0..TOURNAMENT)
                .map(|_| &history[self.population[random.below(self.population.len())]])
                .collect();
            let parent = few[best_first(&few, plan, &climbs)[0]];
            (mutated(space.decisions(), &parent.genome, &mut random), Some(parent.number))
        })
    }

    fn observe(&mut self, history: &[Trial], new: Range<usize>) -> Result<(), SearchError> {
        self.population.extend(new.filter(|&at| history[at].top_rung().is_some()));
        while self.population.len() > POPULATION {
            self.population.pop_front();
        }
        Ok(())
    }
}
