//! A Gaussian process over genomes.

use crate::statistics::share_law::Normal;
use crate::synthesis::cholesky::{Cholesky, dot};
use crate::synthesis::covariance::{Covariance, Observation, Point};

/// A covariance conditioned on what was observed; exact.
#[derive(Debug, Clone)]
pub(crate) struct GaussianProcess {
    covariance: Covariance,
    points: Vec<Point>,
    /// Of the observations, noise and error with it.
    variances: Vec<f64>,
    values: Vec<f64>,
    factor: Cholesky,
    /// `K^-1` times the values.
    alpha: Vec<f64>,
}

/// The posterior at a point, and what is needed to know how it covaries with that at another.
#[derive(Debug, Clone)]
pub(crate) struct Posterior {
    pub(crate) law: Normal,
    /// `L^-1 k`
    pub(crate) root: Vec<f64>,
}

impl GaussianProcess {
    pub(crate) fn new(covariance: Covariance, observations: &[Observation]) -> Self {
        let mut process = Self {
            covariance,
            points: Vec::new(),
            variances: Vec::new(),
            values: Vec::new(),
            factor: Cholesky::default(),
            alpha: Vec::new(),
        };
        process.extend(observations);
        process
    }

    pub(crate) fn covariance(&self) -> &Covariance {
        &self.covariance
    }

    /// Takes in more observations.
    pub(crate) fn extend(&mut self, observations: &[Observation]) {
        for Observation { point, value, variance } in observations {
            let row = self.covariances(point);
            let own = self.covariance.of(point, point) + self.covariance.noise() + variance;
            self.factor.push(&row, own);
            self.points.push(point.clone());
            self.variances.push(own);
            self.values.push(*value);
        }
        self.alpha = self.factor.backward(&self.factor.forward(&self.values));
    }

    /// The same observations with other values.
    pub(crate) fn revalue(&mut self, values: Vec<f64>) {
        self.values = values;
        self.alpha = self.factor.backward(&self.factor.forward(&self.values));
    }

    pub(crate) fn covariances(&self, point: &Point) -> Vec<f64> {
        self.points.iter().map(|known| self.covariance.of(known, point)).collect()
    }

    /// The mean at a point with these covariances.
    pub(crate) fn mean(&self, covariances: &[f64]) -> f64 {
        dot(covariances, &self.alpha)
    }

    /// A bound of the deviation at a point: what the one observation that is most like it leaves unknown.
    pub(crate) fn at_most(&self, point: &Point, covariances: &[f64]) -> f64 {
        let prior = self.covariance.of(point, point);
        let known = covariances.iter().zip(&self.variances).map(|(shared, own)| shared * shared / own);
        libm::sqrt((prior - known.fold(0.0, f64::max)).max(1e-9 * prior))
    }

    /// The posterior at a point with these covariances, noise left out.
    pub(crate) fn posterior(&self, point: &Point, covariances: &[f64]) -> Posterior {
        let root = self.factor.forward(covariances);
        let prior = self.covariance.of(point, point);
        let variance = (prior - dot(&root, &root)).max(1e-9 * prior);
        Posterior { law: Normal { mean: self.mean(covariances), deviation: variance.sqrt() }, root }
    }
}
