//! What is expected of a measured metric before a training: the law of a share whose log-odds are normal.

/// A normal law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Normal {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

/// The law of a measured share, such as accuracy, whose log-odds have a normal one: what training brings there is much the
/// same whether a network is poor or good, and no share is below 0 or above 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ShareLaw {
    pub(crate) odds: Normal,
}

/// Beyond so many deviations a double has no room for what is left.
const TAIL: f64 = 8.0;

/// Log-odds of a share. Shares that only many images could tell from none or all are taken for those.
pub(crate) fn log_odds(share: f64) -> f64 {
    let share = share.clamp(0.01, 0.9995);
    libm::log(share / (1.0 - share))
}

pub(crate) fn share(odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-odds))
}

impl ShareLaw {
    /// The median.
    pub(crate) fn middle(&self) -> f64 {
        share(self.odds.mean)
    }

    /// The probability of at least so much.
    pub(crate) fn at_least(&self, least: f64) -> f64 {
        if least <= 0.0 {
            return 1.0;
        }
        if least >= 1.0 {
            return 0.0;
        }
        self.odds_at_least(libm::log(least / (1.0 - least)))
    }

    fn odds_at_least(&self, odds: f64) -> f64 {
        let z = (odds - self.odds.mean) / self.odds.deviation;
        0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
    }

    /// The integral of [`ShareLaw::at_least`] between two shares: by Gauss and Legendre's two points on pieces of
    /// half a deviation at most.
    pub(crate) fn reached(&self, from: f64, to: f64) -> f64 {
        let (from, to) = (from.clamp(0.0, 1.0), to.clamp(0.0, 1.0));
        if from >= to {
            return 0.0;
        }
        let Normal { mean, deviation } = self.odds;
        let certain = share(mean - TAIL * deviation).clamp(from, to);
        let odds = |share: f64| libm::log(share / (1.0 - share));
        let (start, end) = (odds(certain), odds(to).min(mean + TAIL * deviation));
        if start >= end {
            return certain - from;
        }
        let n_pieces = libm::ceil(2.0 * (end - start) / deviation).max(1.0);
        let half = 0.5 * (end - start) / n_pieces;
        let height = |odds: f64| {
            let share = share(odds);
            self.odds_at_least(odds) * share * (1.0 - share)
        };
        let offset = half / libm::sqrt(3.0);
        let pieces = (0..n_pieces as usize).map(|piece| {
            let middle = start + half * (2 * piece + 1) as f64;
            half * (height(middle - offset) + height(middle + offset))
        });
        certain - from + pieces.sum::<f64>()
    }
}
