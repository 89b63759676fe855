//! How the inquisitor ranks many draws and chooses a generation from them.

use std::collections::BTreeSet;
use std::ops::Range;

use netsynth_graph::{ArchitectureId, Cost};

use crate::front::climb::{Climbs, at_the_top};
use crate::front::rank::constrained_ranks;
use crate::statistics::share_law::{Normal, ShareLaw};
use crate::strategy::repair::RepairedGenome;
use crate::synthesis::acquisition::{Frontier, LearnedAxis, Member};
use crate::synthesis::cholesky::dot;
use crate::synthesis::gaussian_process::Posterior;
use crate::synthesis::inquisitor::{Inquisitor, MOST_KNOWN, Surrogate};
use crate::synthesis::price::Price;
use crate::synthesis::synthesis::Synthesis;
use crate::{Candidate, Metric, Metrics, SearchError, Trial};

/// How many draws the inquisitor ranks for one generation at most: half from the generator, half edits of elites.
const MAX_DRAWS: usize = 1000;

/// What a generation may cost, so that a proposal takes well under a tenth of a second however large the space and
/// however many the trials: decisions decoded, choices compared with those of earlier trials, and multiplications
/// spent on a close look at the most promising draws.
const DECODED: usize = 20_000;
const COMPARED: usize = 10_000_000;
const CLOSE_LOOK: usize = 40_000_000;

/// A draw with its posteriors, one for each surrogate.
struct ScoredDraft {
    repaired: RepairedGenome,
    posteriors: Vec<Posterior>,
    counted: Vec<f64>,
}

impl Synthesis<'_> {
    /// New networks that are worth a look.
    fn drafts(
        &self,
        history: &[Trial],
        number: u64,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<RepairedGenome>, SearchError> {
        let mut known = taken.clone();
        let mut genomes = BTreeSet::new();
        let mut drafts = Vec::new();
        let n_decisions = self.problem.space.decisions().len();
        let affordable =
            (DECODED / n_decisions).min(COMPARED / (n_decisions * history.len().clamp(1, MOST_KNOWN)));
        for attempt in 0..affordable.clamp(MAX_DRAWS / 10, MAX_DRAWS) as u64 {
            let genome = self.draw(history, number, attempt);
            if genomes.insert(genome.clone()) {
                let repaired = self.problem.repaired(genome)?;
                if known.insert(repaired.counted.id) {
                    drafts.push(repaired);
                }
            }
        }
        Ok(drafts)
    }

    /// The best of many draws, one for each trial, each chosen as if those before it had been measured.
    pub(crate) fn ranked(
        &self,
        inquisitor: &Inquisitor<'_>,
        history: &[Trial],
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let mut frontier = self.frontier(history);
        let drafts = self.drafts(history, trials.start as u64, taken)?;
        let n_known = history.len().min(MOST_KNOWN) + inquisitor.n_earlier();
        let mut drafts = self.scored(inquisitor, &frontier, drafts, n_known, trials.len());
        let price = Price::after(history, self.problem.plan);
        let mut candidates = Vec::new();
        for trial in trials {
            let worth = |draft: &ScoredDraft| {
                let deviation: f64 = draft.posteriors.iter().map(|posterior| posterior.law.deviation).sum();
                let laws = inquisitor.surrogates().iter().zip(&draft.posteriors);
                let laws: Vec<ShareLaw> =
                    laws.map(|(surrogate, posterior)| surrogate.law(posterior.law)).collect();
                let gain = self.gain(inquisitor, &frontier, &laws, &draft.counted);
                let gain = gain / price.of(&draft.repaired.counted.cost);
                // Before it knows enough, and where nothing is to be gained, the inquisitor asks about what it
                // knows least.
                if inquisitor.is_informed() { (gain, deviation) } else { (0.0, deviation) }
            };
            let worths: Vec<(f64, f64)> = drafts.iter().map(worth).collect();
            let better = |one: &usize, other: &usize| {
                let (a, b) = (worths[*one], worths[*other]);
                // max_by keeps the last of equals; the first drawn should win.
                a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(other.cmp(one))
            };
            let Some(best) = (0..drafts.len()).max_by(better) else { break };
            let chosen = drafts.swap_remove(best);
            candidates.push(self.candidate(inquisitor, history, &chosen, trial, generation));
            self.fantasise(inquisitor, &mut frontier, &chosen, &mut drafts);
        }
        Ok(candidates)
    }

    /// The draws that could gain most, with their posteriors.
    fn scored(
        &self,
        inquisitor: &Inquisitor<'_>,
        frontier: &Frontier,
        drafts: Vec<RepairedGenome>,
        n_known: usize,
        n_wanted: usize,
    ) -> Vec<ScoredDraft> {
        let surrogates = inquisitor.surrogates();
        let looked = drafts.into_iter().map(|repaired| {
            let counted = self.losses(repaired.counted.cost);
            let point = inquisitor.point(&repaired.genome, &repaired.counted.cost);
            let (covariances, laws): (Vec<Vec<f64>>, Vec<ShareLaw>) = surrogates
                .iter()
                .map(|surrogate| {
                    let process = surrogate.process();
                    let covariances = process.covariances(&point);
                    // As if only the trial that is most alike were known: cheap, and never less optimistic than
                    // all of them.
                    let law = surrogate.law(Normal {
                        mean: process.mean(&covariances),
                        deviation: process.at_most(&point, &covariances),
                    });
                    (covariances, law)
                })
                .unzip();
            let optimistic = self.gain(inquisitor, frontier, &laws, &counted);
            (optimistic, repaired, covariances, counted)
        });
        let mut looked: Vec<_> = looked.collect();
        looked.sort_by(|one, other| other.0.total_cmp(&one.0));
        let n_close = CLOSE_LOOK / surrogates.len() / (n_known * n_known / 2).max(1);
        looked.truncate(n_close.max(4 * n_wanted));
        looked
            .into_iter()
            .map(|(_, repaired, covariances, counted)| {
                let point = inquisitor.point(&repaired.genome, &repaired.counted.cost);
                let posterior = |(surrogate, covariances): (&Surrogate, &Vec<f64>)| {
                    surrogate.process().posterior(&point, covariances)
                };
                let posteriors = surrogates.iter().zip(&covariances).map(posterior).collect();
                ScoredDraft { repaired, posteriors, counted }
            })
            .collect()
    }

    /// Takes a candidate for measured, with the median that is expected of each metric: the posteriors of the rest become
    /// surer, and the front is where it would be.
    fn fantasise(
        &self,
        inquisitor: &Inquisitor<'_>,
        frontier: &mut Frontier,
        chosen: &ScoredDraft,
        drafts: &mut [ScoredDraft],
    ) {
        let point = |repaired: &RepairedGenome| inquisitor.point(&repaired.genome, &repaired.counted.cost);
        let points: Vec<_> = drafts.iter().map(|draft| point(&draft.repaired)).collect();
        let point = point(&chosen.repaired);
        let mut expected = Metrics::counted(&chosen.repaired.counted.cost);
        for (number, surrogate) in inquisitor.surrogates().iter().enumerate() {
            let covariance = surrogate.process().covariance();
            let Posterior { law, root } = &chosen.posteriors[number];
            let pivot = libm::sqrt(law.deviation * law.deviation + covariance.noise());
            for (draft, other) in drafts.iter_mut().zip(&points) {
                let posterior = &mut draft.posteriors[number];
                let shared = (covariance.of(&point, other) - dot(root, &posterior.root)) / pivot;
                let own = posterior.law.deviation;
                posterior.law.deviation = libm::sqrt((own * own - shared * shared).max(1e-12));
                posterior.root.push(shared);
            }
            expected.extend([(surrogate.metric(), surrogate.law(*law).middle())]);
        }
        if inquisitor.is_informed()
            && self.problem.plan.indicator.violation(&expected) == 0.0
            && let Some(learned) = self.learned_values(&expected)
        {
            frontier.push(Member { learned, counted: chosen.counted.clone() });
        }
    }

    fn candidate(
        &self,
        inquisitor: &Inquisitor<'_>,
        history: &[Trial],
        chosen: &ScoredDraft,
        trial: usize,
        generation: usize,
    ) -> Candidate {
        let ScoredDraft { repaired, posteriors, .. } = chosen;
        let parent = self.nearest(history, &repaired.genome).map(|parent| parent.number);
        let mut candidate = repaired.clone().candidate(trial, generation, parent);
        let quality = self.problem.plan.quality();
        let mut known = inquisitor.surrogates().iter().zip(posteriors);
        if let (true, Some((surrogate, posterior))) =
            (inquisitor.is_informed(), known.find(|(surrogate, _)| surrogate.metric() == quality))
        {
            let expected = surrogate.law(posterior.law).middle();
            candidate.predicted = Some(self.problem.plan.performance.of(expected, &repaired.counted.cost));
        }
        candidate
    }

    /// The expected gain of hypervolume by a candidate with these laws, one for each surrogate: that of the learned
    /// objectives, times the probability that the other measured bounds are kept.
    fn gain(
        &self,
        inquisitor: &Inquisitor<'_>,
        frontier: &Frontier,
        laws: &[ShareLaw],
        counted: &[f64],
    ) -> f64 {
        let indicator = &self.problem.plan.indicator;
        let mut learned = Vec::with_capacity(self.learned.len());
        let mut feasible = 1.0;
        for (surrogate, law) in inquisitor.surrogates().iter().zip(laws) {
            if self.learned.contains(&surrogate.metric()) {
                learned.push(*law);
            } else {
                feasible *= law.at_least(indicator.floor(surrogate.metric()));
            }
        }
        frontier.expected_gain(&learned, counted) * feasible
    }

    /// The front so far. Dominating ends at the worst learned values that were seen, or the least that the indicator lets
    /// pass, and at the largest counts that there can be.
    fn frontier(&self, history: &[Trial]) -> Frontier {
        let plan = self.problem.plan;
        let climbs = Climbs::of_each(history, plan);
        let trained: Vec<&Trial> = history.iter().filter(|trial| trial.top_rung().is_some()).collect();
        let ranks = constrained_ranks(&trained, plan, &climbs);
        let tops: Vec<Metrics> = trained.iter().map(|trial| at_the_top(trial, &climbs)).collect();
        let members = trained.iter().zip(&tops).zip(&ranks).filter(|(_, rank)| rank.is_on_front());
        let members = members.filter_map(|((trial, top), _)| {
            Some(Member { learned: self.learned_values(top)?, counted: self.losses(trial.cost) })
        });
        let axis = |metric: &Metric| {
            let floor = plan.indicator.floor(*metric);
            let worst = tops.iter().filter_map(|top| top.get(*metric)).fold(1.0, f64::min);
            LearnedAxis::new(if floor.is_finite() { worst.min(floor) } else { worst }, floor)
        };
        let axes = self.learned.iter().map(axis).collect();
        Frontier::new(members.collect(), axes, self.worst.clone())
    }

    /// The values of the learned objectives, if all are known.
    fn learned_values(&self, metrics: &Metrics) -> Option<Vec<f64>> {
        self.learned.iter().map(|metric| metrics.get(*metric)).collect()
    }

    /// The plan's losses that counting gives.
    fn losses(&self, cost: Cost) -> Vec<f64> {
        let metrics = Metrics::counted(&cost);
        self.problem.plan.counted_objectives().map(|objective| objective.loss(&metrics)).collect()
    }
}
