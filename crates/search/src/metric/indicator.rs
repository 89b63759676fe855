use std::fmt;
use std::str::FromStr;

use netsynth_graph::Cost;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::metric::grammar::Reader;
use crate::{ConditionError, Direction, Metric, Metrics, Source, Unit};

/// One bound that a network must keep. A plan may also have it as a text: `"accuracy >= 92 %"`, `"parameters <= 150k"`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub enum Constraint {
    /// The metric is this much or more.
    AtLeast(Metric, f64),
    /// The metric is this much or less.
    AtMost(Metric, f64),
}

impl Constraint {
    /// The bounded metric.
    pub fn metric(&self) -> Metric {
        match self {
            Constraint::AtLeast(metric, _) | Constraint::AtMost(metric, _) => *metric,
        }
    }

    /// By how much of the bound a network misses it; infinitely much where its value is not known.
    pub fn missed_by(&self, metrics: &Metrics) -> f64 {
        metrics.get(self.metric()).map_or(f64::INFINITY, |value| self.violation(value))
    }

    /// By how much of the bound a value misses it; 0 if it keeps it.
    pub fn violation(&self, value: f64) -> f64 {
        match *self {
            Constraint::AtLeast(_, bound) => ((bound - value) / bound.abs().max(f64::MIN_POSITIVE)).max(0.0),
            Constraint::AtMost(_, bound) => ((value - bound) / bound.abs().max(f64::MIN_POSITIVE)).max(0.0),
        }
    }
}

/// As it is read: the names of metrics and plain numbers, of times with their unit.
impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (relation, bound) = match self {
            Constraint::AtLeast(_, bound) => (">=", bound),
            Constraint::AtMost(_, bound) => ("<=", bound),
        };
        let metric = self.metric();
        write!(f, "{} {relation} {bound}{}", metric.name(), metric.unit().plain().sign())
    }
}

/// Reads bounds that are joined by `and`, such as `accuracy >= 92 % and parameters <= 150k`.
pub fn bounds(text: &str) -> Result<Vec<Constraint>, ConditionError> {
    Reader::new(text).whole_bounds()
}

impl FromStr for Constraint {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        match bounds(text)?.as_slice() {
            [bound] => Ok(*bound),
            several => Err(ConditionError {
                reason: format!("`{text}` is {} bounds", several.len()),
                remedy: "give each bound a text of its own".to_owned(),
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Constraint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        enum Plain {
            AtLeast(Metric, f64),
            AtMost(Metric, f64),
        }
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "expected a bound such as \"accuracy >= 92 %\" or AtMost(Parameters, 150000)"
        )]
        enum Written {
            Text(String),
            Plain(Plain),
        }
        match Written::deserialize(deserializer)? {
            Written::Plain(Plain::AtLeast(metric, bound)) => Ok(Constraint::AtLeast(metric, bound)),
            Written::Plain(Plain::AtMost(metric, bound)) => Ok(Constraint::AtMost(metric, bound)),
            Written::Text(text) => text.parse().map_err(|error: ConditionError| {
                serde::de::Error::custom(format!("{}\n  {}", error.reason, error.remedy))
            }),
        }
    }
}

/// The paper's indicator 1_r: the predicate that a network must meet to be kept.
///
/// It has two tiers. Bounds on counted metrics hold before any training; those on measured ones are known only after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Indicator {
    /// All of these must hold.
    pub constraints: Vec<Constraint>,
}

impl Indicator {
    /// The indicator of the paper on CK+: accuracy at least 92 %, at most a million parameters.
    pub fn paper() -> Self {
        Self {
            constraints: vec![
                Constraint::AtLeast(Metric::Accuracy, 0.92),
                Constraint::AtMost(Metric::Parameters, 1e6),
            ],
        }
    }

    /// The bounds on measured metrics, which are known to be kept only after a training.
    pub fn measured(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.iter().filter(|constraint| constraint.metric().source() == Source::Measured)
    }

    /// The bounds on counted metrics, which are known to be kept before any training.
    pub fn counted(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.iter().filter(|constraint| constraint.metric().source() == Source::Counted)
    }

    /// A bound that no search could use, if there is one: a ceiling where more is better, a floor where less is, a
    /// bound that no value of the metric could be.
    pub fn unusable(&self) -> Option<&Constraint> {
        self.constraints.iter().find(|constraint| {
            let (direction, bound) = match constraint {
                Constraint::AtLeast(_, bound) => (Direction::Maximise, bound),
                Constraint::AtMost(_, bound) => (Direction::Minimise, bound),
            };
            let is_possible = match constraint.metric().unit() {
                Unit::Share => (0.0..=1.0).contains(bound),
                Unit::Count | Unit::Operations | Unit::Activations | Unit::Bytes | Unit::Time => {
                    bound.is_finite() && *bound > 0.0
                }
            };
            direction != constraint.metric().direction() || !is_possible
        })
    }

    /// The highest value that a metric must at least have; minus infinity if it may have any.
    pub fn floor(&self, metric: Metric) -> f64 {
        let floors = self.constraints.iter().filter_map(|constraint| match constraint {
            Constraint::AtLeast(bounded, bound) if *bounded == metric => Some(*bound),
            Constraint::AtLeast(..) | Constraint::AtMost(..) => None,
        });
        floors.fold(f64::NEG_INFINITY, f64::max)
    }

    /// By how much the counts miss their bounds, summed over constraints; 0 if they keep them.
    pub fn counted_violation(&self, cost: Cost) -> f64 {
        let metrics = Metrics::counted(&cost);
        self.counted().map(|constraint| constraint.missed_by(&metrics)).sum()
    }

    /// By how much a trained network misses the bounds, summed over constraints; 0 if it is feasible.
    pub fn violation(&self, metrics: &Metrics) -> f64 {
        self.constraints.iter().map(|constraint| constraint.missed_by(metrics)).sum()
    }

    /// The constraint missed by most, if any is missed.
    pub fn worst_miss(&self, metrics: &Metrics) -> Option<Constraint> {
        worst_miss(self.constraints.iter(), metrics)
    }
}

/// The constraint that a network misses by most of its bound, if it misses any.
pub(crate) fn worst_miss<'a>(
    constraints: impl Iterator<Item = &'a Constraint>,
    metrics: &Metrics,
) -> Option<Constraint> {
    constraints
        .filter(|constraint| constraint.missed_by(metrics) > 0.0)
        .max_by(|one, other| one.missed_by(metrics).total_cmp(&other.missed_by(metrics)))
        .copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_are_read_in_every_unit() {
        let read = |text: &str| text.parse::<Constraint>().unwrap();
        assert_eq!(read("accuracy >= 92 %"), Constraint::AtLeast(Metric::Accuracy, 0.92));
        assert_eq!(read("accuracy>=0.92"), Constraint::AtLeast(Metric::Accuracy, 0.92));
        assert_eq!(read("parameters <= 150k"), Constraint::AtMost(Metric::Parameters, 150_000.0));
        assert_eq!(read("macs < 12M"), Constraint::AtMost(Metric::Macs, 11_999_999.0));
        assert_eq!(read("macs<=1.2e7"), Constraint::AtMost(Metric::Macs, 12e6));
        // Four bytes each.
        assert_eq!(
            read("peak_activations <= 256 KiB"),
            Constraint::AtMost(Metric::PeakActivations, 65_536.0)
        );
        assert_eq!(read("weight_bytes <= 1 MiB"), Constraint::AtMost(Metric::WeightBytes, 1_048_576.0));
        for text in ["latency <= 5 ms", "latency<=5000us", "latency <= 0.005 s", "latency < 5000001 ns"] {
            assert_eq!(read(text), Constraint::AtMost(Metric::Latency, 5e6), "{text}");
        }
        assert_eq!(read("worst_recall > 0.7"), Constraint::AtLeast(Metric::WorstRecall, 0.7f64.next_up()));
        let several = bounds("macro_f1>=0.8 and parameters<100k").unwrap();
        let expected =
            [Constraint::AtLeast(Metric::MacroF1, 0.8), Constraint::AtMost(Metric::Parameters, 99_999.0)];
        assert_eq!(several, expected);
    }

    #[test]
    fn a_bound_that_nothing_can_meet_is_no_bound() {
        for text in ["accuracy > 1", "accuracy > 100 %", "accuracy < 0", "parameters < 0", "macs < 0"] {
            assert!(bounds(text).unwrap_err().reason.contains("no network has"), "{text}");
        }
        assert_eq!(bounds("parameters > 9").unwrap()[0].to_string(), "parameters >= 10");
    }

    #[test]
    fn a_bound_that_cannot_be_read_is_shown_with_its_mistake() {
        let texts = [
            "acuracy >= 0.92",
            "accuracy >= 92",
            "accuracy = 0.5",
            "net_score >= 3",
            "parameters <= 1 KiB",
            "accuracy >= 0.5 or macs < 1M",
            "latency <= 5",
            "latency <= 5 KiB",
        ];
        let refused = texts.map(|text| {
            let error = bounds(text).unwrap_err();
            format!("{}\n  help: {}", error.reason, error.remedy)
        });
        insta::assert_snapshot!(refused.join("\n"));
    }

    proptest! {
        #[test]
        fn a_bound_is_read_back_as_it_is_printed(
            metric in prop::sample::select(Metric::ALL.to_vec()), share in 0.0..=1.0f64, is_floor in any::<bool>()
        ) {
            let bound = if metric.unit() == Unit::Share { share } else { (share * 1e9).round() };
            let constraint = match is_floor {
                true => Constraint::AtLeast(metric, bound),
                false => Constraint::AtMost(metric, bound),
            };
            prop_assert_eq!(constraint.to_string().parse::<Constraint>().unwrap(), constraint);
        }
    }
}
