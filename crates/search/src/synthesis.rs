use std::collections::BTreeSet;
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::stream;
use netsynth_space::{Decisions, Domain, Genome};

use crate::cholesky::dot;
use crate::gain::{Frontier, Normal};
use crate::generator::edited;
use crate::inquisitor::Inquisitor;
use crate::learning::{outcomes, stepped};
use crate::problem::Draft;
use crate::process::Belief;
use crate::promotion::{Standing, gains, ordered, standings};
use crate::{Candidate, Generator, Metric, Metrics, Objective, Problem, SearchError, Strategy, Trial};

/// The share of all trials that the generator learns from, the fewest and the most.
const ELITE_SHARE: f64 = 0.25;
const MIN_ELITES: usize = 4;
const MAX_ELITES: usize = 48;

/// How many draws the inquisitor ranks for one generation at most: half from the generator, half edits of elites.
const MAX_DRAWS: usize = 1000;

/// What a generation may cost, so that a proposal takes well under a tenth of a second however large the space and
/// however many the trials: decisions decoded, choices compared with those of earlier trials, and multiplications
/// spent on a close look at the most hopeful draws.
const DECODED: usize = 20_000;
const COMPARED: usize = 10_000_000;
const CLOSE_LOOK: usize = 40_000_000;

/// Generative synthesis: a generator proposes, an inquisitor learns from what was trained, ranks the generator's
/// draws and advises it, and theta_G takes a bounded step along that advice and towards the elite trials.
///
/// A reimplementation of the published formulation; the paper does not give its update rule.
pub(crate) struct Synthesis<'a> {
    problem: &'a Problem<'a>,
    generator: Generator,
    /// None in the ablation.
    inquisitor: Option<Inquisitor<'a>>,
    trials: Vec<Trial>,
    /// Where dominating ends in each counted objective.
    worst: Vec<f64>,
    /// Indices of the better trials, the best first.
    elites: Vec<usize>,
    /// How many of the first elites are the front.
    n_front: usize,
}

/// A draw and what is believed of it.
struct Prospect {
    draft: Draft,
    belief: Belief,
    counted: Vec<f64>,
}

impl<'a> Synthesis<'a> {
    pub(crate) fn advised(problem: &'a Problem<'a>) -> Result<Self, SearchError> {
        Ok(Self { inquisitor: Some(Inquisitor::new(problem)), ..Self::unadvised(problem)? })
    }

    pub(crate) fn unadvised(problem: &'a Problem<'a>) -> Result<Self, SearchError> {
        let generator = Generator::around_prototype(problem.space.decisions());
        let worst = problem.worst_losses()?;
        Ok(Self {
            problem,
            generator,
            inquisitor: None,
            trials: Vec::new(),
            worst,
            elites: Vec::new(),
            n_front: 0,
        })
    }

    /// One draw: from the generator, or every other time an edit of one of the elites.
    fn draw(&self, place: u64, attempt: u64) -> Genome {
        let decisions = self.problem.space.decisions();
        let mut random = stream(self.problem.plan.seed, "generator", &[place, attempt]);
        if attempt % 2 == 1 && !self.elites.is_empty() {
            // Half of the edits are spread evenly over the front, so that no end of it is given up; the others are of
            // the better elites more often: the smaller of two numbers.
            let n_elites = self.elites.len();
            let elite = match random.below(2) {
                0 => random.below(self.n_front.min(n_elites).max(1)),
                _ => random.below(n_elites).min(random.below(n_elites)),
            };
            edited(decisions, &self.trials[self.elites[elite]].genome, &mut random)
        } else {
            self.generator.sample(decisions, &mut random)
        }
    }

    /// New networks that are worth a look.
    fn drafts(&self, place: u64, taken: &BTreeSet<ArchitectureId>) -> Result<Vec<Draft>, SearchError> {
        let mut known = taken.clone();
        let mut genomes = BTreeSet::new();
        let mut drafts = Vec::new();
        let n_decisions = self.problem.space.decisions().len();
        let affordable = (DECODED / n_decisions).min(COMPARED / (n_decisions * self.trials.len().max(1)));
        for attempt in 0..affordable.clamp(MAX_DRAWS / 10, MAX_DRAWS) as u64 {
            let genome = self.draw(place, attempt);
            if genomes.insert(genome.clone()) {
                let draft = self.problem.within(genome)?;
                if known.insert(draft.counted.id) {
                    drafts.push(draft);
                }
            }
        }
        Ok(drafts)
    }

    /// The best of many draws, one for each trial, each chosen as if those before it had been measured.
    fn ranked(
        &self,
        inquisitor: &Inquisitor<'_>,
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let mut frontier = self.frontier();
        let drafts = self.drafts(trials.start as u64, taken)?;
        let mut prospects = self.prospects(inquisitor, &frontier, drafts, trials.len());
        let mut candidates = Vec::new();
        for trial in trials {
            let worth = |prospect: &Prospect| {
                let deviation = prospect.belief.law.deviation;
                let gain = self.gain(inquisitor, &frontier, prospect.belief.law, &prospect.counted);
                // Before it knows enough, and where nothing is to be gained, the inquisitor asks about what it
                // knows least.
                if inquisitor.is_informed() { (gain, deviation) } else { (0.0, deviation) }
            };
            let worths: Vec<(f64, f64)> = prospects.iter().map(worth).collect();
            let better = |one: &usize, other: &usize| {
                let (a, b) = (worths[*one], worths[*other]);
                // max_by keeps the last of equals; the first drawn should win.
                a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(other.cmp(one))
            };
            let Some(best) = (0..prospects.len()).max_by(better) else { break };
            let chosen = prospects.swap_remove(best);
            candidates.push(self.candidate(inquisitor, &chosen, trial, generation));
            self.suppose(inquisitor, &mut frontier, &chosen, &mut prospects);
        }
        Ok(candidates)
    }

    /// The draws that could gain most, with what is believed of them.
    fn prospects(
        &self,
        inquisitor: &Inquisitor<'_>,
        frontier: &Frontier,
        drafts: Vec<Draft>,
        n_wanted: usize,
    ) -> Vec<Prospect> {
        let process = inquisitor.process();
        let mut looked: Vec<(f64, Draft, Vec<f64>, Vec<f64>)> = drafts
            .into_iter()
            .map(|draft| {
                let counted = self.counted_losses(&draft);
                let point = inquisitor.point(&draft.genome);
                let covariances = process.covariances(&point);
                // As if only the trial that is most alike were known: cheap, and never less hopeful than all of them.
                let law = Normal {
                    mean: process.mean(&covariances),
                    deviation: process.at_most(&point, &covariances),
                };
                let hope = self.gain(inquisitor, frontier, law, &counted);
                (hope, draft, covariances, counted)
            })
            .collect();
        looked.sort_by(|one, other| other.0.total_cmp(&one.0));
        let n_close = CLOSE_LOOK / (self.trials.len() * self.trials.len() / 2).max(1);
        looked.truncate(n_close.max(4 * n_wanted));
        looked
            .into_iter()
            .map(|(_, draft, covariances, counted)| {
                let belief = process.belief(&inquisitor.point(&draft.genome), &covariances);
                Prospect { draft, belief, counted }
            })
            .collect()
    }

    /// Takes a candidate for measured, with the accuracy that is expected of it: what is believed of the rest becomes
    /// surer, and the front is where it would be.
    fn suppose(
        &self,
        inquisitor: &Inquisitor<'_>,
        frontier: &mut Frontier,
        chosen: &Prospect,
        prospects: &mut [Prospect],
    ) {
        let process = inquisitor.process();
        let point = inquisitor.point(&chosen.draft.genome);
        let law = chosen.belief.law;
        let pivot = libm::sqrt(law.deviation * law.deviation + process.covariance().noise());
        for prospect in prospects {
            let prior = process.covariance().of(&point, &inquisitor.point(&prospect.draft.genome));
            let shared = (prior - dot(&chosen.belief.root, &prospect.belief.root)) / pivot;
            let own = prospect.belief.law.deviation;
            prospect.belief.law.deviation = libm::sqrt((own * own - shared * shared).max(1e-12));
            prospect.belief.root.push(shared);
        }
        let accuracy = inquisitor.accuracy(law).middle();
        let metrics = Metrics { accuracy, cost: chosen.draft.counted.cost };
        if inquisitor.is_informed() && self.problem.plan.indicator.violation(&metrics) == 0.0 {
            frontier.push((accuracy, chosen.counted.clone()));
        }
    }

    fn candidate(
        &self,
        inquisitor: &Inquisitor<'_>,
        chosen: &Prospect,
        trial: usize,
        generation: usize,
    ) -> Candidate {
        let Prospect { draft, belief, .. } = chosen;
        let parent = self.nearest(&draft.genome).map(|parent| parent.number);
        let mut candidate = draft.clone().candidate(trial, generation, parent);
        if inquisitor.is_informed() {
            candidate.predicted = Some(inquisitor.performance(belief.law, draft.counted.cost));
        }
        candidate
    }

    fn gain(&self, inquisitor: &Inquisitor<'_>, frontier: &Frontier, law: Normal, counted: &[f64]) -> f64 {
        frontier.expected_gain(inquisitor.accuracy(law), counted)
    }

    /// The front so far. Dominating ends at the worst accuracy that was seen, or the least that the indicator lets
    /// pass, and at the largest counts that there can be.
    fn frontier(&self) -> Frontier {
        let plan = self.problem.plan;
        let gains = gains(&self.trials, plan.rungs.len());
        let trained: Vec<&Trial> = self.trials.iter().filter(|trial| trial.latest().is_some()).collect();
        let standings = standings(&trained, plan, &gains);
        let accuracy = |trial: &Trial| trial.latest().map_or(0.0, |(rung, found)| found + gains[rung]);
        let counted = |trial: &Trial| -> Vec<f64> { self.losses(trial.cost) };
        let members = trained
            .iter()
            .zip(&standings)
            .filter(|(_, standing)| standing.violation == 0.0 && standing.rank == 0)
            .map(|(trial, _)| (accuracy(trial), counted(trial)))
            .collect();
        let floor = plan.indicator.floor(Metric::Accuracy);
        let worst = trained.iter().map(|trial| accuracy(trial)).fold(1.0, f64::min);
        let end = if floor.is_finite() { worst.min(floor) } else { worst };
        Frontier::new(members, (end, self.worst.clone()), floor)
    }

    fn counted_losses(&self, draft: &Draft) -> Vec<f64> {
        self.losses(draft.counted.cost)
    }

    /// The plan's losses that counting gives.
    fn losses(&self, cost: netsynth_graph::Cost) -> Vec<f64> {
        let metrics = Metrics { accuracy: 0.0, cost };
        let counted = self.problem.plan.objectives.iter().filter(|objective| objective.metric().is_counted());
        counted.map(|objective: &Objective| objective.loss(&metrics)).collect()
    }

    /// The trained trial whose choices are nearest to a genome's.
    fn nearest(&self, genome: &Genome) -> Option<&Trial> {
        let decisions = self.problem.space.decisions();
        let trained = self.trials.iter().filter(|trial| trial.latest().is_some());
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
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let mut taken = taken.clone();
        let mut candidates = Vec::new();
        if self.trials.len() < self.problem.plan.objectives.len() {
            for end in self.problem.ends()? {
                if candidates.len() < trials.len() && taken.insert(end.counted.id) {
                    candidates.push(end.candidate(trials.start + candidates.len(), generation, None));
                }
            }
        }
        if let Some(inquisitor) = &self.inquisitor {
            let rest = trials.start + candidates.len()..trials.end;
            candidates.extend(self.ranked(inquisitor, rest, generation, &taken)?);
            taken.extend(candidates.iter().map(|candidate| candidate.id));
        }
        let rest = trials.start + candidates.len()..trials.end;
        candidates.extend(self.problem.each_new(rest, generation, &taken, |trial, attempt| {
            let genome = self.draw(trial as u64, attempt);
            let parent = self.nearest(&genome).map(|parent| parent.number);
            (genome, parent)
        })?);
        Ok(candidates)
    }

    fn observe(&mut self, generation: &[Trial]) -> Result<(), SearchError> {
        let n_before = self.trials.len();
        self.trials.extend_from_slice(generation);
        let plan = self.problem.plan;
        let trained: Vec<usize> =
            (0..self.trials.len()).filter(|&at| self.trials[at].latest().is_some()).collect();
        let refs: Vec<&Trial> = trained.iter().map(|&at| &self.trials[at]).collect();
        let share = (trained.len() as f64 * ELITE_SHARE) as usize;
        let n_elites = share.clamp(MIN_ELITES, MAX_ELITES).min(trained.len());
        let gains = gains(&self.trials, plan.rungs.len());
        let standings = standings(&refs, plan, &gains);
        let order = ordered(&refs, &standings);
        let on_front = |standing: &&Standing| standing.rank == 0 && standing.violation == 0.0;
        self.n_front = standings.iter().filter(on_front).count();
        let n_elites = n_elites.max(self.n_front.min(MAX_ELITES));
        self.elites = order.into_iter().take(n_elites).map(|index| trained[index]).collect();
        if let Some(inquisitor) = &mut self.inquisitor {
            inquisitor.learn(&self.trials);
        }
        let elites: Vec<&Genome> = self.elites.iter().map(|&at| &self.trials[at].genome).collect();
        if let Some(best) = elites.first() {
            let advice = match &self.inquisitor {
                Some(inquisitor) if inquisitor.is_informed() => Some(inquisitor.advice(best)?),
                Some(_) | None => None,
            };
            let decisions = self.problem.space.decisions();
            let judged = trained.iter().zip(&standings).filter(|(at, _)| **at >= n_before);
            let judged: Vec<(&Genome, f64)> =
                judged.map(|(&at, standing)| (&self.trials[at].genome, standing.performance)).collect();
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
