//! What a candidate is expected to add to a front before anybody trains it.

use crate::hypervolume::exclusive;

/// A normal law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Normal {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

impl Normal {
    /// The probability of at most `x`.
    pub(crate) fn at_most(&self, x: f64) -> f64 {
        let z = (x - self.mean) / self.deviation;
        0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
    }

    /// The mean of `x - X` where that is above zero: the integral of [`Normal::at_most`] up to `x`.
    fn shortfall(&self, x: f64) -> f64 {
        let z = (x - self.mean) / self.deviation;
        // Beyond eight deviations a double has no room for the rest.
        if z.abs() > 8.0 {
            return (x - self.mean).max(0.0);
        }
        let density = libm::exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt();
        // The difference of two large numbers cannot fall below what it is.
        (self.deviation * density + (x - self.mean) * self.at_most(x)).max(0.0)
    }
}

/// A front in losses, of which one, the first, is learned by training and the rest are counted.
#[derive(Debug, Clone)]
pub(crate) struct Frontier {
    /// Members by rising first loss.
    members: Vec<(f64, Vec<f64>)>,
    /// Where dominating ends: the first loss, and the counted ones.
    reference: (f64, Vec<f64>),
    /// The largest first loss that the indicator lets pass.
    ceiling: f64,
}

impl Frontier {
    pub(crate) fn new(mut members: Vec<(f64, Vec<f64>)>, reference: (f64, Vec<f64>), ceiling: f64) -> Self {
        members.sort_by(|one, other| one.0.total_cmp(&other.0));
        Self { members, reference, ceiling }
    }

    /// One more member.
    pub(crate) fn push(&mut self, member: (f64, Vec<f64>)) {
        let at = self.members.partition_point(|known| known.0 <= member.0);
        self.members.insert(at, member);
    }

    /// The expected gain of hypervolume by a candidate whose counted losses are known and whose first loss has a
    /// normal law, under its chance to pass the ceiling; exact for any number of losses.
    ///
    /// A candidate of first loss x adds, for each level u of the first loss from x to the reference, the volume
    /// that its counted losses alone dominate among the members up to u. Between two members that volume is
    /// constant, so the expectation is a sum over them (the integration by strips of Emmerich et al. 2011). With no
    /// counted loss it is the expected improvement (Jones et al. 1998).
    pub(crate) fn expected_gain(&self, loss: Normal, counted: &[f64]) -> f64 {
        let (end, reference) = (self.reference.0, &self.reference.1);
        let passes = loss.at_most(self.ceiling);
        // The integral up to u of the probability that the first loss is at most u and passes.
        let reached = |u: f64| loss.shortfall(u.min(self.ceiling)) + passes * (u - self.ceiling).max(0.0);
        let mut gain = 0.0;
        let mut below: Vec<Vec<f64>> = Vec::new();
        let mut least = f64::INFINITY;
        let mut from = 0.0;
        for (at, until) in self.members.iter().map(|member| member.0).chain([end]).enumerate() {
            let until = reached(until.min(end));
            let volume = match (counted, reference.as_slice()) {
                ([], []) => f64::from(u8::from(at == 0)),
                ([loss], [limit]) => (limit.min(least) - loss).max(0.0),
                (losses, limits) => exclusive(losses, &below, limits),
            };
            gain += volume * (until - from);
            from = until;
            if volume == 0.0 || at == self.members.len() {
                break;
            }
            match self.members[at].1.as_slice() {
                [] => {}
                [loss] => least = least.min(*loss),
                losses => below.push(losses.to_vec()),
            }
        }
        gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hypervolume;

    /// The mean over a fine grid of the law.
    fn by_summing(frontier: &Frontier, loss: Normal, counted: &[f64]) -> f64 {
        let points = |extra: Option<f64>| -> Vec<Vec<f64>> {
            let known = frontier.members.iter().map(|(first, rest)| (*first, rest.clone()));
            let all = known.chain(extra.map(|first| (first, counted.to_vec())));
            all.map(|(first, rest)| [vec![first], rest].concat()).collect()
        };
        let reference = [vec![frontier.reference.0], frontier.reference.1.clone()].concat();
        let before = hypervolume(&points(None), &reference);
        let n = 4000;
        (0..n)
            .map(|step| {
                let z = -8.0 + 16.0 * (step as f64 + 0.5) / n as f64;
                let x = loss.mean + loss.deviation * z;
                let weight = libm::exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt() * 16.0 / n as f64;
                let passes = x <= frontier.ceiling;
                if passes { weight * (hypervolume(&points(Some(x)), &reference) - before) } else { 0.0 }
            })
            .sum()
    }

    #[test]
    fn the_gain_is_the_mean_over_the_law() {
        let two = Frontier::new(
            vec![(0.1, vec![0.9]), (0.3, vec![0.5]), (0.7, vec![0.2])],
            (1.0, vec![1.0]),
            0.8,
        );
        let three = Frontier::new(
            vec![(0.2, vec![0.6, 0.4]), (0.5, vec![0.3, 0.5]), (0.6, vec![0.5, 0.1])],
            (1.0, vec![1.0, 1.0]),
            f64::INFINITY,
        );
        let one = Frontier::new(vec![(0.4, vec![])], (1.0, vec![]), 1.0);
        let loss = Normal { mean: 0.35, deviation: 0.2 };
        for (frontier, counted) in [(&two, vec![0.3]), (&three, vec![0.4, 0.3]), (&one, vec![])] {
            let (exact, summed) =
                (frontier.expected_gain(loss, &counted), by_summing(frontier, loss, &counted));
            assert!((exact - summed).abs() < 1e-4, "{exact} is not {summed}");
            assert!(exact > 0.01);
        }
    }

    #[test]
    fn what_is_dominated_for_sure_gains_nothing() {
        let frontier = Frontier::new(vec![(0.1, vec![0.1])], (1.0, vec![1.0]), 1.0);
        let gain = frontier.expected_gain(Normal { mean: 0.9, deviation: 0.01 }, &[0.5]);
        assert!(gain.abs() < 1e-12, "{gain}");
    }
}
