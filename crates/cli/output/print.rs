//! What is written to standard output: texts, tables, JSON.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use clap::Args;
use netsynth_files::{Shown, is_obeyed};
use netsynth_report::Table;
use serde::Serialize;

pub(crate) use netsynth_report::numbers::{count, estimate, kibibytes, millions, percent};

use netsynth_run::RunError;

/// What a command writes to standard output at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    Tables,
    Csv,
    Json,
    /// Another part of the command prints what came of it.
    Nothing,
}

impl Output {
    /// What a command's `--csv` or `--json` asks for.
    pub(crate) fn asked(format: Format) -> Self {
        match format {
            Format { json: true, .. } => Output::Json,
            Format { csv: true, .. } => Output::Csv,
            Format { csv: false, json: false } => Output::Tables,
        }
    }
}

/// How many characters a line of standard output may have, if it leads to a terminal that knows. Of those that report no columns
/// (`script`, `expect`, `ssh -tt`) the width is unknown.
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

/// How a command prints its result, if not as a table for people.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Format {
    /// Print comma-separated values, numbers in full
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is shown of a text that may hold names by anybody: characters that a terminal obeys, or that turn the order of
/// others round, are written as in a string of RON. A terminal obeys the ends of lines too, and those are ours.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden = |at: usize, character: char| match character {
        '\n' | '\t' => false,
        '\r' => !text[at..].starts_with("\r\n"),
        character => is_obeyed(character),
    };
    if !text.char_indices().any(|(at, character)| is_hidden(at, character)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        if is_hidden(at, character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A line on standard error. A pipe that was closed or a disk that is full there is no reason to die: nothing that is
/// written there is a result.
pub(crate) fn print_error_line(line: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "{}", visible(line.as_ref()));
}

/// Writes a table to standard output, as wide as the terminal if it leads to one whose width is known.
pub(crate) fn print_table(table: &Table) -> Result<(), RunError> {
    print(table.text(terminal_width()))
}

/// Writes a result to standard output. A reader that went away, such as `head`, is no error.
pub(crate) fn print(text: impl std::fmt::Display) -> Result<(), RunError> {
    match print_while_read(text) {
        Err(RunError::Stopped) => Ok(()),
        other => other,
    }
}

/// Writes one of many results to standard output, of which there may be no end: a reader that went away stops them.
pub(crate) fn print_while_read(text: impl std::fmt::Display) -> Result<(), RunError> {
    match writeln!(std::io::stdout(), "{}", visible(&text.to_string())) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(RunError::Stopped),
        Err(error) => Err(RunError::new(format!("standard output: {error}"), "check where it leads")),
    }
}

/// Writes a result to standard output as JSON.
pub(crate) fn print_json<T: Serialize>(value: &T) -> Result<(), RunError> {
    print(json(serde_json::to_string_pretty(value))?)
}

/// Writes one of many results to standard output as a line of JSON; a reader that went away stops them.
pub(crate) fn print_json_line<T: Serialize>(value: &T) -> Result<(), RunError> {
    print_while_read(json(serde_json::to_string(value))?)
}

/// JSON itself writes out some of what a terminal obeys, and has its own way to write the rest, which is all in strings but
/// for the ends of lines.
fn json(text: serde_json::Result<String>) -> Result<String, RunError> {
    let text = text.map_err(|error| {
        RunError::new(error.to_string(), "this is a defect of netsynth: please report it")
    })?;
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character != '\n' && is_obeyed(character) {
            shown += &format!("\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Ok(shown)
}

/// Writes a file that somebody named, whole or not at all.
pub(crate) fn write_to(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    netsynth_files::write(path, bytes).map_err(|error| {
        RunError::new(error.to_string(), "give a file in a folder that can be written").at(path.shown())
    })
}

/// Writes a text to a file, or to standard output where none is given.
pub(crate) fn print_to(file: Option<&Path>, text: &str) -> Result<(), RunError> {
    match file {
        None => print(text.trim_end_matches('\n')),
        Some(path) => write_to(path, text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(visible("\u{1b}[31mred\u{7}\u{9b}1m"), "\\u{1b}[31mred\\u{7}\\u{9b}1m");
        assert_eq!(visible("over\rwritten, one\r\ntwo\n"), "over\\u{d}written, one\r\ntwo\n");
        assert_eq!(visible("\u{202e}dlo"), "\\u{202e}dlo");
        for plain in ["Çuğu <- y1+id1", "a\tb\n", "東京 👩‍🔬"] {
            assert!(matches!(visible(plain), std::borrow::Cow::Borrowed(_)), "{plain}");
        }
    }
}
