//! What a person or another program sees: results on standard output, everything else on standard error.

pub(crate) mod events;
pub(crate) mod log;
pub(crate) mod print;
pub(crate) mod progress;
pub(crate) mod status;
pub(crate) mod training_results;
pub(crate) mod variant;
