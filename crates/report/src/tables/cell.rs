use netsynth_search::{Metric, Source};
use serde_json::Value;

use crate::numbers::{count, estimate, kibibytes, millions, percent};

/// What stands in one place of a table: a text for people and a value for programs.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub(super) text: String,
    pub(super) value: Value,
    /// The trial that a page selects when the cell is followed.
    pub(super) trial: Option<usize>,
}

impl Cell {
    /// A value and how it is shown.
    pub fn new(value: impl Into<Value>, text: impl Into<String>) -> Self {
        Self { text: text.into(), value: value.into(), trial: None }
    }

    /// A text that is its own value.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(text.clone(), text)
    }

    /// What is shown where there is no value.
    pub fn missing(text: &str) -> Self {
        Self::new(Value::Null, text)
    }

    /// The cell of a value that may be missing; "-" stands for none.
    pub fn known<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or_else(|| Self::missing("-"), cell)
    }

    /// The cell of a value that may be missing; nothing stands for none.
    pub fn or_empty<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or_else(|| Self::missing(""), cell)
    }

    /// A short whole number, such as an index: 1234.
    pub fn whole(number: impl Into<Value> + ToString) -> Self {
        let text = number.to_string();
        Self::new(number, text)
    }

    /// A number of a trial.
    pub fn trial(number: usize) -> Self {
        Self { trial: Some(number), ..Self::whole(number) }
    }

    /// A count with its thousands separated: 141,098.
    pub fn count(number: u64) -> Self {
        Self::new(number, count(number))
    }

    /// How often something occurs, where most of a table is zero: "." stands for 0.
    pub fn dotted(number: usize) -> Self {
        Self::new(number, if number == 0 { ".".to_owned() } else { number.to_string() })
    }

    /// A count shown in millions: 44.21 M.
    pub fn millions(number: u64) -> Self {
        Self::new(number, millions(number))
    }

    /// Numbers of four bytes, shown in KiB.
    pub fn kibibytes(numbers: u64) -> Self {
        Self::new(numbers, kibibytes(4 * numbers))
    }

    /// A value of a metric, shown in its unit. Counts are whole numbers.
    pub fn metric(metric: Metric, value: f64) -> Self {
        let text = metric.format(value);
        match metric.source() {
            Source::Counted => Self::new(value as u64, text),
            Source::Measured => Self::new(value, text),
        }
    }

    /// A share of 1, shown as percent.
    pub fn share(share: f64) -> Self {
        Self::new(share, percent(share))
    }

    /// A share with half the width of its interval or its deviation. The value is the share alone.
    pub fn estimate(mean: f64, half_width: Option<f64>) -> Self {
        Self::new(mean, estimate(mean, half_width))
    }

    /// A number shown with so many decimals.
    pub fn fixed(number: f64, decimals: usize) -> Self {
        Self::new(number, format!("{number:.decimals$}"))
    }

    /// A number shown with its sign and so many decimals.
    pub fn signed(number: f64, decimals: usize) -> Self {
        Self::new(number, format!("{number:+.decimals$}"))
    }

    /// Names in one cell.
    pub fn list(names: Vec<String>) -> Self {
        let text = names.join(", ");
        Self::new(names, text)
    }

    /// The same value with another text.
    #[must_use]
    pub fn showing(self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self }
    }

    /// The text for people.
    pub fn shown(&self) -> &str {
        &self.text
    }
}
