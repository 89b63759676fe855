//! What is asked of trials: `accuracy >= 92 % and parameters <= 150k`. What is printed is read back as the same condition.

use std::fmt;

use crate::{Metric, Suffix};

/// What is asked of a trial.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// This quantity compares like this with a number.
    Is(Quantity, Relation, Number),
    /// The condition does not hold.
    Not(Box<Condition>),
    /// Both hold.
    And(Box<Condition>, Box<Condition>),
    /// One of them holds, or both do.
    Or(Box<Condition>, Box<Condition>),
}

/// A number that a trial has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A metric of its network.
    Metric(Metric),
    /// The performance U in decibels.
    NetScore,
    /// The trial's number.
    Trial,
}

/// How it compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `<`
    Below,
    /// `=`
    Equal,
    /// `!=`
    Unequal,
}

/// A number as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// Before its suffix.
    pub written: f64,
    /// What follows it.
    pub suffix: Suffix,
}

impl Quantity {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Metric::ALL.into_iter().map(Self::Metric).chain([Self::NetScore, Self::Trial])
    }

    /// The name in conditions.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Metric(metric) => metric.name(),
            Quantity::NetScore => "net_score",
            Quantity::Trial => "trial",
        }
    }

    /// What may follow its numbers.
    pub(crate) fn suffixes(self) -> &'static [Suffix] {
        match self {
            Quantity::Metric(metric) => metric.unit().suffixes(),
            Quantity::NetScore | Quantity::Trial => &[Suffix::One],
        }
    }
}

impl Relation {
    /// All of them, such that none begins another that comes after it.
    pub const ALL: [Self; 6] =
        [Self::AtLeast, Self::AtMost, Self::Unequal, Self::Above, Self::Below, Self::Equal];

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Relation::AtLeast => ">=",
            Relation::AtMost => "<=",
            Relation::Above => ">",
            Relation::Below => "<",
            Relation::Equal => "=",
            Relation::Unequal => "!=",
        }
    }

    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Relation::AtLeast => value >= bound,
            Relation::AtMost => value <= bound,
            Relation::Above => value > bound,
            Relation::Below => value < bound,
            Relation::Equal => value == bound,
            Relation::Unequal => value != bound,
        }
    }
}

impl Number {
    /// The value, of this quantity.
    pub(crate) fn value(self, quantity: Quantity) -> f64 {
        match quantity {
            Quantity::Metric(metric) => metric.unit().value(self.written, self.suffix),
            Quantity::NetScore | Quantity::Trial => self.written,
        }
    }
}

impl Condition {
    /// Whether it holds of a trial that has these numbers. Of a number that is not known nothing holds.
    pub fn holds(&self, value: &dyn Fn(Quantity) -> Option<f64>) -> bool {
        match self {
            Condition::Is(quantity, relation, bound) => {
                value(*quantity).is_some_and(|value| relation.holds(value, bound.value(*quantity)))
            }
            Condition::Not(inner) => !inner.holds(value),
            Condition::And(one, other) => one.holds(value) && other.holds(value),
            Condition::Or(one, other) => one.holds(value) || other.holds(value),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Is(quantity, relation, Number { written, suffix }) => {
                write!(f, "{} {} {written}{}", quantity.name(), relation.sign(), suffix.sign())
            }
            Condition::Not(inner) => match **inner {
                Condition::Is(..) | Condition::Not(_) => write!(f, "not {inner}"),
                Condition::And(..) | Condition::Or(..) => write!(f, "not ({inner})"),
            },
            Condition::And(one, other) => {
                match **one {
                    Condition::Or(..) => write!(f, "({one})")?,
                    Condition::Is(..) | Condition::Not(_) | Condition::And(..) => write!(f, "{one}")?,
                }
                match **other {
                    Condition::Or(..) | Condition::And(..) => write!(f, " and ({other})"),
                    Condition::Is(..) | Condition::Not(_) => write!(f, " and {other}"),
                }
            }
            Condition::Or(one, other) => match **other {
                Condition::Or(..) => write!(f, "{one} or ({other})"),
                Condition::Is(..) | Condition::Not(_) | Condition::And(..) => write!(f, "{one} or {other}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use crate::metric::grammar::MAX_BYTES;

    use super::*;
    use crate::Unit;

    fn condition() -> impl Strategy<Value = Condition> {
        let comparison = (
            prop::sample::select(Quantity::all().collect::<Vec<_>>()),
            prop::sample::select(Relation::ALL.to_vec()),
            0.0..1.0f64,
            -12..12i32,
            any::<prop::sample::Index>(),
        );
        let leaf = comparison.prop_map(|(quantity, relation, mantissa, power, unit)| {
            let suffix = quantity.suffixes()[unit.index(quantity.suffixes().len())];
            let is_share = matches!(quantity, Quantity::Metric(metric) if metric.unit() == Unit::Share);
            let scale = if is_share { 1.0 } else { 10f64.powi(power) };
            Condition::Is(quantity, relation, Number { written: mantissa * scale, suffix })
        });
        leaf.prop_recursive(6, 40, 2, |inner| {
            let pair = (inner.clone(), inner.clone());
            let boxed = |(one, other): (Condition, Condition)| (Box::new(one), Box::new(other));
            prop_oneof![
                inner.prop_map(|inner| Condition::Not(Box::new(inner))),
                pair.clone().prop_map(boxed).prop_map(|(one, other)| Condition::And(one, other)),
                pair.prop_map(boxed).prop_map(|(one, other)| Condition::Or(one, other)),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(condition in condition()) {
            let text = condition.to_string();
            match Condition::read(&text) {
                Ok(read) => prop_assert_eq!(read, condition),
                Err(error) => prop_assert!(text.len() > MAX_BYTES, "{}: {}", text, error),
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,60}") {
            let _ = Condition::read(&text);
        }

        #[test]
        fn no_words_in_any_order_make_the_reader_panic(
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "accuracy", "trial", "peak_activations", "MiB", "and", "or", "not", "(", ")", ">=", "<", "!", "=", "%",
                    "k", "KiB", "1", "-2.5e3", "1e", ".", "é", "\u{a0}", "\n", "1e999",
                ]),
                0..40,
            ),
            gap in "[ \t]?",
        ) {
            let _ = Condition::read(&words.join(&gap));
        }
    }

    #[test]
    fn conditions_hold_as_they_read() {
        let network = |quantity: Quantity| match quantity {
            Quantity::Metric(Metric::Accuracy) => Some(0.93),
            Quantity::Metric(Metric::Parameters) => Some(141_098.0),
            Quantity::Metric(Metric::Macs) => Some(44.21e6),
            Quantity::Metric(Metric::PeakActivations) => Some(126_720.0),
            Quantity::Metric(_) => None,
            Quantity::NetScore => Some(70.9),
            Quantity::Trial => Some(12.0),
        };
        let failed = |quantity: Quantity| (quantity == Quantity::Trial).then_some(3.0);
        let holds = |text: &str| Condition::read(text).map(|read| read.holds(&network)).ok();
        for (text, expected) in [
            ("accuracy >= 0.92 and parameters <= 150k", true),
            ("accuracy>=92% and parameters<=0.15M", true),
            ("peak_activations <= 495 KiB", true),
            ("peak_activations < 495KiB", false),
            ("trial = 12 or macs < 1k and net_score > 100", true),
            ("(trial = 12 or macs < 1k) and net_score > 100", false),
            ("not trial != 12", true),
            ("not (accuracy > 0.9 or trial = 1)", false),
            ("net_score >= -1.5e1", true),
            ("peak_activations <= 1 MiB", true),
            ("worst_recall >= 0", false),
        ] {
            assert_eq!(holds(text), Some(expected), "{text}");
        }
        assert!(!Condition::read("accuracy >= 0").unwrap().holds(&failed), "no accuracy is none");
        assert!(Condition::read("not accuracy >= 0").unwrap().holds(&failed));
    }

    #[test]
    fn a_refusal_shows_the_place_and_the_remedy() {
        let refused = |text: &str| {
            let error = Condition::read(text).unwrap_err();
            format!("{}\n  help: {}", error.reason, error.remedy)
        };
        let all = [
            "acuracy >= 0.92",
            "accuracy >= 92",
            "accuracy >=",
            "accuracy",
            "parameters <= 150q and trial = 1",
            "parameters <= 64KiB",
            "(accuracy > 0.5 or trial = 1",
            "accuracy > 0.5 parameters < 1k",
            "accuracy > 0.5 and",
            "accuracy => 0.5",
            "",
        ];
        let text: Vec<String> = all.iter().map(|text| refused(text)).collect();
        insta::assert_snapshot!(text.join("\n"));
        let deep = "(".repeat(1000);
        assert!(refused(&deep).contains("nested too deep"));
        assert!(refused(&"not ".repeat(1000)).contains("nested too deep"));
        assert!(refused(&"a".repeat(5000)).contains("more than the 4096"));
    }
}
