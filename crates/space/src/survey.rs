use std::cmp::Reverse;

use netsynth_graph::{Cost, GraphError};

use crate::{SearchSpace, descend, stream};

/// How a cost is spread over a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// The smallest found.
    pub least: u64,
    /// The median of uniform draws.
    pub median: u64,
    /// The largest found.
    pub most: u64,
}

/// How large the networks of a space are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survey {
    /// Parameters of the deployed networks.
    pub parameters: Spread,
    /// Multiply-accumulates for one image.
    pub macs: Spread,
    /// Activation numbers alive at once.
    pub peak_activations: Spread,
}

/// Surveys the costs of a space: medians over uniform draws, ends by coordinate descent from the prototype.
///
/// Every cost grows with widths, kernels and depth, so the ends are exact but for interplay between links.
pub fn survey(space: &SearchSpace, n_draws: usize, seed: u64) -> Result<Survey, GraphError> {
    let mut draws = Vec::with_capacity(n_draws);
    for draw in 0..n_draws {
        let mut random = stream(seed, "survey", &[draw as u64]);
        let genome = space.decisions().genome(|_, decision| random.below(decision.domain.choices()));
        draws.push(space.decode(&genome, "draw")?.cost());
    }
    Ok(Survey {
        parameters: spread(space, &draws, |cost| cost.parameters)?,
        macs: spread(space, &draws, |cost| cost.macs)?,
        peak_activations: spread(space, &draws, |cost| cost.peak_activations)?,
    })
}

fn spread(space: &SearchSpace, draws: &[Cost], of: impl Fn(Cost) -> u64) -> Result<Spread, GraphError> {
    let mut drawn: Vec<u64> = draws.iter().map(|&cost| of(cost)).collect();
    drawn.sort_unstable();
    let prototype = || space.decisions().prototype();
    let (_, least) = descend(space, prototype(), None, |counted| of(counted.cost))?;
    let (_, Reverse(most)) = descend(space, prototype(), None, |counted| Reverse(of(counted.cost)))?;
    Ok(Spread {
        least: drawn.first().map_or(least, |&drawn| drawn.min(least)),
        median: drawn.get(drawn.len() / 2).copied().unwrap_or(least),
        most: drawn.last().map_or(most, |&drawn| drawn.max(most)),
    })
}
