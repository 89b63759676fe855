//! The acquisition: the expected gain of hypervolume by a candidate, under its chance to keep the measured bounds.

use std::cell::OnceCell;

use crate::front::hypervolume::exclusive;
use crate::statistics::share_law::ShareLaw;

/// A front in the objectives of a plan: some are learned by training, the others are counted.
#[derive(Debug, Clone)]
pub(crate) struct Frontier {
    members: Vec<Member>,
    learned: Vec<LearnedAxis>,
    /// The counted losses at which dominating ends.
    limits: Vec<f64>,
}

/// A member of the front, or what a candidate is taken for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    /// Of each learned objective its value, of which more is better.
    pub(crate) learned: Vec<f64>,
    /// Of each counted objective its loss.
    pub(crate) counted: Vec<f64>,
}

/// One learned objective.
#[derive(Debug, Clone)]
pub(crate) struct LearnedAxis {
    /// The value at which dominating ends.
    pub(crate) end: f64,
    /// The least value that the indicator lets pass; minus infinity if any does.
    pub(crate) floor: f64,
    /// The members by falling value.
    pub(crate) order: Vec<usize>,
}

impl LearnedAxis {
    /// An axis of a front that has no members yet.
    pub(crate) fn new(end: f64, floor: f64) -> Self {
        Self { end, floor, order: Vec::new() }
    }

    /// The integral from a to b of the probability that the value is at least so much and passes the floor.
    fn reached(&self, law: ShareLaw, passes: f64, a: f64, b: f64) -> f64 {
        law.reached(a.max(self.floor), b) + passes * (b.min(self.floor) - a).max(0.0)
    }
}

/// The strips of one axis between the values of members, each integrated when it is asked for.
struct Strips<'a> {
    axis: &'a LearnedAxis,
    law: ShareLaw,
    passes: f64,
    integrals: Vec<OnceCell<f64>>,
}

impl Frontier {
    pub(crate) fn new(members: Vec<Member>, learned: Vec<LearnedAxis>, limits: Vec<f64>) -> Self {
        let mut frontier = Self { members: Vec::new(), learned, limits };
        members.into_iter().for_each(|member| frontier.push(member));
        frontier
    }

    /// One more member.
    pub(crate) fn push(&mut self, member: Member) {
        for (place, axis) in self.learned.iter_mut().enumerate() {
            let value = |&known: &usize| self.members[known].learned[place];
            let at = axis.order.partition_point(|known| value(known) >= member.learned[place]);
            axis.order.insert(at, self.members.len());
        }
        self.members.push(member);
    }

    /// The expected gain of hypervolume by a candidate whose counted losses are known and whose learned values have these
    /// laws, independent of each other, under the chance that all of them pass their floors. Exact for any number of
    /// objectives but for the laws' integrals.
    ///
    /// A candidate of learned values x adds, for each point a between the ends and x, the volume that its counted losses
    /// alone dominate among the members that are at least a in every learned value. Between the members' values that
    /// volume is constant, so the expectation is a sum over the cells of their grid, and the probability of a cell is a
    /// product (Emmerich et al. 2011). With one learned objective the cells are strips; if it is the only objective, the
    /// sum is the expected improvement (Jones et al. 1998).
    pub(crate) fn expected_gain(&self, laws: &[ShareLaw], counted: &[f64]) -> f64 {
        let strips: Vec<Strips<'_>> = self
            .learned
            .iter()
            .zip(laws)
            .map(|(axis, &law)| Strips {
                axis,
                law,
                passes: law.at_least(axis.floor),
                integrals: vec![OnceCell::new(); self.members.len() + 1],
            })
            .collect();
        let all = vec![true; self.members.len()];
        self.gain_within(&strips, &all, counted)
    }

    /// The sum over the cells of these axes among some of the members.
    fn gain_within(&self, strips: &[Strips<'_>], among: &[bool], counted: &[f64]) -> f64 {
        let Some((here, inner)) = strips.split_first() else { unreachable!("an objective is learned") };
        let place = self.learned.len() - strips.len();
        let mut above: Vec<usize> = Vec::new();
        let mut is_above = vec![false; self.members.len()];
        let mut gain = 0.0;
        for level in 0..=here.axis.order.len() {
            let volume = match inner {
                [] => self.counted_volume(counted, &above),
                inner => self.gain_within(inner, &is_above, counted),
            };
            if volume == 0.0 {
                break;
            }
            gain += volume * here.integral(level, |member| self.members[member].learned[place]);
            if let Some(&member) = here.axis.order.get(level)
                && among[member]
            {
                above.push(member);
                is_above[member] = true;
            }
        }
        gain
    }

    /// The volume that counted losses alone dominate among some of the members.
    fn counted_volume(&self, counted: &[f64], above: &[usize]) -> f64 {
        let losses = above.iter().map(|&member| self.members[member].counted.as_slice());
        match (counted, self.limits.as_slice()) {
            ([], []) => f64::from(u8::from(above.is_empty())),
            ([loss], [limit]) => {
                let least = losses.map(|losses| losses[0]).fold(f64::INFINITY, f64::min);
                (limit.min(least) - loss).max(0.0)
            }
            (counted, limits) => exclusive(counted, &losses.map(<[f64]>::to_vec).collect::<Vec<_>>(), limits),
        }
    }
}

impl Strips<'_> {
    /// The integral over the strip below the value of the level's predecessor.
    fn integral(&self, level: usize, value: impl Fn(usize) -> f64) -> f64 {
        *self.integrals[level].get_or_init(|| {
            let at = |level: usize| self.axis.order.get(level).map(|&member| value(member));
            let from = at(level).unwrap_or(self.axis.end).max(self.axis.end);
            let until = level.checked_sub(1).and_then(at).unwrap_or(1.0);
            self.axis.reached(self.law, self.passes, from, until)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hypervolume;
    use crate::statistics::share_law::{Normal, share};

    fn member(learned: &[f64], counted: &[f64]) -> Member {
        Member { learned: learned.to_vec(), counted: counted.to_vec() }
    }

    fn law(mean: f64, deviation: f64) -> ShareLaw {
        ShareLaw { odds: Normal { mean, deviation } }
    }

    /// Values of a law on a fine grid, with their probabilities.
    fn grid(law: ShareLaw, n: usize) -> Vec<(f64, f64)> {
        let step = 16.0 / n as f64;
        let density = |z: f64| libm::exp(-0.5 * z * z) / libm::sqrt(2.0 * std::f64::consts::PI);
        (0..n)
            .map(|at| {
                let z = -8.0 + step * (at as f64 + 0.5);
                (share(law.odds.mean + law.odds.deviation * z), density(z) * step)
            })
            .collect()
    }

    /// The mean over the laws of what a candidate would add.
    fn by_summing(frontier: &Frontier, laws: &[ShareLaw], counted: &[f64], n: usize) -> f64 {
        let point = |learned: &[f64], counted: &[f64]| {
            learned.iter().map(|value| -value).chain(counted.iter().copied()).collect::<Vec<f64>>()
        };
        let known: Vec<Vec<f64>> =
            frontier.members.iter().map(|known| point(&known.learned, &known.counted)).collect();
        let ends: Vec<f64> = frontier.learned.iter().map(|axis| axis.end).collect();
        let reference = point(&ends, &frontier.limits);
        let before = hypervolume(&known, &reference);
        let mut samples = vec![(Vec::new(), 1.0)];
        for (axis, law) in frontier.learned.iter().zip(laws) {
            let values: Vec<_> = grid(*law, n).into_iter().filter(|(x, _)| *x >= axis.floor).collect();
            samples = samples
                .iter()
                .flat_map(|(learned, weight): &(Vec<f64>, f64)| {
                    values
                        .iter()
                        .map(move |(x, share)| ([learned.clone(), vec![*x]].concat(), weight * share))
                })
                .collect();
        }
        let added = |learned: &[f64]| {
            let all = known.iter().cloned().chain([point(learned, counted)]).collect::<Vec<_>>();
            hypervolume(&all, &reference) - before
        };
        samples.iter().map(|(learned, weight)| weight * added(learned)).sum()
    }

    fn assert_is_mean(frontier: &Frontier, laws: &[ShareLaw], counted: &[f64], n: usize) {
        let exact = frontier.expected_gain(laws, counted);
        let summed = by_summing(frontier, laws, counted, n);
        assert!((exact - summed).abs() < 4e-4, "{exact} is not {summed}");
        assert!(exact > 0.005, "{exact}");
    }

    #[test]
    fn the_gain_is_the_mean_over_the_law() {
        let axis = |end, floor| vec![LearnedAxis::new(end, floor)];
        let two = Frontier::new(
            vec![member(&[0.9], &[0.9]), member(&[0.7], &[0.5]), member(&[0.3], &[0.2])],
            axis(0.1, 0.2),
            vec![1.0],
        );
        let three = Frontier::new(
            vec![member(&[0.8], &[0.6, 0.4]), member(&[0.5], &[0.3, 0.5]), member(&[0.4], &[0.5, 0.1])],
            axis(0.0, f64::NEG_INFINITY),
            vec![1.0, 1.0],
        );
        let one = Frontier::new(vec![member(&[0.6], &[])], axis(0.0, 0.0), vec![]);
        for deviation in [0.1, 0.8, 2.5] {
            let law = [law(0.6, deviation)];
            for (frontier, counted) in [(&two, vec![0.3]), (&three, vec![0.4, 0.3]), (&one, vec![])] {
                assert_is_mean(frontier, &law, &counted, 4000);
            }
        }
    }

    #[test]
    fn the_gain_of_several_learned_objectives_is_the_mean_over_their_laws() {
        let axes = || vec![LearnedAxis::new(0.1, 0.3), LearnedAxis::new(0.05, f64::NEG_INFINITY)];
        let counted = Frontier::new(
            vec![
                member(&[0.9, 0.3], &[0.9]),
                member(&[0.6, 0.7], &[0.6]),
                member(&[0.4, 0.4], &[0.2]),
                member(&[0.6, 0.2], &[0.1]),
            ],
            axes(),
            vec![1.0],
        );
        let learned_alone =
            Frontier::new(vec![member(&[0.9, 0.3], &[]), member(&[0.6, 0.7], &[])], axes(), vec![]);
        for deviation in [0.2, 1.5] {
            let laws = [law(0.6, deviation), law(0.1, 1.0)];
            assert_is_mean(&counted, &laws, &[0.35], 150);
            assert_is_mean(&learned_alone, &laws, &[], 150);
        }
    }

    #[test]
    fn what_is_dominated_for_sure_gains_nothing() {
        let axes = vec![LearnedAxis::new(0.0, 0.0)];
        let frontier = Frontier::new(vec![member(&[0.9], &[0.1])], axes, vec![1.0]);
        let gain = frontier.expected_gain(&[law(-2.0, 0.01)], &[0.5]);
        assert!(gain.abs() < 1e-12, "{gain}");
    }
}
