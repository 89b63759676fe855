//! What is better: climbing ranks, the Pareto front, its volume, and the variants picked from it.

pub(crate) mod climb;
pub(crate) mod family;
pub(crate) mod hypervolume;
pub(crate) mod pareto;
pub(crate) mod rank;
pub(crate) mod variant;
