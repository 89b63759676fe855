//! Work on a run with this process' threads, as several commands begin it or go on with it.

pub(crate) mod search;
pub(crate) mod training;
