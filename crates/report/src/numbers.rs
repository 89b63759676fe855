//! How numbers are written: as the unit of the metrics writes them.

use netsynth_search::Unit;

/// A count with thousands apart: 141,098.
pub fn count(number: u64) -> String {
    Unit::Count.format(number as f64)
}

/// A count in millions: 44.21 M.
pub fn millions(number: u64) -> String {
    Unit::Operations.format(number as f64)
}

/// Bytes in KiB.
pub fn kibibytes(bytes: u64) -> String {
    Unit::Bytes.format(bytes as f64)
}

/// A share with half the width of its interval, where that is known: 88.13 % ± 4.88.
pub fn estimate(mean: f64, half_width: Option<f64>) -> String {
    half_width.map_or(percent(mean), |half| format!("{} ± {:.2}", percent(mean), 100.0 * half))
}

/// A share as percent: 92.35 %.
pub fn percent(share: f64) -> String {
    Unit::Share.format(share)
}

/// A number with so many decimal places.
pub(crate) fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10f64.powi(places);
    (value * scale).round() / scale
}
