//! How numbers are written.

/// A count with thousands apart: 141,098.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count in millions: 44.21 M.
pub fn millions(number: u64) -> String {
    format!("{:.2} M", number as f64 / 1e6)
}

/// Bytes in KiB.
pub fn kibibytes(bytes: u64) -> String {
    format!("{:.0} KiB", bytes as f64 / 1024.0)
}

/// A share with half the width of its interval, where that is known: 88.13 % ± 4.88.
pub fn estimate(mean: f64, half_width: Option<f64>) -> String {
    half_width.map_or(percent(mean), |half| format!("{} ± {:.2}", percent(mean), 100.0 * half))
}

/// A share as percent: 92.35 %.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}
