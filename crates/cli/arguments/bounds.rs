use netsynth_search::{Constraint, Metric};

/// A bound of the indicator as the command line writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound(pub(crate) Constraint);

/// Reads a bound such as `parameters<=1e6` or `accuracy>=0.92`.
pub(crate) fn bound(text: &str) -> Result<Bound, String> {
    let remedy = "write a bound such as parameters<=1e6, macs<=2e7 or accuracy>=0.92";
    let (name, at_least, number) = match (text.split_once(">="), text.split_once("<=")) {
        (Some((name, number)), _) => (name, true, number),
        (None, Some((name, number))) => (name, false, number),
        (None, None) => return Err(remedy.to_owned()),
    };
    let metric = match name.trim() {
        "accuracy" => Metric::Accuracy,
        "parameters" => Metric::Parameters,
        "macs" => Metric::Macs,
        _ => return Err(remedy.to_owned()),
    };
    let number: f64 = number.trim().parse().map_err(|_| remedy.to_owned())?;
    let constraint =
        if at_least { Constraint::AtLeast(metric, number) } else { Constraint::AtMost(metric, number) };
    Ok(Bound(constraint))
}
