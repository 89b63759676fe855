//! Trials as rows of a table.

use std::cmp::Ordering;
use std::sync::LazyLock;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use netsynth_graph::{ArchitectureId, Cost};
use netsynth_report::{Cell, Column, Table};
use netsynth_search::{Metric, Metrics, Objective, Outcome, Quantity, Variant};
use netsynth_store::FrontRow;
use serde::Serialize;

use crate::output::print::terminal_width;

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
    /// The bound that its accuracy is shown to keep, where the run has certificates.
    pub(crate) at_least: Option<f64>,
    pub(crate) variants: Vec<Variant>,
    pub(crate) is_knee: bool,
}

/// What a column of the table can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Run,
    Trial,
    Network,
    Generation,
    Outcome,
    Metric(Metric),
    NetScore,
    AtLeast,
    Picks,
}

/// Every field, in the order of comma-separated values.
static ALL: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let first = [Field::Run, Field::Trial, Field::Network, Field::Generation, Field::Outcome];
    let metrics = Metric::ALL.map(Field::Metric);
    first.into_iter().chain(metrics).chain([Field::NetScore, Field::AtLeast, Field::Picks]).collect()
});

impl ValueEnum for Field {
    fn value_variants<'a>() -> &'a [Self] {
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Field::Run => ("run", "The run's folder"),
            Field::Trial => ("trial", "The trial's number"),
            Field::Network => ("network", "The network's identity"),
            Field::Generation => ("generation", "The generation that proposed it"),
            Field::Outcome => ("outcome", "Whether it is feasible, and if not why"),
            Field::Metric(metric) => (metric.name(), metric.about()),
            Field::NetScore => ("net_score", "The performance U in decibels"),
            Field::AtLeast => (
                "at_least",
                "The accuracy from scratch that is shown with 95 % confidence, by the run's certificates",
            ),
            Field::Picks => ("picks", "Which variants it is, and whether it is the knee"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl Field {
    /// What a front's table shows of these rows, with these metrics.
    pub(crate) fn of_front(rows: &[Row], metrics: &[Metric]) -> Vec<Self> {
        let bound = rows.iter().any(|row| row.at_least.is_some()).then_some(Self::AtLeast);
        Self::between([Self::Trial, Self::Network], metrics, bound)
    }

    /// What a table of trials shows, with these metrics.
    pub(crate) fn of_trials(metrics: &[Metric]) -> Vec<Self> {
        Self::between([Self::Trial, Self::Outcome], metrics, None)
    }

    fn between(first: [Self; 2], metrics: &[Metric], bound: Option<Self>) -> Vec<Self> {
        let metrics = metrics.iter().copied().map(Self::Metric);
        first.into_iter().chain(metrics).chain([Self::NetScore]).chain(bound).chain([Self::Picks]).collect()
    }

    /// What a narrow terminal goes without, from the first.
    const LEAST_MISSED: [Self; 4] =
        [Self::Network, Self::NetScore, Self::Metric(Metric::Macs), Self::Outcome];

    /// The column, whose name in CSV and JSON is the one on the command line.
    fn column(self) -> Column<'static, Row> {
        match self {
            Field::Run => Column::left("run", |row: &Row| Cell::text(&row.run)),
            Field::Trial => Column::right("trial", |row: &Row| Cell::trial(row.trial)),
            Field::Network => Column::left("network", |row: &Row| Cell::text(row.id.to_string())),
            Field::Generation => {
                Column::right("generation", |row: &Row| Cell::or_empty(row.generation, Cell::whole))
            }
            Field::Outcome => Column::left("outcome", |row: &Row| Cell::text(&row.outcome)),
            Field::Metric(metric) => Column::metric(metric, move |row: &Row| row.metrics.get(metric)),
            Field::NetScore => Column::net_score(|row: &Row| row.net_score),
            Field::AtLeast => {
                Column::right("at_least", |row: &Row| Cell::or_empty(row.at_least, Cell::share))
            }
            Field::Picks => Column::left("picks", |row: &Row| Cell::list(row.picks())),
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
            Field::Run => one.run.cmp(&other.run),
            Field::Trial => one.trial.cmp(&other.trial),
            Field::Network => one.id.cmp(&other.id),
            Field::Generation => one.generation.cmp(&other.generation),
            Field::Outcome => one.outcome.cmp(&other.outcome),
            Field::Metric(metric) => {
                let loss =
                    |row: &Row| row.metrics.get(metric).map(|value| Objective::of(metric).loss_of(value));
                least(loss(one), loss(other))
            }
            Field::NetScore => least(lost(one.net_score), lost(other.net_score)),
            Field::AtLeast => least(lost(one.at_least), lost(other.at_least)),
            Field::Picks => other.picks().cmp(&one.picks()),
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
            at_least: member.certificate.as_ref().map(|certified| certified.certificate.at_least),
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
    pub(crate) fn picks(&self) -> Vec<String> {
        let variants = self.variants.iter().map(ToString::to_string);
        variants.chain(self.is_knee.then(|| "knee".to_owned())).collect()
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
pub(crate) fn sort(rows: &mut [Row], column: Field, is_reversed: bool) {
    rows.sort_by(|one, other| {
        let order = column.order(one, other);
        if is_reversed { order.reverse() } else { order }
    });
}

/// The rows as a table of these columns.
pub(crate) fn table(rows: &[Row], fields: &[Field]) -> Table {
    Table::new(&fields.iter().map(|field| field.column()).collect::<Vec<_>>(), rows)
}

/// The same without the columns that a terminal has no room for.
pub(crate) fn fitting_table(rows: &[Row], fields: &[Field]) -> Table {
    let width = |fields: &[Field]| {
        table(rows, fields).text(None).lines().map(|line| line.chars().count()).max().unwrap_or(0)
    };
    table(rows, &fitting(fields, terminal_width(), width))
}

/// The columns that fit, the least missed left out first.
fn fitting(fields: &[Field], room: Option<usize>, width: impl Fn(&[Field]) -> usize) -> Vec<Field> {
    let mut kept = fields.to_vec();
    for least in Field::LEAST_MISSED {
        if room.is_none_or(|room| width(&kept) <= room) {
            break;
        }
        kept.retain(|field| *field != least);
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use netsynth_graph::program::Memory;

    use super::*;

    const COST: Cost = Cost {
        parameters: 1,
        macs: 1,
        peak_activations: 1,
        memory: Memory { arena: 1, flash: 1, arena_int8: 1, flash_int8: 1 },
        latency: Some(1),
    };

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
            at_least: None,
            variants: if trial == 1 { vec![Variant::NanoA] } else { Vec::new() },
            is_knee: trial == 1,
        };
        vec![row(0, Some(0.5), 2000.0), row(1, Some(0.75), 1500.0), row(2, None, 900.0)]
    }

    #[test]
    fn the_best_comes_first_and_what_is_unknown_last() {
        let mut rows = rows();
        let mut order = |column: Field, is_reversed: bool| {
            sort(&mut rows, column, is_reversed);
            rows.iter().map(|row| row.trial).collect::<Vec<_>>()
        };
        assert_eq!(order(Field::Metric(Metric::Accuracy), false), [1, 0, 2]);
        assert_eq!(order(Field::Metric(Metric::Parameters), false), [2, 1, 0]);
        assert_eq!(order(Field::Trial, true), [2, 1, 0]);
        assert_eq!(order(Field::Picks, false)[0], 1);
    }

    #[test]
    fn comma_separated_values_are_plain_numbers_and_quoted_names() {
        let columns = [
            Field::Run,
            Field::Trial,
            Field::Metric(Metric::Accuracy),
            Field::Metric(Metric::PeakActivations),
            Field::Picks,
        ];
        let expected = "run,trial,accuracy,peak_activations,picks\n\
                        \"runs/one, two\",0,0.5,512,\n\
                        \"runs/one, two\",1,0.75,512,nano-a knee\n\
                        \"runs/one, two\",2,,512,";
        assert_eq!(table(&rows(), &columns).csv(), expected);
    }

    #[test]
    fn a_narrow_terminal_goes_without_columns() {
        let width = |fields: &[Field]| 10 * fields.len();
        let all = Field::of_front(&rows(), &[Metric::Accuracy, Metric::Parameters, Metric::Macs]);
        assert_eq!(fitting(&all, None, width), all);
        assert_eq!(fitting(&all, Some(70), width), all);
        let narrow = fitting(&all, Some(50), width);
        assert_eq!(
            narrow,
            [
                Field::Trial,
                Field::Metric(Metric::Accuracy),
                Field::Metric(Metric::Parameters),
                Field::Metric(Metric::Macs),
                Field::Picks
            ]
        );
        assert_eq!(
            fitting(&all, Some(1), width),
            [Field::Trial, Field::Metric(Metric::Accuracy), Field::Metric(Metric::Parameters), Field::Picks]
        );
    }
}
