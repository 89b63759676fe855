use netsynth_space::{Decision, Genome, Kind};
use serde::Serialize;

use crate::synthesis::inquisitor::{Advice, Inquisitor};
use crate::synthesis::probe_features::{cut, mean_reaction, reactions};
use crate::{
    Generator, Metric, Problem, Reactions, SearchError, Trial, VertexReaction, ZeroCostProxy, ZeroCostScores,
    kendall_tau,
};

/// Why a trial's network is what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The trial.
    pub trial: usize,
    /// The trial that it was made from.
    pub parent: Option<usize>,
    /// U as predicted before it was trained, in decibels.
    pub predicted: Option<f64>,
    /// U as measured at its highest rung.
    pub measured: Option<f64>,
    /// U of its parent as measured.
    pub parent_measured: Option<f64>,
    /// The zero-cost scores of its network.
    pub scores: Option<ZeroCostScores>,
    /// A reason for each decision, in the space's order.
    pub reasons: Vec<Reason>,
}

/// Why one decision of a network is what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The decision.
    pub decision: Decision,
    /// The value it has.
    pub value: usize,
    /// The prototype's.
    pub prototype: usize,
    /// The parent's.
    pub parent: Option<usize>,
    /// The mean reaction of its vertices in this network: saliency in shares of an average vertex's.
    pub reaction: Option<VertexReaction>,
    /// Change of loss if the link were cut, in nats.
    pub cut: Option<f64>,
    /// Change of U from the parent's value to this one as the inquisitor predicted it when the trial was proposed;
    /// none where nothing changed or it knew too little.
    pub predicted: Option<f64>,
    /// The same as it predicts it with all that was observed since.
    pub hindsight: Option<f64>,
    /// Change of U that it now expects of one choice more, or of a yes instead of a no.
    pub per_step: Option<f64>,
}

/// Explains a trial by replaying what a search observed; none if there is no such trial.
pub fn explain(
    problem: &Problem<'_>,
    trials: &[Trial],
    number: usize,
) -> Result<Option<Explanation>, SearchError> {
    let Some(trial) = trials.iter().find(|trial| trial.number == number) else { return Ok(None) };
    let parent = trial.parent.and_then(|parent| trials.iter().find(|trial| trial.number == parent));
    let before = replayed(problem, trials, trial.generation)?;
    let after = replayed(problem, trials, usize::MAX)?;
    let advice = if after.is_informed() { Some(after.advice(&trial.genome)?) } else { None };
    let reactions_here = reactions(trial);
    let mut reasons = Vec::new();
    for (at, decision) in problem.space.decisions().iter().enumerate() {
        let value = |genome: &Genome| decision.domain.value(genome.choice(at));
        let changed = parent.filter(|parent| parent.genome.choice(at) != trial.genome.choice(at));
        let change = |inquisitor: &Inquisitor<'_>| -> Result<Option<f64>, SearchError> {
            match changed {
                Some(parent) if inquisitor.is_informed() => {
                    inquisitor.change(&parent.genome, at, trial.genome.choice(at)).map(Some)
                }
                Some(_) | None => Ok(None),
            }
        };
        reasons.push(Reason {
            decision: decision.clone(),
            value: value(&trial.genome),
            prototype: decision.domain.value(decision.prototype),
            parent: parent.map(|parent| value(&parent.genome)),
            reaction: reactions_here.and_then(|reactions| vertex(reactions, decision)),
            cut: reactions_here.map(|reactions| cut(reactions, decision)).filter(|cut| *cut != 0.0),
            predicted: change(&before)?,
            hindsight: change(&after)?,
            per_step: advice.as_ref().and_then(|advice| match &advice[at] {
                Advice::PerStep(change) => Some(*change),
                Advice::Each(_) => None,
            }),
        });
    }
    Ok(Some(Explanation {
        trial: number,
        parent: trial.parent,
        predicted: trial.predicted,
        measured: trial.performance(problem.plan),
        parent_measured: parent.and_then(|parent| parent.performance(problem.plan)),
        scores: trial.scores().copied(),
        reasons,
    }))
}

impl Reason {
    /// Whether it says anything: a link that was never there and still is not does not.
    pub fn is_telling(&self) -> bool {
        match self.decision.kind {
            Kind::Channels | Kind::Kernel | Kind::Depth | Kind::Alternative => true,
            Kind::Link | Kind::Projection => {
                self.value == 1 || self.prototype == 1 || self.is_changed() || self.cut.is_some()
            }
        }
    }

    /// Whether the parent has another value.
    pub fn is_changed(&self) -> bool {
        self.parent.is_some_and(|parent| parent != self.value)
    }
}

/// How well something that was known before a training ranked its outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// What was known, and what it is held against.
    pub what: String,
    /// The rung of the outcome: trials are held against each other only where they were trained alike.
    pub rung: usize,
    /// How many trials there are.
    pub n_trials: usize,
    /// Kendall's tau.
    pub tau: Option<f64>,
}

/// How well the advice that moved theta_G ranked what came of it, over all decisions of all generators: tau, and over how
/// many laws.
pub fn advice_ranking(generators: &[Generator]) -> (Option<f64>, usize) {
    let laws = generators.windows(2).flat_map(|pair| pair[0].laws.iter().zip(&pair[1].laws));
    let pairs: Vec<(f64, f64)> =
        laws.filter_map(|(before, after)| Some((before.predicted?, after.measured?))).collect();
    (kendall_tau(&pairs), pairs.len())
}

/// A prediction and what was found, of a trial and its quality at a rung.
type Pair<'a> = dyn Fn(&Trial, f64) -> Option<(f64, f64)> + 'a;

/// How well the inquisitor's predictions of U ranked what was measured, and how well the proxies that cost little ranked
/// the plan's quality metric: parameters, multiply-accumulates and, where there are any, zero-cost scores.
pub fn rankings(problem: &Problem<'_>, trials: &[Trial]) -> Vec<Ranking> {
    let plan = problem.plan;
    let quality = plan.quality();
    let ranking = |what: String, rung, pair: &Pair<'_>| {
        let pairs: Vec<(f64, f64)> =
            trials.iter().filter_map(|trial| pair(trial, trial.at(rung, quality)?)).collect();
        Ranking { what, rung, n_trials: pairs.len(), tau: kendall_tau(&pairs) }
    };
    (0..plan.rungs.len())
        .flat_map(|rung| {
            let predicted = ranking("predicted U against U".to_owned(), rung, &|trial, found| {
                Some((trial.predicted?, plan.performance.of(found, &trial.cost)))
            });
            let counted = [Metric::Parameters, Metric::Macs].map(|metric| {
                ranking(format!("{metric} against {quality}"), rung, &|trial, found| {
                    Some((metric.counted(&trial.cost)?, found))
                })
            });
            let scored = ZeroCostProxy::ALL.map(|proxy| {
                ranking(format!("{proxy} against {quality}"), rung, &|trial, found| {
                    Some((trial.scores()?.get(proxy), found))
                })
            });
            let scored = scored.into_iter().filter(|ranking| ranking.n_trials > 0);
            [predicted].into_iter().chain(counted).chain(scored)
        })
        .collect()
}

/// The inquisitor as it stood before a generation, by the same steps as in the run.
fn replayed<'a>(
    problem: &'a Problem<'a>,
    trials: &[Trial],
    generation: usize,
) -> Result<Inquisitor<'a>, SearchError> {
    let has_sizes = problem.plan.used_prior().is_some_and(|prior| prior.sizes);
    let mut inquisitor = Inquisitor::new(problem, has_sizes)?;
    let n_known = trials.iter().take_while(|trial| trial.generation < generation).count();
    let ends =
        (1..=n_known).filter(|&end| end == n_known || trials[end].generation != trials[end - 1].generation);
    for end in ends {
        inquisitor.learn(&trials[..end]);
    }
    Ok(inquisitor)
}

fn vertex(reactions: &Reactions, decision: &Decision) -> Option<VertexReaction> {
    let is_there = decision.nodes.iter().any(|node| reactions.vertices.contains_key(node));
    let is_link = matches!(decision.kind, Kind::Link | Kind::Projection);
    (is_there && !is_link).then(|| mean_reaction(reactions, decision))
}
