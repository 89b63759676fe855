//! What the probed vertices of a trained network tell about a change of its decisions.

use netsynth_space::{Decision, Decisions, Genome, Kind};

use crate::{Measured, Reactions, Trial, VertexReaction};

/// The reactions of a decision's vertices, times the size of its change.
pub(crate) const FEATURES: [&str; 13] = [
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

/// The reactions of the highest rung that was probed.
pub(crate) fn reactions(trial: &Trial) -> Option<&Reactions> {
    trial.readings.iter().rev().find_map(|reading| match reading {
        Measured::Trained(trained) => trained.reactions.as_ref(),
        Measured::Failed(_) => None,
    })
}

/// The features of going from one genome to another: the sum over the decisions that differ, over the root of
/// their number, so that large spaces and small ones compare.
pub(crate) fn features(decisions: &Decisions, reactions: &Reactions, from: &Genome, to: &Genome) -> Vec<f64> {
    let mut features = [0.0; FEATURES.len()];
    for (number, decision) in decisions.iter().enumerate() {
        let (before, after) = (from.choice(number), to.choice(number));
        if before == after {
            continue;
        }
        let value = |choice: usize| decision.domain.value(choice) as f64;
        let step = after as f64 - before as f64;
        match decision.kind {
            Kind::Channels => {
                let change = libm::log(value(after) / value(before));
                let mean = mean_reaction(reactions, decision);
                let parts = [1.0, mean.saliency, mean.least_quarter, mean.dead, mean.effective_rank];
                for (feature, part) in features.iter_mut().zip(parts) {
                    *feature += change * part;
                }
            }
            Kind::Kernel => {
                let mean = mean_reaction(reactions, decision);
                for (feature, part) in features[5..].iter_mut().zip([1.0, mean.saliency, mean.effective_rank])
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
            // A benchmark's networks have no vertices to probe.
            Kind::Alternative => {}
        }
    }
    let root = libm::sqrt(decisions.len() as f64);
    features.iter().map(|feature| feature / root).collect()
}

/// Mean reaction of the vertices that a decision is about. Saliency is relative to an average vertex.
pub(crate) fn mean_reaction(reactions: &Reactions, decision: &Decision) -> VertexReaction {
    let mut mean = VertexReaction { saliency: 0.0, least_quarter: 0.0, dead: 0.0, effective_rank: 0.0 };
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
pub(crate) fn cut(reactions: &Reactions, decision: &Decision) -> f64 {
    let [reader, source] = decision.nodes.as_slice() else { return 0.0 };
    let sum = format!("{reader}.sum");
    let link = reactions.links.iter().find(|link| link.sum == sum && link.source == *source);
    link.map_or(0.0, |link| link.cut)
}
