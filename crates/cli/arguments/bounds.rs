use netsynth_search::{Constraint, Metric, Objective, bounds};

/// Bounds of the indicator as the command line has them, such as `parameters<=150k` or `accuracy >= 92 % and macs < 12M`.
#[derive(Debug, Clone)]
pub(crate) struct Bounds(pub(crate) Vec<Constraint>);

/// Reads bounds; an error shows the mistake.
pub(crate) fn read_bounds(text: &str) -> Result<Bounds, String> {
    bounds(text).map(Bounds).map_err(|error| format!("{}\n  help: {}", error.reason, error.remedy))
}

/// Reads the name of a metric.
pub(crate) fn read_metric(text: &str) -> Result<Metric, String> {
    Metric::of_name(text).ok_or_else(|| format!("it is no metric; write one of {}", Metric::names()))
}

/// Reads the name of a metric as an axis of the front.
pub(crate) fn read_objective(text: &str) -> Result<Objective, String> {
    read_metric(text).map(Objective::of)
}
