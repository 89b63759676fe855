//! How numbers and tables are written.

use std::io::{IsTerminal, Write};
use std::path::Path;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use serde::Serialize;

pub(crate) use netsynth_report::numbers::{count, estimate, kibibytes, millions, percent};

use netsynth_run::RunError;

/// How many characters a line of standard output may have, if it leads to a terminal.
pub(crate) fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(width.0.into())
}

/// A text in lines of at most so many characters, each indented; its own line breaks stay.
pub(crate) fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = margin.clone();
        for word in paragraph.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > width && line.len() > indent {
                lines.push(std::mem::replace(&mut line, margin.clone()));
            }
            if line.len() > indent {
                line.push(' ');
            }
            line += word;
        }
        lines.push(line);
    }
    lines.join("\n")
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
pub(crate) fn say(text: impl std::fmt::Display) -> Result<(), RunError> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(RunError::new(format!("standard output: {error}"), "check where it leads"))
        }
        _ => Ok(()),
    }
}

/// Writes a result to standard output as JSON.
pub(crate) fn say_json<T: Serialize>(value: &T) -> Result<(), RunError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        RunError::new(error.to_string(), "this is a defect of netsynth: please report it")
    })?;
    say(text)
}

/// Writes a text to a file that somebody named, or to standard output.
pub(crate) fn print_to(file: Option<&Path>, text: &str) -> Result<(), RunError> {
    match file {
        None => say(text.trim_end_matches('\n')),
        Some(path) => std::fs::write(path, text).map_err(|error| {
            RunError::new(error.to_string(), "give a file in a folder that can be written")
                .at(path.display().to_string())
        }),
    }
}
