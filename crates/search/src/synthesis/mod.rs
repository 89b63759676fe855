//! Generative synthesis: the generator and its update, the inquisitor with its probes and posteriors, the acquisition,
//! zero-cost screening, and the explanation of what was learned.

pub(crate) mod acquisition;
pub(crate) mod cholesky;
pub(crate) mod covariance;
pub(crate) mod explanation;
pub(crate) mod gaussian_process;
pub(crate) mod generator;
pub(crate) mod generator_update;
pub(crate) mod inquisitor;
pub(crate) mod price;
pub(crate) mod prior;
pub(crate) mod probe_features;
pub(crate) mod ranking;
pub(crate) mod reactions;
pub(crate) mod screening;
pub(crate) mod synthesis;
pub(crate) mod zero_cost;
