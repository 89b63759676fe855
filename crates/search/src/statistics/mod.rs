//! Statistics of measurements: confusions, means with their intervals, laws of shares, rank correlation, comparisons of runs.

pub(crate) mod certificate;
pub(crate) mod comparison;
pub(crate) mod confusion;
pub(crate) mod estimate;
pub(crate) mod kendall;
pub(crate) mod share_law;
