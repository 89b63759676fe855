use std::collections::BTreeSet;
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::{Stream, stream};
use netsynth_space::{Decisions, Domain, Genome};

use crate::front::climb::Climbs;
use crate::front::rank::{constrained_ranks, ordered};
use crate::strategy::repair::RepairedGenome;
use crate::synthesis::generator::edited;
use crate::synthesis::generator_update::{outcomes, stepped};
use crate::synthesis::inquisitor::Inquisitor;
use crate::{Candidate, Generator, Metric, Prior, Problem, SearchError, Source, Strategy, Trial};

/// The share of all trials that the generator learns from, the fewest and the most.
const ELITE_SHARE: f64 = 0.25;
const MIN_ELITES: usize = 4;
const MAX_ELITES: usize = 48;

/// The share of elites that are taken from the fronts of earlier searches, where there are any.
const EARLIER_SHARE: f64 = 0.3;

/// Generative synthesis: a generator proposes, an inquisitor learns from what was trained, ranks the generator's
/// draws and advises it, and theta_G takes a bounded step along that advice and towards the elite trials.
///
/// A reimplementation of the published formulation; the paper does not give its update rule.
pub(crate) struct Synthesis<'a> {
    pub(crate) problem: &'a Problem<'a>,
    /// Whether networks are changed as a whole, too.
    has_shapes: bool,
    /// What it begins with: the ends of the front that counting finds, and members of the scaled family.
    firsts: Vec<RepairedGenome>,
    /// The fronts of earlier searches.
    earlier: Vec<Genome>,
    generator: Generator,
    /// None in the ablation.
    inquisitor: Option<Inquisitor<'a>>,
    /// The measured metrics of the objectives, or the plan's quality where all objectives are counted.
    pub(crate) learned: Vec<Metric>,
    /// Where dominating ends in each counted objective.
    pub(crate) worst: Vec<f64>,
    /// Indices of the better trials, the best first.
    elites: Vec<usize>,
    /// How many of the first elites are the front.
    n_front: usize,
}

impl<'a> Synthesis<'a> {
    pub(crate) fn advised(problem: &'a Problem<'a>, prior: Option<Prior>) -> Result<Self, SearchError> {
        let inquisitor = Inquisitor::new(problem, prior.is_some_and(|prior| prior.sizes))?;
        Ok(Self { inquisitor: Some(inquisitor), ..Self::unadvised(problem, prior)? })
    }

    pub(crate) fn unadvised(problem: &'a Problem<'a>, prior: Option<Prior>) -> Result<Self, SearchError> {
        let generator = Generator::around_prototype(problem.space.decisions());
        let worst = problem.worst_losses()?;
        let plan = problem.plan;
        let objectives = plan.objectives.iter().map(|objective| objective.metric());
        let mut learned: Vec<Metric> =
            objectives.filter(|metric| metric.source() == Source::Measured).collect();
        if learned.is_empty() {
            learned.push(plan.quality());
        }
        let mut firsts = problem.ends()?;
        firsts.extend(problem.first_scaled(prior.map_or(0, |prior| prior.family))?);
        let has_shapes = prior.is_some_and(|prior| prior.shapes);
        Ok(Self {
            problem,
            has_shapes,
            firsts,
            earlier: problem.past_fronts(),
            generator,
            inquisitor: None,
            learned,
            worst,
            elites: Vec::new(),
            n_front: 0,
        })
    }

    /// One draw: from the generator, an edit of one of the elites, or with the plan's `prior` a network changed as a whole, in turn.
    pub(crate) fn draw(&self, history: &[Trial], number: u64, attempt: u64) -> Genome {
        let decisions = self.problem.space.decisions();
        // The best networks of earlier searches as they are.
        if let Some(earlier) = self.earlier.get(attempt as usize) {
            return earlier.clone();
        }
        let mut random = stream(self.problem.plan.seed, "generator", &[number, attempt]);
        match attempt % if self.has_shapes { 3 } else { 2 } {
            0 => self.generator.sample(decisions, &mut random),
            1 => match self.elite(history, &mut random) {
                Some(elite) => edited(decisions, elite, &mut random),
                None => self.generator.sample(decisions, &mut random),
            },
            _ => {
                let is_near = random.unit() < 0.5;
                let elite = self.elite(history, &mut random).filter(|_| is_near);
                self.problem.reshaped(elite, &mut random)
            }
        }
    }

    /// One of the elites, if there are any. Half of the draws are spread evenly over the front, so that no end of it is given
    /// up; the others are of the better elites more often: the smaller of two numbers.
    fn elite<'h>(&'h self, history: &'h [Trial], random: &mut Stream) -> Option<&'h Genome> {
        let n_elites = self.elites.len();
        if n_elites == 0 {
            return None;
        }
        if !self.earlier.is_empty() && random.unit() < EARLIER_SHARE {
            return Some(&self.earlier[random.below(self.earlier.len())]);
        }
        let elite = match random.below(2) {
            0 => random.below(self.n_front.min(n_elites).max(1)),
            _ => random.below(n_elites).min(random.below(n_elites)),
        };
        Some(&history[self.elites[elite]].genome)
    }

    /// The trained trial whose choices are nearest to a genome's.
    pub(crate) fn nearest<'h>(&self, history: &'h [Trial], genome: &Genome) -> Option<&'h Trial> {
        let decisions = self.problem.space.decisions();
        let trained = history.iter().filter(|trial| trial.top_rung().is_some());
        let apart = |trial: &Trial| distance(decisions, &trial.genome, genome);
        trained
            .map(|trial| (apart(trial), trial))
            .min_by(|(a, one), (b, other)| a.total_cmp(b).then(one.number.cmp(&other.number)))
            .map(|(_, trial)| trial)
    }
}

impl Strategy for Synthesis<'_> {
    fn propose(
        &self,
        history: &[Trial],
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let mut taken = taken.clone();
        let mut candidates = Vec::new();
        if history.len() < self.firsts.len() {
            for first in self.firsts.clone() {
                if candidates.len() < trials.len() && taken.insert(first.counted.id) {
                    candidates.push(first.candidate(trials.start + candidates.len(), generation, None));
                }
            }
        }
        if let Some(inquisitor) = &self.inquisitor {
            let rest = trials.start + candidates.len()..trials.end;
            candidates.extend(self.ranked(inquisitor, history, rest, generation, &taken)?);
            taken.extend(candidates.iter().map(|candidate| candidate.id));
        }
        let rest = trials.start + candidates.len()..trials.end;
        candidates.extend(self.problem.each_new(rest, generation, &taken, |trial, attempt| {
            let genome = self.draw(history, trial as u64, attempt);
            let parent = self.nearest(history, &genome).map(|parent| parent.number);
            (genome, parent)
        })?);
        Ok(candidates)
    }

    fn observe(&mut self, history: &[Trial], new: Range<usize>) -> Result<(), SearchError> {
        let plan = self.problem.plan;
        let trained: Vec<usize> = (0..history.len()).filter(|&at| history[at].top_rung().is_some()).collect();
        let trials: Vec<&Trial> = trained.iter().map(|&at| &history[at]).collect();
        let share = (trained.len() as f64 * ELITE_SHARE) as usize;
        let n_elites = share.clamp(MIN_ELITES, MAX_ELITES).min(trained.len());
        let climbs = Climbs::of_each(history, plan);
        let ranks = constrained_ranks(&trials, plan, &climbs);
        let order = ordered(&trials, &ranks);
        self.n_front = ranks.iter().filter(|rank| rank.is_on_front()).count();
        let n_elites = n_elites.max(self.n_front.min(MAX_ELITES));
        self.elites = order.into_iter().take(n_elites).map(|index| trained[index]).collect();
        if let Some(inquisitor) = &mut self.inquisitor {
            inquisitor.learn(history);
        }
        let elites: Vec<&Genome> = self.elites.iter().map(|&at| &history[at].genome).collect();
        if let Some(best) = elites.first() {
            let advice = match &self.inquisitor {
                Some(inquisitor) if inquisitor.is_informed() => Some(inquisitor.advice(best)?),
                Some(_) | None => None,
            };
            let decisions = self.problem.space.decisions();
            let judged = trained.iter().zip(&ranks).filter(|(at, _)| **at >= new.start);
            let judged: Vec<(&Genome, f64)> =
                judged.map(|(&at, rank)| (&history[at].genome, rank.performance)).collect();
            let outcomes = outcomes(decisions, &judged);
            self.generator = stepped(&self.generator, decisions, &elites, advice.as_deref(), &outcomes);
        }
        Ok(())
    }

    fn generator(&self) -> Option<Generator> {
        Some(self.generator.clone())
    }
}

/// Mean difference of two genomes, each decision scaled to its domain.
fn distance(decisions: &Decisions, one: &Genome, other: &Genome) -> f64 {
    let apart = decisions.iter().enumerate().map(|(number, decision)| {
        let (a, b) = (one.choice(number), other.choice(number));
        match decision.domain {
            Domain::Ordinal(_) => a.abs_diff(b) as f64 / (decision.domain.choices() - 1).max(1) as f64,
            Domain::Switch | Domain::Alternatives(_) => f64::from(u8::from(a != b)),
        }
    });
    apart.sum::<f64>() / decisions.len() as f64
}
