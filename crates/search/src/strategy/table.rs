use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use netsynth_graph::{ArchitectureId, Cost, GraphError};
use netsynth_space::{Counted, Decision, Decisions, Domain, Genome, Kind, Space};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::{Answered, Candidate, Evaluator, Measured, Metric, Metrics, SearchError, Trained};

/// A benchmark of known results: a space whose every network was measured before, and its evaluator.
///
/// It is read as NAS-Bench-Macro (Su et al. 2021) publishes it: a JSON object whose keys have one character for each
/// decision, with `mean_acc` in percent, `params` and `flops` (multiply-accumulates). The alternatives of a decision
/// are the characters seen at its place, in their order. A benchmark need not be complete: a genome without an entry
/// of its own means the entry that shares most choices with it.
#[derive(Debug, Clone)]
pub struct Table {
    name: String,
    decisions: Decisions,
    entries: BTreeMap<Genome, Entry>,
    /// The entries by what they are, for the evaluator.
    accuracies: BTreeMap<ArchitectureId, f64>,
    counts: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    counted: Counted,
    accuracy: f64,
}

/// An entry of the file. Fields that no strategy may see are not read.
#[derive(Debug, Deserialize)]
struct Row {
    mean_acc: f64,
    params: Option<f64>,
    flops: Option<f64>,
}

/// The most networks of a benchmark, decisions of a network, and parameters or multiply-accumulates, as of networks that
/// are built.
const MAX_ENTRIES: usize = 1_000_000;
const MAX_DECISIONS: usize = 256;
const MAX_COUNT: f64 = (1u64 << 50) as f64;

/// Why a benchmark cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum TableError {
    /// It is not of the form.
    #[error("it is no table of known results: {0}")]
    #[diagnostic(help(
        "give a JSON object such as {{\"012\": {{\"mean_acc\": 91.5, \"params\": 2181386, \"flops\": 65012224}}, ...}}"
    ))]
    Form(#[from] serde_json::Error),
    /// Python writes what is no number as JSON does not.
    #[error("it is no JSON: {0} at line {1}, column {2}")]
    #[diagnostic(help("leave out networks without a number, or write null for what is not known"))]
    NoNumber(&'static str, usize, usize),
    /// Accuracies that are shares of 1.
    #[error("no mean_acc is above {most}, so they are shares")]
    #[diagnostic(help("give accuracy in percent: 92.5 rather than 0.925"))]
    Shares {
        /// The highest.
        most: f64,
    },
    /// It has too little to search, or too much.
    #[error("the table has {0} entries")]
    #[diagnostic(help("a benchmark has 2 to {MAX_ENTRIES} networks"))]
    Entries(usize),
    /// An entry is not like the rest.
    #[error("entry `{key}` {reason}")]
    #[diagnostic(help("{remedy}"))]
    Entry {
        /// Its key.
        key: String,
        /// What is wrong with it.
        reason: String,
        /// What would be right.
        remedy: &'static str,
    },
}

/// The rows of a JSON object in the file's order; a key that stands twice is kept twice.
struct Rows(Vec<(String, Row)>);

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Rows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of networks by key")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Rows, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = object.next_entry()? {
                    rows.push(row);
                }
                Ok(Rows(rows))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl Table {
    /// Reads a benchmark; `name` is what to call it.
    pub fn from_json(name: &str, text: &str) -> Result<Self, TableError> {
        let Rows(rows) = serde_json::from_str(text).map_err(|error| no_number(text, error))?;
        if !(2..=MAX_ENTRIES).contains(&rows.len()) {
            return Err(TableError::Entries(rows.len()));
        }
        let n_decisions = rows[0].0.chars().count();
        let mut alphabets: Vec<BTreeSet<char>> = vec![BTreeSet::new(); n_decisions];
        for (key, row) in &rows {
            check(key, row, n_decisions, &rows[0])?;
            for (alphabet, character) in alphabets.iter_mut().zip(key.chars()) {
                alphabet.insert(character);
            }
        }
        // A network that is right once in a hundred is nobody's best.
        let most = rows.iter().map(|(_, row)| row.mean_acc).fold(0.0, f64::max);
        if most <= 1.0 {
            return Err(TableError::Shares { most });
        }
        let decisions = Decisions::new(
            alphabets
                .iter()
                .enumerate()
                .map(|(position, alphabet)| Decision {
                    name: format!("position {position}"),
                    kind: Kind::Alternative,
                    nodes: Vec::new(),
                    domain: Domain::Alternatives(alphabet.len()),
                    prototype: 0,
                })
                .collect(),
        );
        let mut entries = BTreeMap::new();
        let mut accuracies = BTreeMap::new();
        let counts = rows[0].1.params.is_some();
        for (key, row) in rows {
            let choices: Vec<usize> = key
                .chars()
                .zip(&alphabets)
                .map(|(character, alphabet)| alphabet.range(..character).count())
                .collect();
            let cost = Cost {
                parameters: row.params.unwrap_or_default() as u64,
                macs: row.flops.unwrap_or_default() as u64,
                ..Cost::default()
            };
            let counted = Counted { id: ArchitectureId::of_key(&key), cost };
            let accuracy = row.mean_acc / 100.0;
            if entries.insert(decisions.genome(|at, _| choices[at]), Entry { counted, accuracy }).is_some() {
                return Err(TableError::Entry {
                    key,
                    reason: "stands twice".to_owned(),
                    remedy: "keep one of the two",
                });
            }
            accuracies.insert(counted.id, accuracy);
        }
        Ok(Self { name: name.to_owned(), decisions, entries, accuracies, counts })
    }

    /// How many networks it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none, which no table that was read is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether it knows a metric of its networks.
    pub fn knows(&self, metric: Metric) -> bool {
        match metric {
            Metric::Accuracy => true,
            Metric::Parameters | Metric::Macs | Metric::WeightBytes => self.counts,
            Metric::PeakActivations
            | Metric::Arena
            | Metric::Flash
            | Metric::ArenaInt8
            | Metric::FlashInt8
            | Metric::Latency
            | Metric::BalancedAccuracy
            | Metric::MacroF1
            | Metric::WorstRecall
            | Metric::Own(_) => false,
        }
    }

    /// The metrics that it knows of every network, in the order of their keys.
    pub fn metrics(&self) -> impl Iterator<Item = Metrics> + '_ {
        self.entries.values().map(|entry| {
            let counted = Metrics::counted(&entry.counted.cost);
            let known = counted.iter().filter(|(metric, _)| self.knows(*metric));
            known.chain([(Metric::Accuracy, entry.accuracy)]).collect()
        })
    }

    fn entry(&self, genome: &Genome) -> &Entry {
        if let Some(entry) = self.entries.get(genome) {
            return entry;
        }
        let shared = |known: &Genome| known.choices().zip(genome.choices()).filter(|(a, b)| a == b).count();
        let mut entries = self.entries.iter();
        let Some((mut nearest, mut found)) = entries.next() else { unreachable!("a table has entries") };
        for (known, entry) in entries {
            if shared(known) > shared(nearest) {
                (nearest, found) = (known, entry);
            }
        }
        found
    }
}

/// The reader's error, or which of Python's words for no number it is about.
fn no_number(text: &str, error: serde_json::Error) -> TableError {
    let (line, column) = (error.line(), error.column());
    let begin =
        text.lines().nth(line.saturating_sub(1)).and_then(|text| text.get(column.saturating_sub(1)..));
    let word =
        ["NaN", "Infinity"].into_iter().find(|word| begin.is_some_and(|begin| begin.starts_with(word)));
    word.map_or(TableError::Form(error), |word| TableError::NoNumber(word, line, column))
}

/// Refuses a row that is not like the first or whose numbers make no sense.
fn check(key: &str, row: &Row, n_decisions: usize, first: &(String, Row)) -> Result<(), TableError> {
    let refuse = |reason: String, remedy| Err(TableError::Entry { key: key.to_owned(), reason, remedy });
    if key.chars().count() != n_decisions || n_decisions == 0 {
        let reason =
            format!("has {} characters and the first, `{}`, has {n_decisions}", key.chars().count(), first.0);
        return refuse(reason, "give every network one character for each decision");
    }
    if n_decisions > MAX_DECISIONS {
        let remedy = "give every network one character for each decision, at most 256";
        return refuse(format!("has {n_decisions} characters"), remedy);
    }
    if !(0.0..=100.0).contains(&row.mean_acc) {
        return refuse(format!("has mean_acc {}", row.mean_acc), "give accuracy in percent, from 0 to 100");
    }
    for (field, count, firsts) in
        [("params", row.params, first.1.params), ("flops", row.flops, first.1.params)]
    {
        if count.is_some() != firsts.is_some() {
            return refuse(
                format!("is not like the first in whether it has {field}"),
                "give every network params and flops, or none of them either",
            );
        }
        if let Some(count) = count.filter(|count| !(0.0..=MAX_COUNT).contains(count)) {
            return refuse(format!("has {field} {count}"), "give a count from 0 to 2^50");
        }
    }
    Ok(())
}

impl Space for Table {
    fn name(&self) -> &str {
        &self.name
    }

    fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    fn count(&self, genome: &Genome) -> Result<Counted, GraphError> {
        Ok(self.entry(genome).counted)
    }
}

impl Evaluator for Table {
    type Error = SearchError;

    fn evaluate(
        &self,
        candidates: &[&Candidate],
        _rung: usize,
        answered: &Answered<'_, SearchError>,
    ) -> Result<(), SearchError> {
        candidates
            .iter()
            .enumerate()
            .try_for_each(|(index, candidate)| answered(index, self.measured(candidate)))
    }
}

impl Table {
    fn measured(&self, candidate: &Candidate) -> Measured {
        match self.accuracies.get(&candidate.id) {
            Some(accuracy) => Measured::Trained(Trained {
                folds: vec![Metrics::from([(Metric::Accuracy, *accuracy)])],
                ..Trained::default()
            }),
            None => Measured::Failed("the table does not know this network".to_owned()),
        }
    }
}
