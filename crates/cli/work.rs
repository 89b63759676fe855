//! Work on a run with this process' threads, as several commands begin it or go on with it.

pub(crate) mod data;
pub(crate) mod search;
pub(crate) mod threads;
pub(crate) mod training;
