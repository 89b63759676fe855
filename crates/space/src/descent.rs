use netsynth_graph::GraphError;

use crate::{Counted, Domain, Genome, Space};

/// The genome found to have the least of a measure, and that measure: coordinate descent from a start. One decision after
/// another takes the value that lowers it, of an ordinal one of its ends, until none does or the measure is `enough`.
pub fn descend<M: PartialOrd>(
    space: &dyn Space,
    start: Genome,
    enough: Option<M>,
    measure: impl Fn(&Counted) -> M,
) -> Result<(Genome, M), GraphError> {
    let decisions = space.decisions();
    let mut least = measure(&space.count(&start)?);
    let mut best = start;
    let mut improved = true;
    while improved && enough.as_ref().is_none_or(|enough| least > *enough) {
        improved = false;
        for (number, decision) in decisions.iter().enumerate() {
            let choices = match decision.domain {
                Domain::Ordinal(_) => vec![0, decision.domain.choices() - 1],
                Domain::Switch | Domain::Alternatives(_) => (0..decision.domain.choices()).collect(),
            };
            for choice in choices {
                let genome = decisions.with(&best, number, choice);
                let found = measure(&space.count(&genome)?);
                if found < least {
                    (best, least, improved) = (genome, found, true);
                }
            }
        }
    }
    Ok((best, least))
}
