use std::collections::BTreeSet;
use std::ops::Range;

use netsynth_graph::ArchitectureId;
use netsynth_random::stream;
use netsynth_space::{Genome, Shape};

use crate::strategy::random::uniform;
use crate::{Candidate, Problem, SearchError, Strategy, Trial};

/// How often a range of factors is halved to find the largest that keeps every ceiling: to a hundredth of its logarithm.
const HALVINGS: usize = 8;

/// How many members of the family are looked at for one that is new, before anything else is drawn.
const LOOKED_AT: usize = 32;

/// The scaled family: the prototype with all its widths, and all its depths, scaled by a factor each. It is what a person
/// tries first, and what any search has to beat.
pub(crate) struct Family<'a> {
    problem: &'a Problem<'a>,
    prototype: Genome,
    /// The smallest and the largest factor of widths with all blocks, and the largest that is looked at with fewer.
    least: f64,
    largest: f64,
    most: f64,
    /// The smallest factor of depths.
    fewest_blocks: f64,
}

impl<'a> Family<'a> {
    /// The family of a problem; none where the space has no widths.
    pub(crate) fn of(problem: &'a Problem<'a>) -> Result<Option<Self>, SearchError> {
        let decisions = problem.space.decisions();
        let Some((least, most)) = decisions.width_factors() else { return Ok(None) };
        let fewest_blocks = decisions.depth_factors().map_or(1.0, |(fewest, _)| fewest);
        let most = most.min(1.0);
        let mut family =
            Self { problem, prototype: decisions.prototype(), least, largest: least, most, fewest_blocks };
        family.largest = family.largest_from(least, 1.0)?;
        Ok(Some(family))
    }

    /// The member of this number.
    ///
    /// The first is the largest up to the prototype that keeps every ceiling, the second the smallest; the next are always
    /// where the largest gap of sizes is (van der Corput 1935), every third with fewer blocks.
    pub(crate) fn member(&self, number: usize) -> Result<Genome, SearchError> {
        let (depth, largest) = match number % 3 {
            2 => {
                let depth = self.fewest_blocks + (1.0 - self.fewest_blocks) * spread(number / 3 + 1, 3);
                (depth, self.largest_from(self.largest, depth)?)
            }
            _ => (1.0, self.largest),
        };
        let share = match number {
            0 => 1.0,
            1 => 0.0,
            _ => spread(number - 1, 2),
        };
        Ok(self.scaled(self.least * libm::pow(largest / self.least, share), depth))
    }

    fn scaled(&self, width: f64, depth: f64) -> Genome {
        self.problem.space.decisions().shaped(&self.prototype, &Shape::scaled(width, depth))
    }

    /// The largest factor of widths that keeps every ceiling, from one that is small enough, if any is.
    fn largest_from(&self, low: f64, depth: f64) -> Result<f64, SearchError> {
        let Problem { space, .. } = self.problem;
        let fits = |width: f64| {
            Ok::<_, SearchError>(self.problem.keeps_ceilings(&space.count(&self.scaled(width, depth))?))
        };
        let (mut low, mut high) = (low, self.most);
        if fits(high)? {
            return Ok(high);
        }
        for _ in 0..HALVINGS {
            let middle = libm::sqrt(low * high);
            if fits(middle)? { low = middle } else { high = middle }
        }
        Ok(low)
    }
}

/// Goes through the scaled family, and draws alike where it has no more.
pub(crate) struct Scaling<'a> {
    problem: &'a Problem<'a>,
    family: Option<Family<'a>>,
}

impl<'a> Scaling<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>) -> Result<Self, SearchError> {
        Ok(Self { problem, family: Family::of(problem)? })
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
        if let Some(family) = &self.family {
            // Each member before these gave one trial at most.
            for number in trials.start..trials.end + LOOKED_AT {
                let trial = trials.start + candidates.len();
                if trial == trials.end {
                    break;
                }
                let repaired = self.problem.repaired(family.member(number)?)?;
                if taken.insert(repaired.counted.id) {
                    candidates.push(repaired.candidate(trial, generation, None));
                }
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
