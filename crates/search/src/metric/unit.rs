/// What a metric's values are numbers of: how they are written and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share of 1, shown in percent.
    Share,
    /// A count.
    Count,
    /// A count of operations, shown in millions.
    Operations,
    /// A count of activation numbers, shown as the memory that they take at four bytes each.
    Activations,
    /// Bytes, shown in KiB.
    Bytes,
    /// Nanoseconds, shown in milliseconds.
    Time,
}

/// What may follow a number in a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffix {
    /// Nothing: the plain number.
    One,
    /// `%`
    Percent,
    /// `k`, a thousand.
    Thousand,
    /// `M`, a million.
    Million,
    /// `KiB`, 1024 bytes.
    Kibibyte,
    /// `MiB`, 1024 KiB.
    Mebibyte,
    /// `ns`
    Nanosecond,
    /// `us`, 1000 ns.
    Microsecond,
    /// `ms`, 1000 us.
    Millisecond,
    /// `s`, 1000 ms.
    Second,
}

/// Bytes of an activation number: activations are 32-bit floats.
const BYTES_PER_ACTIVATION: f64 = 4.0;

impl Unit {
    /// What may follow a number of this unit.
    pub fn suffixes(self) -> &'static [Suffix] {
        use Suffix::{
            Kibibyte, Mebibyte, Microsecond, Million, Millisecond, Nanosecond, One, Percent, Second, Thousand,
        };
        match self {
            Unit::Share => &[One, Percent],
            Unit::Count | Unit::Operations => &[One, Thousand, Million],
            Unit::Activations => &[One, Thousand, Million, Kibibyte, Mebibyte],
            Unit::Bytes => &[One, Kibibyte, Mebibyte],
            // A plain number would be taken for milliseconds by one, for seconds by another.
            Unit::Time => &[Nanosecond, Microsecond, Millisecond, Second],
        }
    }

    /// What follows the unit's own numbers where they are written: nothing, but after times.
    pub(crate) fn plain(self) -> Suffix {
        match self {
            Unit::Share | Unit::Count | Unit::Operations | Unit::Activations | Unit::Bytes => Suffix::One,
            Unit::Time => Suffix::Nanosecond,
        }
    }

    /// The value of a number with a suffix, in the unit's plain numbers: 0.92 for 92 %, 65,536 activations for 256 KiB.
    pub fn value(self, number: f64, suffix: Suffix) -> f64 {
        let bytes = match self {
            Unit::Activations => BYTES_PER_ACTIVATION,
            Unit::Share | Unit::Count | Unit::Operations | Unit::Bytes | Unit::Time => 1.0,
        };
        match suffix {
            Suffix::One | Suffix::Nanosecond => number,
            Suffix::Percent => number / 100.0,
            Suffix::Thousand | Suffix::Microsecond => number * 1e3,
            Suffix::Million | Suffix::Millisecond => number * 1e6,
            Suffix::Second => number * 1e9,
            Suffix::Kibibyte => number * (1024.0 / bytes),
            Suffix::Mebibyte => number * (1024.0 * 1024.0 / bytes),
        }
    }

    /// A value as tables show it: `92.35 %`, `141,098`, `44.21 M`, `495 KiB`, `4.215 ms`.
    pub fn format(self, value: f64) -> String {
        match self {
            Unit::Share => format!("{:.2} %", 100.0 * value),
            Unit::Count => with_thousands(value.round() as u64),
            Unit::Operations => format!("{:.2} M", value / 1e6),
            Unit::Activations => Unit::Bytes.format(BYTES_PER_ACTIVATION * value),
            Unit::Bytes => format!("{:.0} KiB", value / 1024.0),
            Unit::Time => format!("{:.3} ms", value / 1e6),
        }
    }
}

impl Suffix {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::One,
        Self::Percent,
        Self::Thousand,
        Self::Million,
        Self::Kibibyte,
        Self::Mebibyte,
        Self::Nanosecond,
        Self::Microsecond,
        Self::Millisecond,
        Self::Second,
    ];

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Suffix::One => "",
            Suffix::Percent => "%",
            Suffix::Thousand => "k",
            Suffix::Million => "M",
            Suffix::Kibibyte => "KiB",
            Suffix::Mebibyte => "MiB",
            Suffix::Nanosecond => "ns",
            Suffix::Microsecond => "us",
            Suffix::Millisecond => "ms",
            Suffix::Second => "s",
        }
    }
}

/// A count with thousands apart: 141,098.
fn with_thousands(number: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_in_their_unit() {
        assert_eq!(Unit::Share.format(0.92345), "92.34 %");
        assert_eq!(Unit::Count.format(141_098.0), "141,098");
        assert_eq!(Unit::Operations.format(44.21e6), "44.21 M");
        assert_eq!(Unit::Activations.format(126_720.0), "495 KiB");
        assert_eq!(Unit::Bytes.format(564_392.0), "551 KiB");
        assert_eq!(Unit::Time.format(4_215_300.0), "4.215 ms");
    }

    #[test]
    fn a_kibibyte_is_256_activations_and_1024_bytes() {
        assert_eq!(Unit::Activations.value(256.0, Suffix::Kibibyte), 65_536.0);
        assert_eq!(Unit::Activations.value(1.0, Suffix::Mebibyte), 262_144.0);
        assert_eq!(Unit::Bytes.value(2.0, Suffix::Kibibyte), 2048.0);
        assert_eq!(Unit::Share.value(92.0, Suffix::Percent), 0.92);
        assert_eq!(Unit::Time.value(5.0, Suffix::Millisecond), 5e6);
    }
}
