use std::collections::BTreeMap;

use netsynth_graph::{Graph, GraphError};
use netsynth_space::{Decision, Genome, Kind, SearchSpace};
use serde::{Deserialize, Serialize};

use crate::{Measured, Metrics, Performance, Reactions, Trial};

/// How many observed changes the inquisitor wants before it gives advice.
const ENOUGH: usize = 8;

/// Weight of the prior that no change does anything.
const RIDGE: f64 = 1.0;

/// What is felt at a decision's vertices, and what the change of U is regressed on.
const FEATURES: [&str; 13] = [
    "width",
    "width x saliency",
    "width x least quarter",
    "width x dead",
    "width x effective rank",
    "kernel",
    "kernel x saliency",
    "kernel x effective rank",
    "depth",
    "link",
    "link x cut",
    "projection",
    "projection x cut",
];

type Features = [f64; FEATURES.len()];

/// The inquisitor I(G; theta_I): from the reactions of a trained network's vertices it predicts what a change of
/// each decision does to U.
///
/// U has two parts. What a change does to the cost part is counted exactly. What it does to the accuracy part is
/// a ridge regression, theta_I, from reactions at the changed vertices times the size of the change to the
/// difference that was in fact observed between pairs of trained networks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inquisitor {
    /// How many pairs of networks it has learned from.
    pub n_pairs: usize,
    /// Sums of products of features, by rows.
    products: Vec<f64>,
    /// Sums of features times observed differences.
    targets: Vec<f64>,
}

/// What the inquisitor says about one decision of one network.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// Predicted change of U for one choice more, or for yes instead of no.
    pub per_step: f64,
}

impl Inquisitor {
    /// Learns from a pair of trained networks what the difference between them did to accuracy.
    pub(crate) fn learn(
        &mut self,
        space: &SearchSpace,
        performance: &Performance,
        base: &Trial,
        other: &Trial,
    ) {
        let Some(reactions) = reactions(base) else { return };
        let rung = base.readings.len().min(other.readings.len()).saturating_sub(1);
        let (Some(before), Some(after)) = (base.accuracy_at(rung), other.accuracy_at(rung)) else { return };
        let observed = performance.of_accuracy(after) - performance.of_accuracy(before);
        let features = difference(space, reactions, &base.genome, &other.genome);
        self.products.resize(FEATURES.len() * FEATURES.len(), 0.0);
        self.targets.resize(FEATURES.len(), 0.0);
        for (row, a) in features.iter().enumerate() {
            for (column, b) in features.iter().enumerate() {
                self.products[row * FEATURES.len() + column] += a * b;
            }
            self.targets[row] += a * observed;
        }
        self.n_pairs += 1;
    }

    /// theta_I by the names of its features; nothing before it has learned enough.
    pub fn weights(&self) -> Option<BTreeMap<&'static str, f64>> {
        self.solved().map(|weights| FEATURES.into_iter().zip(weights).collect())
    }

    /// The predicted U of a network from a trained one whose reactions are known.
    pub(crate) fn predict(
        &self,
        space: &SearchSpace,
        performance: &Performance,
        base: &Trial,
        genome: &Genome,
        graph: &Graph,
    ) -> Option<f64> {
        let weights = self.solved()?;
        let (_, accuracy) = base.latest()?;
        let features = difference(space, reactions(base)?, &base.genome, genome);
        let metrics = Metrics { accuracy, cost: graph.cost() };
        Some(performance.of(&metrics) + dot(&weights, &features))
    }

    /// What one step of each decision would do to U, from a trained network whose reactions are known.
    pub(crate) fn advise(
        &self,
        space: &SearchSpace,
        performance: &Performance,
        base: &Trial,
    ) -> Result<Option<Vec<Advice>>, GraphError> {
        let (Some(weights), Some(reactions)) = (self.solved(), reactions(base)) else { return Ok(None) };
        let cost_part = |genome: &Genome| -> Result<f64, GraphError> {
            let cost = space.decode(genome, "advice")?.cost();
            Ok(performance.of_cost(&Metrics { accuracy: 0.0, cost }))
        };
        let here = cost_part(&base.genome)?;
        let mut advice = Vec::with_capacity(space.decisions().len());
        for (number, decision) in space.decisions().iter().enumerate() {
            let choice = base.genome.choice(number);
            let last = decision.domain.choices() - 1;
            // At the end of a domain the step is looked at from the other side.
            let (next, direction) = if choice < last { (choice + 1, 1.0) } else { (choice - 1, -1.0) };
            let changed = space.with(&base.genome, number, next);
            let learned = dot(&weights, &difference(space, reactions, &base.genome, &changed));
            advice.push(Advice { per_step: direction * (learned + cost_part(&changed)? - here) });
        }
        Ok(Some(advice))
    }

    fn solved(&self) -> Option<Features> {
        if self.n_pairs < ENOUGH {
            return None;
        }
        let mut matrix = self.products.clone();
        for diagonal in 0..FEATURES.len() {
            matrix[diagonal * FEATURES.len() + diagonal] += RIDGE;
        }
        Some(solve(matrix, &self.targets))
    }
}

/// The reactions of the highest rung that was probed.
pub(crate) fn reactions(trial: &Trial) -> Option<&Reactions> {
    trial.readings.iter().rev().find_map(|reading| match reading {
        Measured::Trained(trained) => trained.reactions.as_ref(),
        Measured::Failed(_) => None,
    })
}

/// The features of going from one genome to another: the sum over the decisions that differ.
fn difference(space: &SearchSpace, reactions: &Reactions, from: &Genome, to: &Genome) -> Features {
    let mut features = [0.0; FEATURES.len()];
    for (number, decision) in space.decisions().iter().enumerate() {
        let (before, after) = (from.choice(number), to.choice(number));
        if before == after {
            continue;
        }
        let value = |choice: usize| decision.domain.value(choice) as f64;
        let step = after as f64 - before as f64;
        match decision.kind {
            Kind::Channels => {
                let change = libm::log(value(after) / value(before));
                let felt = felt(reactions, decision);
                let parts = [1.0, felt.saliency, felt.least_quarter, felt.dead, felt.effective_rank];
                for (feature, part) in features.iter_mut().zip(parts) {
                    *feature += change * part;
                }
            }
            Kind::Kernel => {
                let felt = felt(reactions, decision);
                for (feature, part) in features[5..].iter_mut().zip([1.0, felt.saliency, felt.effective_rank])
                {
                    *feature += step * part;
                }
            }
            Kind::Depth => features[8] += step,
            Kind::Link => {
                features[9] += step;
                features[10] += step * cut(reactions, decision);
            }
            Kind::Projection => {
                features[11] += step;
                features[12] += step * cut(reactions, decision);
            }
        }
    }
    features
}

/// Mean reaction of the vertices that a decision is about. Saliency is relative to an average vertex.
fn felt(reactions: &Reactions, decision: &Decision) -> crate::VertexReaction {
    let mut mean =
        crate::VertexReaction { saliency: 0.0, least_quarter: 0.0, dead: 0.0, effective_rank: 0.0 };
    let there: Vec<_> = decision.nodes.iter().filter_map(|node| reactions.vertices.get(node)).collect();
    for reaction in &there {
        let share = 1.0 / there.len() as f64;
        mean.saliency += share * reaction.saliency * reactions.vertices.len() as f64;
        mean.least_quarter += share * reaction.least_quarter;
        mean.dead += share * reaction.dead;
        mean.effective_rank += share * reaction.effective_rank;
    }
    mean
}

/// How much the loss would change if a link that is there were cut; 0 for a link that is not.
fn cut(reactions: &Reactions, decision: &Decision) -> f64 {
    let [reader, source] = decision.nodes.as_slice() else { return 0.0 };
    let sum = format!("{reader}.sum");
    let link = reactions.links.iter().find(|link| link.sum == sum && link.source == *source);
    link.map_or(0.0, |link| link.cut)
}

fn dot(one: &Features, other: &Features) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// Solves a positive definite system by Gaussian elimination; the ridge keeps every pivot above zero.
fn solve(mut matrix: Vec<f64>, target: &[f64]) -> Features {
    const N: usize = FEATURES.len();
    let mut solution = [0.0; N];
    solution.copy_from_slice(target);
    for pivot in 0..N {
        for row in pivot + 1..N {
            let factor = matrix[row * N + pivot] / matrix[pivot * N + pivot];
            for column in pivot..N {
                matrix[row * N + column] -= factor * matrix[pivot * N + column];
            }
            solution[row] -= factor * solution[pivot];
        }
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|column| matrix[row * N + column] * solution[column]).sum();
        solution[row] = (solution[row] - known) / matrix[row * N + row];
    }
    solution
}
