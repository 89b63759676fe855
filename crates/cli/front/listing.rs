//! Trials as rows of a table, of comma-separated values, of JSON.

use std::cmp::Ordering;
use std::sync::LazyLock;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use comfy_table::Table;
use netsynth_graph::{ArchitectureId, Cost};
use netsynth_search::{Metric, Metrics, Objective, Outcome, Quantity, Variant};
use netsynth_store::FrontRow;
use serde::Serialize;

use crate::words::{table, terminal_width};

/// What is known of a trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) run: String,
    pub(crate) trial: usize,
    pub(crate) generation: Option<usize>,
    pub(crate) id: ArchitectureId,
    pub(crate) outcome: String,
    /// Whether it was measured on a low rung only.
    #[serde(skip)]
    pub(crate) is_stopped: bool,
    /// At the highest rung that it climbed.
    pub(crate) accuracy: Option<f64>,
    pub(crate) cost: Cost,
    /// All that are known.
    pub(crate) metrics: Metrics,
    pub(crate) net_score: Option<f64>,
    pub(crate) variants: Vec<Variant>,
    pub(crate) is_knee: bool,
}

/// A column that a table can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Run,
    Trial,
    Network,
    Generation,
    Outcome,
    Metric(Metric),
    NetScore,
    Picks,
}

/// Every column, in the order of comma-separated values.
static ALL: LazyLock<Vec<Column>> = LazyLock::new(|| {
    let first = [Column::Run, Column::Trial, Column::Network, Column::Generation, Column::Outcome];
    let metrics = Metric::ALL.map(Column::Metric);
    first.into_iter().chain(metrics).chain([Column::NetScore, Column::Picks]).collect()
});

impl ValueEnum for Column {
    fn value_variants<'a>() -> &'a [Self] {
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Column::Run => "The run's folder",
            Column::Trial => "The trial's number",
            Column::Network => "The network's identity",
            Column::Generation => "The generation that proposed it",
            Column::Outcome => "Whether it is feasible, and if not why",
            Column::Metric(metric) => metric.about(),
            Column::NetScore => "The performance U in decibels",
            Column::Picks => "Which variants it is, and whether it is the knee",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl Column {
    /// What a front's table shows, with these measured metrics.
    pub(crate) fn of_front(measured: &[Metric]) -> Vec<Self> {
        Self::around(&[Self::Trial, Self::Network], measured)
    }

    /// What a table of trials shows, with these measured metrics.
    pub(crate) fn of_trials(measured: &[Metric]) -> Vec<Self> {
        Self::around(&[Self::Trial, Self::Outcome], measured)
    }

    fn around(first: &[Self], measured: &[Metric]) -> Vec<Self> {
        let metrics = measured.iter().copied().chain([Metric::Parameters, Metric::Macs]).map(Self::Metric);
        first.iter().copied().chain(metrics).chain([Self::NetScore, Self::Picks]).collect()
    }

    /// What a narrow terminal goes without, from the first.
    const LEAST_MISSED: [Self; 4] =
        [Self::Network, Self::NetScore, Self::Metric(Metric::Macs), Self::Outcome];

    fn heading(self) -> &'static str {
        match self {
            Column::Metric(metric) => metric.label(),
            Column::NetScore => "NetScore",
            Column::Run
            | Column::Trial
            | Column::Network
            | Column::Generation
            | Column::Outcome
            | Column::Picks => self.name(),
        }
    }

    fn is_text(self) -> bool {
        match self {
            Column::Run | Column::Network | Column::Outcome | Column::Picks => true,
            Column::Trial | Column::Generation | Column::Metric(_) | Column::NetScore => false,
        }
    }

    /// The name on the command line and in comma-separated values.
    fn name(self) -> &'static str {
        match self {
            Column::Run => "run",
            Column::Trial => "trial",
            Column::Network => "network",
            Column::Generation => "generation",
            Column::Outcome => "outcome",
            Column::Metric(metric) => metric.name(),
            Column::NetScore => "net_score",
            Column::Picks => "picks",
        }
    }

    /// What a person reads in it.
    fn shown(self, row: &Row) -> String {
        match self {
            Column::Run => row.run.clone(),
            Column::Trial => row.trial.to_string(),
            Column::Network => row.id.to_string(),
            Column::Generation => row.generation.map_or(String::new(), |generation| generation.to_string()),
            Column::Outcome => row.outcome.clone(),
            Column::Metric(metric) => {
                row.metrics.get(metric).map_or("-".to_owned(), |value| metric.format(value))
            }
            Column::NetScore => row.net_score.map_or("-".to_owned(), |score| format!("{score:.2}")),
            Column::Picks => row.picks(", "),
        }
    }

    /// What a program reads in it.
    fn plain(self, row: &Row) -> String {
        match self {
            Column::Metric(metric) => {
                row.metrics.get(metric).map_or(String::new(), |value| value.to_string())
            }
            Column::NetScore => row.net_score.map_or(String::new(), |score| score.to_string()),
            Column::Picks => row.picks(" "),
            Column::Run | Column::Trial | Column::Network | Column::Generation | Column::Outcome => {
                self.shown(row)
            }
        }
    }

    /// The better first where one is better, else the smaller; what is unknown comes last.
    fn order(self, one: &Row, other: &Row) -> Ordering {
        let least = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            (known, unknown) => unknown.is_some().cmp(&known.is_some()),
        };
        let lost = |value: Option<f64>| value.map(|value| -value);
        match self {
            Column::Run => one.run.cmp(&other.run),
            Column::Trial => one.trial.cmp(&other.trial),
            Column::Network => one.id.cmp(&other.id),
            Column::Generation => one.generation.cmp(&other.generation),
            Column::Outcome => one.outcome.cmp(&other.outcome),
            Column::Metric(metric) => {
                let loss =
                    |row: &Row| row.metrics.get(metric).map(|value| Objective::of(metric).loss_of(value));
                least(loss(one), loss(other))
            }
            Column::NetScore => least(lost(one.net_score), lost(other.net_score)),
            Column::Picks => other.picks("").cmp(&one.picks("")),
        }
    }
}

impl Row {
    /// A member of a front as its file has it.
    pub(crate) fn member(member: &FrontRow) -> Self {
        Self {
            run: String::new(),
            trial: member.trial,
            generation: None,
            id: member.id,
            outcome: "feasible".to_owned(),
            is_stopped: false,
            accuracy: Some(member.accuracy),
            cost: member.cost,
            metrics: member.metrics(),
            net_score: Some(member.net_score),
            variants: member.variants.clone(),
            is_knee: false,
        }
    }

    /// The number that a condition asks for.
    pub(crate) fn get(&self, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::Metric(metric) => self.metrics.get(metric),
            Quantity::NetScore => self.net_score,
            Quantity::Trial => Some(self.trial as f64),
        }
    }

    /// What it was picked for.
    pub(crate) fn picks(&self, between: &str) -> String {
        let variants = self.variants.iter().map(ToString::to_string);
        variants.chain(self.is_knee.then(|| "knee".to_owned())).collect::<Vec<_>>().join(between)
    }
}

/// An outcome in a word or two.
pub(crate) fn outcome_in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(_) => "failed".to_owned(),
        Outcome::Stopped(rung, _) => format!("rung {rung}"),
        Outcome::Infeasible(..) => "infeasible".to_owned(),
        Outcome::Feasible(_) => "feasible".to_owned(),
    }
}

/// Sorts rows; those that are equal keep their order.
pub(crate) fn sort(rows: &mut [Row], column: Column, is_reversed: bool) {
    rows.sort_by(|one, other| {
        let order = column.order(one, other);
        if is_reversed { order.reverse() } else { order }
    });
}

/// The rows as comma-separated values with a header line.
pub(crate) fn csv(rows: &[Row], columns: &[Column]) -> String {
    let line = |fields: Vec<String>| fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",");
    let header = line(columns.iter().map(|column| column.name().to_owned()).collect());
    let lines = rows.iter().map(|row| line(columns.iter().map(|column| column.plain(row)).collect()));
    std::iter::once(header).chain(lines).collect::<Vec<_>>().join("\n")
}

/// A field as RFC 4180 has it.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// The rows as a table of these columns.
pub(crate) fn table_of(rows: &[Row], columns: &[Column]) -> Table {
    let headings: Vec<&str> = columns.iter().map(|column| column.heading()).collect();
    let mut all = table(&headings, columns.len());
    for (column, kind) in all.column_iter_mut().zip(columns) {
        if !kind.is_text() {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    for row in rows {
        all.add_row(columns.iter().map(|column| column.shown(row)));
    }
    all
}

/// The same without the columns that a terminal has no room for.
pub(crate) fn fitting_table(rows: &[Row], columns: &[Column]) -> Table {
    let kept = fitting(columns, terminal_width(), |columns| {
        let mut all = table_of(rows, columns);
        all.set_content_arrangement(comfy_table::ContentArrangement::Disabled);
        all.lines().map(|line| line.chars().count()).max().unwrap_or(0)
    });
    table_of(rows, &kept)
}

/// The columns that fit, the least missed left out first.
fn fitting(columns: &[Column], room: Option<usize>, width: impl Fn(&[Column]) -> usize) -> Vec<Column> {
    let mut kept = columns.to_vec();
    for least in Column::LEAST_MISSED {
        if room.is_none_or(|room| width(&kept) <= room) {
            break;
        }
        kept.retain(|column| *column != least);
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const COST: Cost = Cost { parameters: 1, macs: 1, peak_activations: 1 };

    fn rows() -> Vec<Row> {
        let row = |trial: usize, accuracy: Option<f64>, parameters: f64| Row {
            run: "runs/one, two".to_owned(),
            trial,
            generation: Some(0),
            id: ArchitectureId::of_key(&trial.to_string()),
            outcome: "feasible".to_owned(),
            is_stopped: false,
            accuracy,
            cost: COST,
            metrics: accuracy
                .map(|accuracy| (Metric::Accuracy, accuracy))
                .into_iter()
                .chain([(Metric::Parameters, parameters), (Metric::PeakActivations, 512.0)])
                .collect(),
            net_score: accuracy.map(|accuracy| 100.0 * accuracy),
            variants: if trial == 1 { vec![Variant::NanoA] } else { Vec::new() },
            is_knee: trial == 1,
        };
        vec![row(0, Some(0.5), 2000.0), row(1, Some(0.75), 1500.0), row(2, None, 900.0)]
    }

    #[test]
    fn the_best_comes_first_and_what_is_unknown_last() {
        let mut rows = rows();
        let mut order = |column: Column, is_reversed: bool| {
            sort(&mut rows, column, is_reversed);
            rows.iter().map(|row| row.trial).collect::<Vec<_>>()
        };
        assert_eq!(order(Column::Metric(Metric::Accuracy), false), [1, 0, 2]);
        assert_eq!(order(Column::Metric(Metric::Parameters), false), [2, 1, 0]);
        assert_eq!(order(Column::Trial, true), [2, 1, 0]);
        assert_eq!(order(Column::Picks, false)[0], 1);
    }

    #[test]
    fn comma_separated_values_are_plain_numbers_and_quoted_names() {
        let columns = [
            Column::Run,
            Column::Trial,
            Column::Metric(Metric::Accuracy),
            Column::Metric(Metric::PeakActivations),
            Column::Picks,
        ];
        let expected = "run,trial,accuracy,peak_activations,picks\n\
                        \"runs/one, two\",0,0.5,512,\n\
                        \"runs/one, two\",1,0.75,512,nano-a knee\n\
                        \"runs/one, two\",2,,512,";
        assert_eq!(csv(&rows(), &columns), expected);
    }

    #[test]
    fn a_narrow_terminal_goes_without_columns() {
        let width = |columns: &[Column]| 10 * columns.len();
        let all = Column::of_front(&[Metric::Accuracy]);
        assert_eq!(fitting(&all, None, width), all);
        assert_eq!(fitting(&all, Some(70), width), all);
        let narrow = fitting(&all, Some(50), width);
        assert_eq!(
            narrow,
            [
                Column::Trial,
                Column::Metric(Metric::Accuracy),
                Column::Metric(Metric::Parameters),
                Column::Metric(Metric::Macs),
                Column::Picks
            ]
        );
        assert_eq!(
            fitting(&all, Some(1), width),
            [
                Column::Trial,
                Column::Metric(Metric::Accuracy),
                Column::Metric(Metric::Parameters),
                Column::Picks
            ]
        );
    }
}
