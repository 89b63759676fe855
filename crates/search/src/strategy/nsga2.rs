use std::collections::BTreeSet;
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::stream;

use crate::front::climb::Climbs;
use crate::front::rank::{ConstrainedRank, constrained_ranks};
use crate::strategy::evolution::mutated;
use crate::strategy::random::uniform;
use crate::{Candidate, Problem, SearchError, Strategy, Trial};

/// How many trials survive.
const POPULATION: usize = 20;

/// How likely an offspring has two parents.
const CROSSOVER: f64 = 0.9;

/// NSGA-II (Deb et al. 2002) with constrained domination: binary tournaments by rank and crowding, uniform crossover,
/// one decision changed on average; parents and offspring compete for the next population.
///
/// Offspring come a generation of the plan at a time; with generations of one it is the steady-state form.
pub(crate) struct Nsga2<'a> {
    problem: &'a Problem<'a>,
    /// Indices of the survivors, the best first.
    population: Vec<usize>,
}

impl<'a> Nsga2<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>) -> Self {
        Self { problem, population: Vec::new() }
    }
}

impl Strategy for Nsga2<'_> {
    fn propose(
        &self,
        history: &[Trial],
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let Problem { space, plan, .. } = self.problem;
        let decisions = space.decisions();
        self.problem.each_new(trials, generation, taken, |trial, attempt| {
            let mut random = stream(plan.seed, "nsga2", &[trial as u64, attempt]);
            if trial < POPULATION || self.population.is_empty() {
                return (uniform(decisions, &mut random), None);
            }
            // The population is in order, so the tournament's winner is the smaller number.
            let mut parent = || {
                let n_alive = self.population.len();
                &history[self.population[random.below(n_alive).min(random.below(n_alive))]]
            };
            let (one, other) = (parent(), parent());
            let mut child = one.genome.clone();
            if random.unit() < CROSSOVER {
                child = decisions.genome(|number, _| {
                    let from = if random.below(2) == 0 { one } else { other };
                    from.genome.choice(number)
                });
            }
            for _ in 0..decisions.len() {
                if random.below(decisions.len()) == 0 {
                    child = mutated(decisions, &child, &mut random);
                }
            }
            (child, Some(one.number))
        })
    }

    fn observe(&mut self, history: &[Trial], new: Range<usize>) -> Result<(), SearchError> {
        let plan = self.problem.plan;
        let mut all = std::mem::take(&mut self.population);
        all.extend(new.filter(|&at| history[at].top_rung().is_some()));
        let trials: Vec<&Trial> = all.iter().map(|&at| &history[at]).collect();
        let climbs = Climbs::of_each(history, plan);
        let ranks = constrained_ranks(&trials, plan, &climbs);
        let crowding = crowding(&ranks);
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|&one, &other| {
            let (a, b) = (&ranks[one], &ranks[other]);
            a.violation
                .total_cmp(&b.violation)
                .then(a.rank.cmp(&b.rank))
                .then(crowding[other].total_cmp(&crowding[one]))
                .then(trials[one].number.cmp(&trials[other].number))
        });
        self.population = order.into_iter().take(POPULATION).map(|at| all[at]).collect();
        Ok(())
    }
}

/// The crowding distance of each point among those of its rank: the sum over losses of how far its neighbours lie
/// apart, as a share of the rank's range; infinite at the ends.
fn crowding(points: &[ConstrainedRank]) -> Vec<f64> {
    let mut distances = vec![0.0f64; points.len()];
    let n_losses = points.first().map_or(0, |point| point.losses.len());
    let ranks: BTreeSet<usize> = points.iter().map(|point| point.rank).collect();
    for rank in ranks {
        let mut members: Vec<usize> = (0..points.len()).filter(|&at| points[at].rank == rank).collect();
        for loss in 0..n_losses {
            let value = |at: usize| points[at].losses[loss];
            members.sort_by(|&one, &other| value(one).total_cmp(&value(other)).then(one.cmp(&other)));
            let range = value(members[members.len() - 1]) - value(members[0]);
            distances[members[0]] = f64::INFINITY;
            distances[members[members.len() - 1]] = f64::INFINITY;
            for three in members.windows(3) {
                if range > 0.0 && range.is_finite() {
                    distances[three[1]] += (value(three[2]) - value(three[0])) / range;
                }
            }
        }
    }
    distances
}
