//! What a candidate is expected to add to a front before anybody trains it.

use crate::hypervolume::exclusive;

/// A normal law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Normal {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

/// The law of an accuracy whose log-odds have a normal one: what training brings there is much the same whether a
/// network is poor or good, and no accuracy is below 0 or above 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Accuracy {
    pub(crate) odds: Normal,
}

/// Beyond so many deviations a double has no room for what is left.
const TAIL: f64 = 8.0;

/// Log-odds of an accuracy. Accuracies that only many images could tell from none or all are taken for those.
pub(crate) fn log_odds(accuracy: f64) -> f64 {
    let share = accuracy.clamp(0.01, 0.9995);
    libm::log(share / (1.0 - share))
}

fn share(odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-odds))
}

impl Accuracy {
    /// The median.
    pub(crate) fn middle(&self) -> f64 {
        share(self.odds.mean)
    }

    /// The probability of at least so much.
    pub(crate) fn at_least(&self, accuracy: f64) -> f64 {
        if accuracy <= 0.0 {
            return 1.0;
        }
        if accuracy >= 1.0 {
            return 0.0;
        }
        self.odds_at_least(libm::log(accuracy / (1.0 - accuracy)))
    }

    fn odds_at_least(&self, odds: f64) -> f64 {
        let z = (odds - self.odds.mean) / self.odds.deviation;
        0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
    }

    /// The integral of [`Accuracy::at_least`] between two accuracies: by Gauss and Legendre's two points on pieces of
    /// half a deviation at most.
    fn reached(&self, from: f64, to: f64) -> f64 {
        let (from, to) = (from.clamp(0.0, 1.0), to.clamp(0.0, 1.0));
        if from >= to {
            return 0.0;
        }
        let Normal { mean, deviation } = self.odds;
        let certain = share(mean - TAIL * deviation).clamp(from, to);
        let odds = |accuracy: f64| libm::log(accuracy / (1.0 - accuracy));
        let (start, end) = (odds(certain), odds(to).min(mean + TAIL * deviation));
        if start >= end {
            return certain - from;
        }
        let n_pieces = libm::ceil(2.0 * (end - start) / deviation).max(1.0);
        let half = 0.5 * (end - start) / n_pieces;
        let height = |odds: f64| {
            let accuracy = share(odds);
            self.odds_at_least(odds) * accuracy * (1.0 - accuracy)
        };
        let offset = half / libm::sqrt(3.0);
        let pieces = (0..n_pieces as usize).map(|piece| {
            let middle = start + half * (2 * piece + 1) as f64;
            half * (height(middle - offset) + height(middle + offset))
        });
        certain - from + pieces.sum::<f64>()
    }
}

/// A front: accuracy is learned by training, the other losses are counted.
#[derive(Debug, Clone)]
pub(crate) struct Frontier {
    /// Members by falling accuracy, with their counted losses.
    members: Vec<(f64, Vec<f64>)>,
    /// Where dominating ends: the accuracy, and the counted losses.
    reference: (f64, Vec<f64>),
    /// The least accuracy that the indicator lets pass.
    floor: f64,
}

impl Frontier {
    pub(crate) fn new(mut members: Vec<(f64, Vec<f64>)>, reference: (f64, Vec<f64>), floor: f64) -> Self {
        members.sort_by(|one, other| other.0.total_cmp(&one.0));
        Self { members, reference, floor }
    }

    /// One more member.
    pub(crate) fn push(&mut self, member: (f64, Vec<f64>)) {
        let at = self.members.partition_point(|known| known.0 >= member.0);
        self.members.insert(at, member);
    }

    /// The expected gain of hypervolume by a candidate whose counted losses are known and whose accuracy has a law,
    /// under its chance to pass the floor; exact for any number of losses but for the law's integral.
    ///
    /// A candidate of accuracy x adds, for each level a from the reference to x, the volume that its counted losses
    /// alone dominate among the members of at least a. Between two members that volume is constant, so the expectation
    /// is a sum over them (the integration by strips of Emmerich et al. 2011). With no counted loss it is the expected
    /// improvement (Jones et al. 1998).
    pub(crate) fn expected_gain(&self, law: Accuracy, counted: &[f64]) -> f64 {
        let (end, reference) = (self.reference.0, &self.reference.1);
        let passes = law.at_least(self.floor);
        // The integral from a to b of the probability that the accuracy is at least so much and passes.
        let reached =
            |a: f64, b: f64| law.reached(a.max(self.floor), b) + passes * (b.min(self.floor) - a).max(0.0);
        let mut gain = 0.0;
        let mut above: Vec<Vec<f64>> = Vec::new();
        let mut least = f64::INFINITY;
        let mut until = 1.0;
        for (at, from) in self.members.iter().map(|member| member.0).chain([end]).enumerate() {
            let volume = match (counted, reference.as_slice()) {
                ([], []) => f64::from(u8::from(at == 0)),
                ([loss], [limit]) => (limit.min(least) - loss).max(0.0),
                (losses, limits) => exclusive(losses, &above, limits),
            };
            if volume == 0.0 {
                break;
            }
            gain += volume * reached(from.max(end), until);
            until = from;
            match self.members.get(at).map_or(&[] as &[f64], |member| member.1.as_slice()) {
                [] => {}
                [loss] => least = least.min(*loss),
                losses => above.push(losses.to_vec()),
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
    fn by_summing(frontier: &Frontier, law: Accuracy, counted: &[f64]) -> f64 {
        let points = |extra: Option<f64>| -> Vec<Vec<f64>> {
            let known = frontier.members.iter().map(|(accuracy, rest)| (*accuracy, rest.clone()));
            let all = known.chain(extra.map(|accuracy| (accuracy, counted.to_vec())));
            all.map(|(accuracy, rest)| [vec![-accuracy], rest].concat()).collect()
        };
        let reference = [vec![-frontier.reference.0], frontier.reference.1.clone()].concat();
        let before = hypervolume(&points(None), &reference);
        let n = 4000;
        (0..n)
            .map(|step| {
                let z = -8.0 + 16.0 * (step as f64 + 0.5) / n as f64;
                let x = share(law.odds.mean + law.odds.deviation * z);
                let weight =
                    libm::exp(-0.5 * z * z) / libm::sqrt(2.0 * std::f64::consts::PI) * 16.0 / n as f64;
                let passes = x >= frontier.floor;
                if passes { weight * (hypervolume(&points(Some(x)), &reference) - before) } else { 0.0 }
            })
            .sum()
    }

    #[test]
    fn the_gain_is_the_mean_over_the_law() {
        let two =
            Frontier::new(vec![(0.9, vec![0.9]), (0.7, vec![0.5]), (0.3, vec![0.2])], (0.1, vec![1.0]), 0.2);
        let three = Frontier::new(
            vec![(0.8, vec![0.6, 0.4]), (0.5, vec![0.3, 0.5]), (0.4, vec![0.5, 0.1])],
            (0.0, vec![1.0, 1.0]),
            f64::NEG_INFINITY,
        );
        let one = Frontier::new(vec![(0.6, vec![])], (0.0, vec![]), 0.0);
        for deviation in [0.1, 0.8, 2.5] {
            let law = Accuracy { odds: Normal { mean: 0.6, deviation } };
            for (frontier, counted) in [(&two, vec![0.3]), (&three, vec![0.4, 0.3]), (&one, vec![])] {
                let (exact, summed) =
                    (frontier.expected_gain(law, &counted), by_summing(frontier, law, &counted));
                assert!((exact - summed).abs() < 2e-4, "{exact} is not {summed}");
                assert!(exact > 0.01);
            }
        }
    }

    #[test]
    fn what_is_dominated_for_sure_gains_nothing() {
        let frontier = Frontier::new(vec![(0.9, vec![0.1])], (0.0, vec![1.0]), 0.0);
        let law = Accuracy { odds: Normal { mean: -2.0, deviation: 0.01 } };
        let gain = frontier.expected_gain(law, &[0.5]);
        assert!(gain.abs() < 1e-12, "{gain}");
    }
}
