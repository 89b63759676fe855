//! Who proposes candidates: the strategies, the problem that they are given, and the repair of what they draw.

pub(crate) mod evolution;
pub(crate) mod local_search;
pub(crate) mod nsga2;
pub(crate) mod problem;
pub(crate) mod random;
pub(crate) mod repair;
pub(crate) mod scaling;
pub(crate) mod strategy;
pub(crate) mod table;
