//! Tables: columns are defined once, and text, CSV, JSON and HTML are made of them.

mod cell;
mod column;
#[cfg(test)]
mod tests;

pub use cell::Cell;
pub use column::Column;

use column::Alignment;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width};
use netsynth_files::in_a_line;
use serde_json::{Map, Value};

use crate::markup::escaped;

/// The longest word, in characters, that a narrow terminal does not break.
const MAX_WORD: usize = 24;

/// Rows of cells under the headings of their columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    columns: Vec<Heading>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Heading {
    text: String,
    name: String,
    alignment: Alignment,
}

impl Table {
    /// The cells of these columns in these rows.
    pub fn new<'r, R: ?Sized + 'r>(columns: &[Column<'_, R>], rows: impl IntoIterator<Item = &'r R>) -> Self {
        let headings = columns.iter().map(|column| Heading {
            text: in_a_line(&column.heading).into_owned(),
            name: column.name.clone(),
            alignment: column.alignment,
        });
        let cells = |row| columns.iter().map(|column| (column.cell)(row)).collect();
        Self { columns: headings.collect(), rows: rows.into_iter().map(cells).collect() }
    }

    /// Lines for people. Where the width is known, in characters, and too small, texts are broken between words; a table
    /// whose words and numbers have no room is wider.
    pub fn text(&self, width: Option<usize>) -> String {
        let mut table = comfy_table::Table::new();
        let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
        let shown: Vec<usize> = self.shown().collect();
        table.load_style(style).set_header(shown.iter().map(|&at| self.columns[at].text.as_str()));
        table.add_rows(self.rows.iter().map(|row| shown.iter().map(|&at| in_a_line(&row[at].text))));
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
        for (column, &at) in table.column_iter_mut().zip(&shown) {
            let padded = self.least_width(at) + 2;
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(padded as u16)));
            if self.columns[at].alignment == Alignment::Right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.to_string()
    }

    /// The fewest characters in which a column can be read.
    fn least_width(&self, column: usize) -> usize {
        let word = |text: &str| text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
        let cells = || self.rows.iter().map(|row| row[column].text.as_str());
        let heading = word(&self.columns[column].text);
        match self.columns[column].alignment {
            Alignment::Right => cells().map(|text| text.chars().count()).fold(heading, usize::max),
            Alignment::Left | Alignment::Hidden => {
                cells().map(|text| word(text).min(MAX_WORD)).fold(heading, usize::max)
            }
        }
    }

    /// Comma-separated values as RFC 4180 has them, with a header line and without an end of line at the end. Numbers are in
    /// full and in base units: shares of 1, counts, numbers of four bytes.
    pub fn csv(&self) -> String {
        std::iter::once(self.csv_header()).chain(self.csv_lines()).collect::<Vec<_>>().join("\n")
    }

    /// The header line of these values alone, for a table that grows.
    pub fn csv_header(&self) -> String {
        csv_line(self.columns.iter().map(|column| column.name.clone()))
    }

    /// The lines without the header.
    pub fn csv_rows(&self) -> String {
        self.csv_lines().collect::<Vec<_>>().join("\n")
    }

    fn csv_lines(&self) -> impl Iterator<Item = String> {
        self.rows.iter().map(|row| csv_line(row.iter().map(|cell| plain(&cell.value))))
    }

    /// An array with an object for each row.
    pub fn json(&self) -> Value {
        let names = || self.columns.iter().map(|column| column.name.clone());
        let object = |row: &Vec<Cell>| -> Map<String, Value> {
            names().zip(row.iter().map(|cell| cell.value.clone())).collect()
        };
        self.rows.iter().map(object).map(Value::Object).collect()
    }

    /// A part of a page. Numbers of trials lead to the trial.
    pub(crate) fn html(&self) -> String {
        let row = |tag: &str, cells: &dyn Fn(usize) -> String| -> String {
            let cell = |at: usize| {
                let class = match self.columns[at].alignment {
                    Alignment::Right => " class=\"n\"",
                    Alignment::Left | Alignment::Hidden => "",
                };
                format!("<{tag}{class}>{}</{tag}>", cells(at))
            };
            self.shown().map(cell).collect()
        };
        let header = row("th", &|at| escaped(&self.columns[at].text));
        let body: String = self
            .rows
            .iter()
            .map(|cells| format!("<tr>{}</tr>\n", row("td", &|at| cells[at].html())))
            .collect();
        format!(
            "<div class=\"wide\"><table><thead><tr>{header}</tr></thead><tbody>\n{body}</tbody></table></div>\n"
        )
    }

    fn shown(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|&at| self.columns[at].alignment != Alignment::Hidden)
    }
}

impl Cell {
    fn html(&self) -> String {
        let text = escaped(&self.text);
        match self.trial {
            Some(trial) => format!("<a href=\"#trial-{trial}\">{text}</a>"),
            None => text,
        }
    }
}

fn csv_line(fields: impl Iterator<Item = String>) -> String {
    fields.map(|field| quoted(&field)).collect::<Vec<_>>().join(",")
}

/// A value as a field of CSV.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(number) => number.to_string(),
            None => number.to_string(),
        },
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Bool(_) | Value::Object(_) => value.to_string(),
    }
}

/// A field as RFC 4180 has it, on the line of its row.
fn quoted(field: &str) -> String {
    let field = in_a_line(field);
    if field.contains([',', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.into_owned()
    }
}
