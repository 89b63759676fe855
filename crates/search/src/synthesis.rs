use std::collections::BTreeSet;

use netsynth_graph::ArchitectureId;
use netsynth_space::{Domain, Genome, stream};

use crate::generator::Law;
use crate::inquisitor::reactions;
use crate::promotion::{by_merit, gains};
use crate::{Candidate, Generator, Inquisitor, Problem, SearchError, SearchPlan, Strategy, Theta, Trial};

/// The share of all trials that the generator learns from, and the fewest.
const ELITE_SHARE: f64 = 0.25;
const MIN_ELITES: usize = 4;

/// How far theta_G goes towards the elites in one generation.
const RATE: f64 = 0.6;

/// The trust region: the farthest a centre moves in one generation, as a share of the domain.
const TRUST: f64 = 0.2;

/// The least spread, as a share of the domain, so that the search never closes.
const LEAST_SPREAD: f64 = 0.05;

/// How far the inquisitor's advice alone may move a centre, in spreads, and a probability.
const ADVICE: f64 = 0.5;
const ADVICE_SWITCH: f64 = 0.15;

/// Generative synthesis: a generator proposes, an inquisitor learns from the reactions of what was trained and
/// advises, and theta_G takes a bounded step along that advice and towards the elite trials.
///
/// A reimplementation of the published formulation; the paper does not give its update rule.
pub(crate) struct Synthesis<'a> {
    problem: &'a Problem<'a>,
    generator: Generator,
    inquisitor: Inquisitor,
    trials: Vec<Trial>,
}

impl<'a> Synthesis<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>) -> Self {
        Self {
            problem,
            generator: Generator::around_prototype(problem.space),
            inquisitor: Inquisitor::default(),
            trials: Vec::new(),
        }
    }

    /// The trained trial whose choices are nearest to a genome's and that was probed.
    fn nearest(&self, genome: &Genome) -> Option<&Trial> {
        let probed = self.trials.iter().filter(|trial| reactions(trial).is_some());
        probed.min_by(|one, other| {
            let apart = |trial: &Trial| distance(self.problem, &trial.genome, genome);
            apart(one).total_cmp(&apart(other)).then(one.number.cmp(&other.number))
        })
    }

    /// theta_G after a step towards the elites and along the inquisitor's advice.
    fn stepped(&self, elites: &[&Trial]) -> Result<Generator, SearchError> {
        let problem = self.problem;
        let advice = match elites.first() {
            Some(best) => self.inquisitor.advise(problem.space, &problem.performance, best)?,
            None => None,
        };
        let sizes = standardised(elites.iter().map(|trial| libm::log(trial.cost.parameters as f64)));
        let laws = problem.space.decisions().iter().enumerate().map(|(number, decision)| {
            let choices: Vec<f64> = elites.iter().map(|trial| trial.genome.choice(number) as f64).collect();
            let mean_choice = mean(&choices);
            let slope_seen =
                mean(&choices.iter().zip(&sizes).map(|(c, s)| (c - mean_choice) * s).collect::<Vec<_>>());
            let predicted = advice.as_ref().map(|advice| advice[number].per_step);
            let theta = match (self.generator.laws[number].theta, &decision.domain) {
                (Theta::Ordinal { mean, spread, slope }, Domain::Ordinal(values)) => {
                    let range = (values.len() - 1) as f64;
                    let residuals = choices.iter().zip(&sizes).map(|(c, s)| c - mean_choice - slope_seen * s);
                    let spread_seen =
                        libm::sqrt(residuals.map(|r| r * r).sum::<f64>() / choices.len() as f64);
                    // A decibel a spread is already strong advice; tanh keeps more from counting for more.
                    let push =
                        predicted.map_or(0.0, |per_step| ADVICE * spread * libm::tanh(per_step * spread));
                    let step = RATE * (mean_choice - mean) + push;
                    Theta::Ordinal {
                        mean: (mean + step.clamp(-TRUST * range, TRUST * range)).clamp(0.0, range),
                        spread: blend(spread, spread_seen).max(LEAST_SPREAD * range),
                        slope: blend(slope, slope_seen),
                    }
                }
                (Theta::Switch { probability, slope }, _) => {
                    let push = predicted.map_or(0.0, |yes| ADVICE_SWITCH * libm::tanh(yes));
                    let step = RATE * (mean_choice - probability) + push;
                    Theta::Switch {
                        probability: (probability + step.clamp(-TRUST, TRUST)).clamp(0.0, 1.0),
                        slope: blend(slope, slope_seen),
                    }
                }
                // A law and its domain are made together.
                (theta @ Theta::Ordinal { .. }, Domain::Switch) => theta,
            };
            Law { decision: decision.name.clone(), theta, predicted }
        });
        Ok(Generator { number: self.generator.number + 1, laws: laws.collect() })
    }
}

impl Strategy for Synthesis<'_> {
    fn propose(
        &self,
        trial: usize,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Candidate, SearchError> {
        let problem = self.problem;
        let mut candidate = problem.first_new(trial, generation, taken, |attempt| {
            let mut seed = stream(problem.seed, "generator", &[trial as u64, attempt]);
            self.generator.sample(problem.space, &mut seed)
        })?;
        candidate.predicted = self.nearest(&candidate.genome).and_then(|base| {
            let Candidate { genome, graph, .. } = &candidate;
            self.inquisitor.predict(problem.space, &problem.performance, base, genome, graph)
        });
        Ok(candidate)
    }

    fn observe(&mut self, generation: &[Trial], plan: &SearchPlan) -> Result<(), SearchError> {
        for trial in generation {
            if let Some(base) = self.nearest(&trial.genome).cloned() {
                self.inquisitor.learn(self.problem.space, &self.problem.performance, &base, trial);
            }
            self.trials.push(trial.clone());
        }
        let trained: Vec<&Trial> = self.trials.iter().filter(|trial| trial.latest().is_some()).collect();
        let n_elites = ((trained.len() as f64 * ELITE_SHARE) as usize).max(MIN_ELITES).min(trained.len());
        let order = by_merit(&trained, plan, &gains(&self.trials, plan.rungs.len()));
        let elites: Vec<&Trial> = order.into_iter().take(n_elites).map(|index| trained[index]).collect();
        if !elites.is_empty() {
            self.generator = self.stepped(&elites)?;
        }
        Ok(())
    }

    fn generator(&self) -> Option<Generator> {
        Some(self.generator.clone())
    }
}

/// Mean difference of two genomes, each decision scaled to its domain.
fn distance(problem: &Problem<'_>, one: &Genome, other: &Genome) -> f64 {
    let decisions = problem.space.decisions();
    let apart = decisions.iter().enumerate().map(|(number, decision)| {
        one.choice(number).abs_diff(other.choice(number)) as f64
            / (decision.domain.choices() - 1).max(1) as f64
    });
    apart.sum::<f64>() / decisions.len() as f64
}

fn blend(old: f64, new: f64) -> f64 {
    old + RATE * (new - old)
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
}

/// Numbers with mean 0 and standard deviation 1, or all 0 where they are all alike.
fn standardised(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let numbers: Vec<f64> = numbers.collect();
    let centre = mean(&numbers);
    let deviation =
        libm::sqrt(mean(&numbers.iter().map(|x| (x - centre) * (x - centre)).collect::<Vec<_>>()));
    numbers.iter().map(|x| if deviation > 1e-9 { (x - centre) / deviation } else { 0.0 }).collect()
}
