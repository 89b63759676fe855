use std::collections::BTreeSet;
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::stream;
use netsynth_space::{Genome, Shape};

use crate::strategy::random::uniform;
use crate::{Candidate, Problem, SearchError, Strategy, Trial};

/// How often a range of factors is halved to find the largest that keeps every ceiling.
const HALVINGS: usize = 20;

/// How many members of the family are looked at for one that is new, before anything else is drawn.
const LOOKED_AT: usize = 64;

/// The scaled family: the prototype with all its widths, and all its depths, scaled by a factor each. It is what a person
/// tries first, and what any search has to beat.
pub(crate) struct Scaling<'a> {
    problem: &'a Problem<'a>,
}

impl<'a> Scaling<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>) -> Self {
        Self { problem }
    }
}

impl Problem<'_> {
    /// The member of the scaled family of this number, or none where the space has no widths.
    ///
    /// The first is the largest up to the prototype that keeps every ceiling, the second the smallest; the next are always
    /// where the largest gap of sizes is (van der Corput 1935), every third with fewer blocks.
    pub(crate) fn scaled(&self, number: usize) -> Result<Option<Genome>, SearchError> {
        let decisions = self.space.decisions();
        let Some((least, most)) = decisions.width_factors() else { return Ok(None) };
        let fewest_blocks = decisions.depth_factors().map_or(1.0, |(fewest, _)| fewest);
        let depth = match number % 3 {
            2 => fewest_blocks + (1.0 - fewest_blocks) * spread(number / 3 + 1, 3),
            _ => 1.0,
        };
        let prototype = decisions.prototype();
        let member = |width: f64| decisions.shaped(&prototype, &Shape::scaled(width, depth));
        let fits = |width: f64| Ok::<_, SearchError>(self.keeps_ceilings(&self.space.count(&member(width))?));
        let (mut low, mut high) = (least, most.min(1.0));
        if fits(high)? {
            low = high;
        } else {
            for _ in 0..HALVINGS {
                let middle = libm::sqrt(low * high);
                if fits(middle)? { low = middle } else { high = middle }
            }
        }
        let share = match number {
            0 => 1.0,
            1 => 0.0,
            _ => spread(number - 1, 2),
        };
        Ok(Some(member(least * libm::pow(low / least, share))))
    }
}

/// The radical inverse: the digits of a number in this base, mirrored at the point.
fn spread(mut number: usize, base: usize) -> f64 {
    let (mut share, mut digit) = (0.0, 1.0);
    while number > 0 {
        digit /= base as f64;
        share += digit * (number % base) as f64;
        number /= base;
    }
    share
}

impl Strategy for Scaling<'_> {
    fn propose(
        &self,
        _: &[Trial],
        trials: Range<usize>,
        generation: usize,
        taken: &BTreeSet<ArchitectureId>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let Problem { space, plan, .. } = self.problem;
        let mut taken = taken.clone();
        let mut candidates = Vec::new();
        // Each member before these gave one trial at most.
        for number in trials.start..trials.end + LOOKED_AT {
            let trial = trials.start + candidates.len();
            let Some(genome) = self.problem.scaled(number)?.filter(|_| trial < trials.end) else { break };
            let repaired = self.problem.repaired(genome)?;
            if taken.insert(repaired.counted.id) {
                candidates.push(repaired.candidate(trial, generation, None));
            }
        }
        // A family that has no more, or a space without one.
        let rest = trials.start + candidates.len()..trials.end;
        candidates.extend(self.problem.each_new(rest, generation, &taken, |trial, attempt| {
            let mut random = stream(plan.seed, "scaling", &[trial as u64, attempt]);
            (uniform(space.decisions(), &mut random), None)
        })?);
        Ok(candidates)
    }

    fn observe(&mut self, _: &[Trial], _: Range<usize>) -> Result<(), SearchError> {
        Ok(())
    }
}
