//! How the generator's laws moved from generation to generation, and what was predicted when they did.

use netsynth_search::{Generator, Theta};
use netsynth_space::{Decisions, Domain};
use serde::Serialize;

use super::data::rounded;

/// How many of a generator's laws are told: those that moved farthest.
const MAX_MOVES: usize = 8;

/// One law's move, as an array: the generator, the decision's number, from where, to where, and the predicted change
/// of U of one choice more, or of a yes.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Move(
    pub(super) usize,
    pub(super) usize,
    pub(super) String,
    pub(super) String,
    pub(super) Option<f64>,
);

/// The farthest moves of every generator but the first.
pub(super) fn moves(generators: &[Generator], decisions: &Decisions) -> Vec<Move> {
    let mut told = Vec::new();
    for pair in generators.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
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
                Some((share, Move(after.number, at, from, to, predicted)))
            })
            .filter(|(share, _)| *share > 1e-6)
            .collect();
        moved.sort_by(|(one, a), (other, b)| other.total_cmp(one).then(a.1.cmp(&b.1)));
        told.extend(moved.into_iter().take(MAX_MOVES).map(|(_, told)| told));
    }
    told
}

/// How far a law moved as a share of its domain, and its two centres in words.
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
            let words = |share: f64| format!("{best} at {:.0} %", 100.0 * share);
            Some(((chance - before).abs(), words(*before), words(*chance)))
        }
        (Theta::Ordinal { .. } | Theta::Switch(_) | Theta::Alternatives(_), _, _) => None,
    }
}

/// The value at a place between choices.
fn between(values: &[usize], place: f64) -> f64 {
    let place = place.clamp(0.0, (values.len() - 1) as f64);
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    let part = place - place.floor();
    values[low] as f64 * (1.0 - part) + values[high] as f64 * part
}
