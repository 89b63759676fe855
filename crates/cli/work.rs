//! Work on a run, as several commands begin it or go on with it.

pub(crate) mod data;
pub(crate) mod executor;
pub(crate) mod search;
pub(crate) mod training;
