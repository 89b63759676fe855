use netsynth_search::Metric;

use super::Cell;

/// One column of a table of rows `R`: its heading, its name for programs, its alignment, and its cell in a row.
pub struct Column<'a, R: ?Sized> {
    pub(super) heading: String,
    pub(super) name: String,
    pub(super) alignment: Alignment,
    pub(super) cell: Box<dyn Fn(&R) -> Cell + 'a>,
}

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alignment {
    /// Texts, broken between words where a line has no room.
    Left,
    /// Numbers, never broken.
    Right,
    /// For programs only: in CSV and JSON, not in text and HTML.
    Hidden,
}

impl<'a, R: ?Sized> Column<'a, R> {
    fn new(heading: &str, alignment: Alignment, cell: impl Fn(&R) -> Cell + 'a) -> Self {
        let name = heading.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), "_");
        Self { heading: heading.to_owned(), name, alignment, cell: Box::new(cell) }
    }

    /// A column of texts.
    pub fn left(heading: &str, cell: impl Fn(&R) -> Cell + 'a) -> Self {
        Self::new(heading, Alignment::Left, cell)
    }

    /// A column of numbers.
    pub fn right(heading: &str, cell: impl Fn(&R) -> Cell + 'a) -> Self {
        Self::new(heading, Alignment::Right, cell)
    }

    /// A column that only programs read.
    pub fn hidden(name: &str, cell: impl Fn(&R) -> Cell + 'a) -> Self {
        Self::new(name, Alignment::Hidden, cell)
    }

    /// The same column with another name in CSV and JSON than its heading in snake case.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Values of a metric.
    pub fn metric(metric: Metric, of: impl Fn(&R) -> Option<f64> + 'a) -> Self {
        let cell = move |row: &R| Cell::known(of(row), |value| Cell::metric(metric, value));
        Self::right(metric.label(), cell).named(metric.name())
    }

    /// Accuracies as shares of 1.
    pub fn accuracy(of: impl Fn(&R) -> Option<f64> + 'a) -> Self {
        Self::metric(Metric::Accuracy, of)
    }

    /// Numbers stored to run a deployed network.
    pub fn parameters(of: impl Fn(&R) -> u64 + 'a) -> Self {
        Self::metric(Metric::Parameters, move |row| Some(of(row) as f64))
    }

    /// Multiply-accumulates for one image.
    pub fn macs(of: impl Fn(&R) -> u64 + 'a) -> Self {
        Self::metric(Metric::Macs, move |row| Some(of(row) as f64))
    }

    /// Activations alive at once, as numbers of four bytes.
    pub fn peak_activations(of: impl Fn(&R) -> u64 + 'a) -> Self {
        Self::metric(Metric::PeakActivations, move |row| Some(of(row) as f64))
    }

    /// The performance U in decibels.
    pub fn net_score(of: impl Fn(&R) -> Option<f64> + 'a) -> Self {
        let cell = move |row: &R| Cell::known(of(row), |score| Cell::fixed(score, 2));
        Self::right("NetScore", cell).named("net_score")
    }
}
