//! How numbers and tables are written.

use std::io::{IsTerminal, Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use serde::Serialize;

use crate::complaint::Complaint;

/// A count with thousands apart: 141,098.
pub(crate) fn count(number: u64) -> String {
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
pub(crate) fn millions(number: u64) -> String {
    format!("{:.2} M", number as f64 / 1e6)
}

/// Bytes in KiB.
pub(crate) fn kibibytes(bytes: u64) -> String {
    format!("{:.0} KiB", bytes as f64 / 1024.0)
}

/// A share as percent: 92.35 %.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// Mean and sample standard deviation; 0 for the deviation of one number.
pub(crate) fn mean_and_deviation(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    (mean, if numbers.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 })
}

/// A table whose columns from `first_number` on hold numbers.
pub(crate) fn table(header: &[&str], first_number: usize) -> Table {
    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(style).set_header(header.to_vec());
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for column in table.column_iter_mut().skip(first_number) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Writes a result to standard output. A reader that went away, such as `head`, is no error.
pub(crate) fn say(text: impl std::fmt::Display) -> Result<(), Complaint> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Complaint::new(format!("standard output: {error}"), "check where it leads"))
        }
        _ => Ok(()),
    }
}

/// Writes a result to standard output as JSON.
pub(crate) fn say_json<T: Serialize>(value: &T) -> Result<(), Complaint> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Complaint::new(error.to_string(), "this is a defect of netsynth: please report it")
    })?;
    say(text)
}
