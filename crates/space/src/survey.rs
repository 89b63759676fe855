use netsynth_graph::{Cost, GraphError};
use netsynth_random::stream;

use crate::{Genome, SearchSpace};

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
    let extreme = |sign: i128| {
        let decisions = space.decisions();
        let measure = |genome: &Genome| Ok(sign * i128::from(of(space.decode(genome, "step")?.cost())));
        let (_, found) = decisions.descend(decisions.prototype(), i128::MIN, measure)?;
        Ok::<u64, GraphError>((sign * found) as u64)
    };
    let (least, most) = (extreme(1)?, extreme(-1)?);
    Ok(Spread {
        least: drawn.first().map_or(least, |&drawn| drawn.min(least)),
        median: drawn.get(drawn.len() / 2).copied().unwrap_or(least),
        most: drawn.last().map_or(most, |&drawn| drawn.max(most)),
    })
}
