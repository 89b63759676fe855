//! How the generator's laws moved from generation to generation, and what was predicted when they did.

use netsynth_search::{Generator, Theta};
use netsynth_space::{Decisions, Domain};
use serde::Serialize;

use crate::numbers::rounded;

/// How many of a generator's laws are listed: those that moved farthest.
const MAX_MOVES: usize = 8;

/// One law's move, as an array: the generator, the decision's number, from where, to where, the change of U of one choice
/// more, or of a yes, that was predicted for it, and the one that the generator's own trials showed.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Move(
    pub(super) usize,
    pub(super) usize,
    pub(super) String,
    pub(super) String,
    pub(super) Option<f64>,
    pub(super) Option<f64>,
);

/// The farthest moves of every generator but the first.
pub(super) fn moves(generators: &[Generator], decisions: &Decisions) -> Vec<Move> {
    let mut farthest = Vec::new();
    for (pair, next) in generators.windows(2).zip(generators.iter().skip(2).map(Some).chain([None])) {
        let (before, after) = (&pair[0], &pair[1]);
        let next = next.filter(|next| next.number == after.number + 1 && next.laws.len() == decisions.len());
        // A generator that could not be read is no move.
        if after.number != before.number + 1
            || [before, after].iter().any(|one| one.laws.len() != decisions.len())
        {
            continue;
        }
        let laws = before.laws.iter().zip(&after.laws).zip(decisions.iter()).enumerate();
        let mut moved: Vec<(f64, Move)> = laws
            .filter_map(|(at, ((old, new), decision))| {
                let (share, from, to) = step(&old.theta, &new.theta, &decision.domain)?;
                let predicted = new.predicted.map(|change| rounded(change, 3));
                let measured = next.and_then(|next| next.laws[at].measured).map(|change| rounded(change, 3));
                Some((share, Move(after.number, at, from, to, predicted, measured)))
            })
            .filter(|(share, _)| *share > 1e-6)
            .collect();
        moved.sort_by(|(one, a), (other, b)| other.total_cmp(one).then(a.1.cmp(&b.1)));
        farthest.extend(moved.into_iter().take(MAX_MOVES).map(|(_, change)| change));
    }
    farthest
}

/// How far a law moved as a share of its domain, and its two centres as text.
fn step(old: &Theta, new: &Theta, domain: &Domain) -> Option<(f64, String, String)> {
    match (old, new, domain) {
        (Theta::Ordinal { mean: from, .. }, Theta::Ordinal { mean: to, .. }, Domain::Ordinal(values)) => {
            let range = (values.len() - 1).max(1) as f64;
            let value = |mean: f64| format!("{:.1}", between(values, mean));
            Some(((to - from).abs() / range, value(*from), value(*to)))
        }
        (Theta::Switch(from), Theta::Switch(to), Domain::Switch) => {
            let chance = |share: f64| format!("{:.0} %", 100.0 * share);
            Some(((to - from).abs(), chance(*from), chance(*to)))
        }
        (Theta::Alternatives(from), Theta::Alternatives(to), Domain::Alternatives(_)) => {
            let (best, chance) = to.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
            let before = from.get(best)?;
            let text = |share: f64| format!("{best} at {:.0} %", 100.0 * share);
            Some(((chance - before).abs(), text(*before), text(*chance)))
        }
        (Theta::Ordinal { .. } | Theta::Switch(_) | Theta::Alternatives(_), _, _) => None,
    }
}

/// The value at a position between choices.
fn between(values: &[usize], position: f64) -> f64 {
    let position = position.clamp(0.0, (values.len() - 1) as f64);
    let (low, high) = (position.floor() as usize, position.ceil() as usize);
    let part = position - position.floor();
    values[low] as f64 * (1.0 - part) + values[high] as f64 * part
}

#[cfg(test)]
mod tests {
    use netsynth_search::Law;
    use netsynth_space::{Decision, Kind};

    use super::*;

    fn law(theta: Theta, predicted: Option<f64>, measured: Option<f64>) -> Law {
        Law { decision: "any".to_owned(), theta, predicted, measured }
    }

    #[test]
    fn the_farthest_move_is_first_with_the_change_that_was_measured() {
        let decision = |domain| Decision {
            name: "any".to_owned(),
            kind: Kind::Channels,
            nodes: Vec::new(),
            domain,
            prototype: 0,
        };
        let decisions =
            Decisions::new(vec![decision(Domain::Ordinal(vec![8, 10, 14])), decision(Domain::Switch)]);
        let generator = |number, mean, chance, predicted, measured| Generator {
            number,
            laws: vec![
                law(Theta::Ordinal { mean, spread: 1.0 }, predicted, measured),
                law(Theta::Switch(chance), None, None),
            ],
            couplings: Vec::new(),
        };
        let generators = [
            generator(0, 0.0, 0.5, None, None),
            generator(1, 1.5, 0.6, Some(0.25), None),
            generator(2, 1.5, 0.6, None, Some(-0.5)),
        ];
        let width = Move(1, 0, "8.0".to_owned(), "12.0".to_owned(), Some(0.25), Some(-0.5));
        let link = Move(1, 1, "50 %".to_owned(), "60 %".to_owned(), None, None);
        assert_eq!(moves(&generators, &decisions), [width, link]);
        // A generator that is missing leaves a gap, not a move over it.
        assert!(moves(&[generators[0].clone(), generators[2].clone()], &decisions).is_empty());
    }
}
