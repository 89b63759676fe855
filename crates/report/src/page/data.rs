//! What the page's script is given, a column a number, so that five thousand trials stay small.

use std::collections::BTreeMap;

use netsynth_search::{Constraint, Metric, Outcome, SearchPlan, Source, Trial, Unit};
use netsynth_space::{Decision, Decisions, Domain};
use serde::Serialize;

use super::bounds::{bound_in_words, known_metrics};
use super::log::{Move, moves};
use super::run::Run;
use crate::numbers::rounded;
use crate::published::{Figure, TABLE_1};

/// The digits in which a trial's choices are written.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

#[derive(Serialize)]
struct Data {
    trials: Columns,
    /// What the columns of values are.
    metrics: Vec<MetricColumn>,
    /// The name of the metric that the plan is foremost about.
    quality: &'static str,
    front: Vec<usize>,
    /// Names of variants by trial.
    variants: Vec<(String, usize)>,
    bounds: Vec<Bound>,
    rungs: Vec<(usize, usize)>,
    decisions: Vec<Choices>,
    /// How many digits a choice has.
    digits: usize,
    published: Vec<Row>,
    log: Vec<Move>,
}

#[derive(Default, Serialize)]
struct Columns {
    number: Vec<usize>,
    generation: Vec<usize>,
    parent: Vec<Option<usize>>,
    id: Vec<String>,
    /// A letter a trial: f feasible, i infeasible, s stopped, x failed.
    outcome: String,
    /// Why a trial failed, or by how much it misses which bound.
    reason: Vec<(usize, String)>,
    /// By the names of metrics; of a measured one on the trial's highest rung.
    values: BTreeMap<&'static str, Vec<Option<f64>>>,
    score: Vec<Option<f64>>,
    predicted: Vec<Option<f64>>,
    /// Values of the quality metric on folds, by rung.
    readings: Vec<Vec<Vec<f64>>>,
    choices: Vec<String>,
}

#[derive(Serialize)]
struct MetricColumn {
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    counted: bool,
}

#[derive(Serialize)]
struct Bound {
    metric: &'static str,
    is_floor: bool,
    value: f64,
}

#[derive(Serialize)]
struct Choices {
    name: String,
    /// None of a yes or no.
    values: Option<Vec<usize>>,
    prototype: usize,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    parameters: [f64; 2],
    accuracy: [f64; 2],
    /// How well each is known.
    standing: [String; 2],
}

/// JSON that may stand inside a script element, whatever names it holds.
pub(super) fn json(run: &Run, plan: &SearchPlan, decisions: &Decisions) -> String {
    let most = decisions.iter().map(|decision| decision.domain.choices()).max().unwrap_or(1);
    // A decision has at most 65,536 choices.
    let digits = (1..3).find(|digits| most <= DIGITS.len().pow(*digits)).unwrap_or(3) as usize;
    let variants = run
        .front
        .members
        .iter()
        .flat_map(|row| row.variants.iter().map(move |variant| (variant.to_string(), row.trial)));
    let data = Data {
        trials: columns(&run.trials, plan, digits),
        metrics: known_metrics(&run.trials).into_iter().map(metric_column).collect(),
        quality: plan.quality().name(),
        front: run.front.members.iter().map(|row| row.trial).collect(),
        variants: variants.collect(),
        bounds: plan.indicator.constraints.iter().map(bound).collect(),
        rungs: plan.rungs.iter().map(|rung| (rung.epochs, rung.folds)).collect(),
        decisions: decisions.iter().map(choices).collect(),
        digits,
        published: TABLE_1
            .iter()
            .filter_map(|row| {
                let (parameters, accuracy) = (row.parameters?, row.accuracy?);
                let ends = |figure: Figure| [figure.least, figure.most];
                let standing = [parameters.standing.to_string(), accuracy.standing.to_string()];
                Some(Row {
                    name: row.network,
                    parameters: ends(parameters),
                    accuracy: ends(accuracy),
                    standing,
                })
            })
            .collect(),
        log: moves(&run.generators, decisions),
    };
    let text = serde_json::to_string(&data).unwrap_or_else(|_| "null".to_owned());
    // No name can end the script element, begin a comment in it, or be a line's end that only JSON allows.
    ["<", ">", "&", "\u{2028}", "\u{2029}"].iter().fold(text, |text, unsafe_text| {
        let code = unsafe_text.chars().next().map_or(0, u32::from);
        text.replace(unsafe_text, &format!("\\u{code:04x}"))
    })
}

fn columns(trials: &[Trial], plan: &SearchPlan, digits: usize) -> Columns {
    let mut columns = Columns::default();
    let metrics = known_metrics(trials);
    for trial in trials {
        let outcome = trial.outcome(&plan.indicator, plan.rungs.len());
        let (letter, reason) = match &outcome {
            Outcome::Feasible(_) => ('f', None),
            Outcome::Infeasible(metrics, _) => {
                let miss = plan.indicator.worst_miss(metrics);
                ('i', miss.map(|miss| format!("misses {}", bound_in_words(&miss))))
            }
            Outcome::Stopped(..) => ('s', None),
            Outcome::Failed(reason) => ('x', Some(reason.clone())),
        };
        columns.outcome.push(letter);
        columns.reason.extend(reason.map(|reason| (trial.number, reason)));
        columns.number.push(trial.number);
        columns.generation.push(trial.generation);
        columns.parent.push(trial.parent);
        columns.id.push(trial.id.to_string());
        let found = trial.metrics();
        for &metric in &metrics {
            let value = found.get(metric).map(|value| rounded(value, 5));
            columns.values.entry(metric.name()).or_default().push(value);
        }
        columns.score.push(trial.performance(plan).map(|score| rounded(score, 2)));
        columns.predicted.push(trial.predicted.map(|predicted| rounded(predicted, 2)));
        columns
            .readings
            .push((0..trial.readings.len()).map(|rung| folds(trial, rung, plan.quality())).collect());
        columns.choices.push(trial.genome.choices().map(|choice| written(choice, digits)).collect());
    }
    columns
}

fn folds(trial: &Trial, rung: usize, metric: Metric) -> Vec<f64> {
    let folds = trial.trained(rung).map_or(&[][..], |trained| &trained.folds);
    folds.iter().filter_map(|fold| fold.get(metric)).map(|value| rounded(value, 5)).collect()
}

fn metric_column(metric: Metric) -> MetricColumn {
    let unit = match metric.unit() {
        Unit::Share => "share",
        Unit::Count => "count",
        Unit::Operations => "operations",
        Unit::Activations => "activations",
        Unit::Bytes => "bytes",
        Unit::Time => "nanoseconds",
    };
    let counted = metric.source() == Source::Counted;
    MetricColumn { name: metric.name(), label: metric.label(), unit, counted }
}

/// A choice in so many digits.
fn written(choice: usize, digits: usize) -> String {
    let digit = |at: usize| char::from(DIGITS[(choice >> (6 * at)) % DIGITS.len()]);
    (0..digits).rev().map(digit).collect()
}

fn bound(constraint: &Constraint) -> Bound {
    let (metric, is_floor, value) = match *constraint {
        Constraint::AtLeast(metric, value) => (metric, true, value),
        Constraint::AtMost(metric, value) => (metric, false, value),
    };
    Bound { metric: metric.name(), is_floor, value }
}

fn choices(decision: &Decision) -> Choices {
    let values = match &decision.domain {
        Domain::Ordinal(values) => Some(values.clone()),
        Domain::Alternatives(count) => Some((0..*count).collect()),
        Domain::Switch => None,
    };
    Choices { name: decision.name.clone(), values, prototype: decision.prototype }
}
