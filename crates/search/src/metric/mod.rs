//! What a network is judged by: metrics, objectives, bounds, conditions, and the performance function U.

pub(crate) mod condition;
pub(crate) mod grammar;
pub(crate) mod indicator;
pub(crate) mod metric;
pub(crate) mod metrics;
pub(crate) mod objective;
pub(crate) mod own;
pub(crate) mod performance;
pub(crate) mod unit;
