//! Zero-cost screening: candidates are scored before any training, and only the best are trained.

use std::ops::Range;

use netsynth_graph::ArchitectureId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Candidate, Metrics, Objective, Scored, Scorer, SearchPlan, Source, ZeroCostProxy, non_dominated_ranks,
};

/// How candidates are screened before training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Screening {
    /// How many candidates are proposed for each that is trained.
    pub factor: usize,
    /// The score that stands for the measured metrics until a network is trained.
    pub by: ZeroCostProxy,
}

/// A candidate as it was scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreenedCandidate {
    /// What the network is.
    pub id: ArchitectureId,
    /// Its scores.
    pub scored: Scored,
    /// The trial that it became, if it was among the best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<usize>,
}

/// What was screened, and of that the candidates that are trained.
pub(crate) type Selected = (Vec<ScreenedCandidate>, Vec<Candidate>);

impl Screening {
    /// The numbers of the proposals for these trials: no two of a run have one number, from which strategies draw.
    pub(crate) fn numbers(&self, trials: &Range<usize>) -> Range<usize> {
        trials.start * self.factor..trials.end * self.factor
    }

    /// Scores the proposals for these trials and gives them to the best, in the order in which they were proposed:
    /// by non-dominated rank, with the score in the place of each measured metric, and then by the score. `None` if the scorer
    /// stopped before it was through.
    pub(crate) fn select<E>(
        &self,
        proposed: Vec<Candidate>,
        trials: Range<usize>,
        plan: &SearchPlan,
        scorer: &dyn Scorer<E>,
    ) -> Result<Option<Selected>, E> {
        let scored = scorer.score(&proposed)?;
        if scored.len() < proposed.len() {
            return Ok(None);
        }
        let scores: Vec<Option<f64>> =
            scored.iter().map(|scored| Some(scored.scores()?.get(self.by))).collect();
        let losses: Vec<Vec<f64>> = proposed
            .iter()
            .zip(&scores)
            .map(|(candidate, score)| losses(candidate, *score, &plan.objectives))
            .collect();
        let ranks = non_dominated_ranks(&losses);
        let mut order: Vec<usize> = (0..proposed.len()).collect();
        order.sort_by(|&one, &other| {
            let score = |at: usize| scores[at].unwrap_or(f64::NEG_INFINITY);
            ranks[one].cmp(&ranks[other]).then(score(other).total_cmp(&score(one))).then(one.cmp(&other))
        });
        let mut best: Vec<usize> = order.into_iter().take(trials.len()).collect();
        best.sort_unstable();
        let mut screened: Vec<ScreenedCandidate> = proposed
            .iter()
            .zip(scored)
            .map(|(candidate, scored)| ScreenedCandidate { id: candidate.id, scored, trial: None })
            .collect();
        let mut candidates = Vec::with_capacity(best.len());
        for (trial, at) in trials.zip(best) {
            screened[at].trial = Some(trial);
            candidates.push(Candidate { trial, ..proposed[at].clone() });
        }
        Ok(Some((screened, candidates)))
    }
}

/// The losses of a candidate before training; one without a score is worse than any that has one.
fn losses(candidate: &Candidate, score: Option<f64>, objectives: &[Objective]) -> Vec<f64> {
    let Some(score) = score else { return vec![f64::INFINITY; objectives.len()] };
    let counted = Metrics::counted(&candidate.cost);
    let loss = |objective: &Objective| match objective.metric().source() {
        Source::Measured => objective.loss_of(score),
        Source::Counted => objective.loss(&counted),
    };
    objectives.iter().map(loss).collect()
}
