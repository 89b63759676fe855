//! What `--where` asks of trials: `accuracy >= 92 % and parameters <= 150k`.
//!
//! ```text
//! condition  = conjunction { "or" conjunction }
//! conjunction = term { "and" term }
//! term       = "not" term | "(" condition ")" | metric relation number
//! ```
//! What is printed is read back as the same condition.

use std::fmt;

use netsynth_run::RunError;

/// The longest condition that is read, in bytes, and the deepest nesting: far above any that a person writes.
const MAX_BYTES: usize = 4096;
const MAX_DEPTH: usize = 64;

/// What is asked of a trial.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Is(Quantity, Relation, Number),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

/// A number that a trial has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    Accuracy,
    Parameters,
    Macs,
    PeakActivations,
    NetScore,
    Trial,
}

/// How it compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    AtLeast,
    AtMost,
    Above,
    Below,
    Equal,
    Unequal,
}

/// A number as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number {
    pub(crate) written: f64,
    pub(crate) unit: Unit,
}

/// What stands behind a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    One,
    Percent,
    Thousand,
    Million,
    /// Of activations of four bytes, as all tables show them.
    Kibibyte,
}

impl Quantity {
    pub(crate) const ALL: [Self; 6] =
        [Self::Accuracy, Self::Parameters, Self::Macs, Self::PeakActivations, Self::NetScore, Self::Trial];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Quantity::Accuracy => "accuracy",
            Quantity::Parameters => "parameters",
            Quantity::Macs => "macs",
            Quantity::PeakActivations => "peak_activations",
            Quantity::NetScore => "net_score",
            Quantity::Trial => "trial",
        }
    }

    /// What may stand behind its numbers.
    fn units(self) -> &'static [Unit] {
        match self {
            Quantity::Accuracy => &[Unit::One, Unit::Percent],
            Quantity::Parameters | Quantity::Macs => &[Unit::One, Unit::Thousand, Unit::Million],
            Quantity::PeakActivations => &[Unit::One, Unit::Thousand, Unit::Million, Unit::Kibibyte],
            Quantity::NetScore | Quantity::Trial => &[Unit::One],
        }
    }
}

impl Relation {
    /// Such that none begins another that comes after it.
    pub(crate) const ALL: [Self; 6] =
        [Self::AtLeast, Self::AtMost, Self::Unequal, Self::Above, Self::Below, Self::Equal];

    fn sign(self) -> &'static str {
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

impl Unit {
    pub(crate) const ALL: [Self; 5] =
        [Self::One, Self::Percent, Self::Thousand, Self::Million, Self::Kibibyte];

    fn sign(self) -> &'static str {
        match self {
            Unit::One => "",
            Unit::Percent => "%",
            Unit::Thousand => "k",
            Unit::Million => "M",
            Unit::Kibibyte => "KiB",
        }
    }
}

impl Number {
    fn value(self) -> f64 {
        match self.unit {
            Unit::One => self.written,
            Unit::Percent => self.written / 100.0,
            Unit::Thousand => self.written * 1e3,
            Unit::Million => self.written * 1e6,
            Unit::Kibibyte => self.written * 256.0,
        }
    }
}

impl Condition {
    /// Whether it holds of a trial that has these numbers. Of a number that is not known nothing holds.
    pub(crate) fn holds(&self, value: &dyn Fn(Quantity) -> Option<f64>) -> bool {
        match self {
            Condition::Is(quantity, relation, bound) => {
                value(*quantity).is_some_and(|value| relation.holds(value, bound.value()))
            }
            Condition::Not(inner) => !inner.holds(value),
            Condition::And(one, other) => one.holds(value) && other.holds(value),
            Condition::Or(one, other) => one.holds(value) || other.holds(value),
        }
    }

    /// Reads a condition; a complaint shows the place.
    pub(crate) fn read(text: &str) -> Result<Self, RunError> {
        if text.len() > MAX_BYTES {
            let reason =
                format!("it has {} bytes, more than the {MAX_BYTES} a condition may have", text.len());
            return Err(RunError::new(reason, "ask less at a time").at("--where"));
        }
        let mut reader = Reader { text, at: 0, depth: 0 };
        let condition = reader.condition().and_then(|condition| match reader.word() {
            "" => Ok(condition),
            _ => Err(reader.refuse("the condition is over here", "join conditions with `and` or `or`")),
        });
        condition.map_err(|refusal| refusal.complaint(text))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Is(quantity, relation, Number { written, unit }) => {
                write!(f, "{} {} {written}{}", quantity.name(), relation.sign(), unit.sign())
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

/// What cannot be read, and where.
struct Refusal {
    at: usize,
    n_bytes: usize,
    reason: String,
    remedy: String,
}

impl Refusal {
    fn complaint(self, text: &str) -> RunError {
        let Self { at, n_bytes, reason, remedy } = self;
        let blank = |part: &str| if part == "\n" || part == "\t" { " ".to_owned() } else { part.to_owned() };
        let shown: String = text
            .split_inclusive(['\n', '\t'])
            .map(|part| {
                let end = part.trim_end_matches(['\n', '\t']);
                format!("{end}{}", blank(&part[end.len()..]))
            })
            .collect();
        let column = text[..at].chars().count();
        let carets = text[at..at + n_bytes].chars().count().max(1);
        let reason = format!("{reason}\n  {shown}\n  {}{}", " ".repeat(column), "^".repeat(carets));
        RunError::new(reason, remedy).at("--where")
    }
}

/// A text and how far it was read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn condition(&mut self) -> Result<Condition, Refusal> {
        let mut condition = self.conjunction()?;
        while self.take("or") {
            condition = Condition::Or(Box::new(condition), Box::new(self.conjunction()?));
        }
        Ok(condition)
    }

    fn conjunction(&mut self) -> Result<Condition, Refusal> {
        let mut condition = self.term()?;
        while self.take("and") {
            condition = Condition::And(Box::new(condition), Box::new(self.term()?));
        }
        Ok(condition)
    }

    fn term(&mut self) -> Result<Condition, Refusal> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse("it is nested too deep from here", "write it with fewer brackets"));
        }
        self.depth += 1;
        let term = if self.take("not") {
            Condition::Not(Box::new(self.term()?))
        } else if self.take("(") {
            let inner = self.condition()?;
            if !self.take(")") {
                return Err(self.refuse("a bracket is open here", "close it with `)`"));
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(term)
    }

    fn comparison(&mut self) -> Result<Condition, Refusal> {
        let word = self.word();
        let Some(quantity) = Quantity::ALL.into_iter().find(|quantity| quantity.name() == word) else {
            let names: Vec<&str> = Quantity::ALL.map(Quantity::name).to_vec();
            let reason = match word {
                "" => "a metric is missing here".to_owned(),
                word => format!("`{word}` is no metric"),
            };
            return Err(self.refuse(reason, format!("write one of {}", names.join(", "))));
        };
        self.at += word.len();
        let Some(relation) = Relation::ALL.into_iter().find(|relation| self.take_sign(relation.sign()))
        else {
            let reason = format!("{} is compared with nothing here", quantity.name());
            return Err(self.refuse(reason, "write one of >= <= > < = != and a number"));
        };
        Ok(Condition::Is(quantity, relation, self.number(quantity)?))
    }

    fn number(&mut self, quantity: Quantity) -> Result<Number, Refusal> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let digits = number_length(rest);
        let Some(written) = rest[..digits].parse().ok().filter(|number: &f64| number.is_finite()) else {
            return Err(self.refuse("a number is missing here", "write a number such as 0.92, 92 % or 150k"));
        };
        let before = self.at;
        self.at += digits;
        let allowed: Vec<&str> = quantity.units().iter().map(|unit| unit.sign()).collect();
        let word = self.word();
        let unit = match word {
            "and" | "or" | "" | "(" | ")" => Unit::One,
            word => match Unit::ALL.into_iter().find(|unit| unit.sign() == word) {
                Some(unit) if allowed.contains(&word) => {
                    self.at += word.len();
                    unit
                }
                Some(_) | None => {
                    let known: Vec<&str> = allowed.into_iter().filter(|sign| !sign.is_empty()).collect();
                    let remedy = if known.is_empty() {
                        "write the plain number".to_owned()
                    } else {
                        format!("write the plain number, or {} after it", known.join(" or "))
                    };
                    let reason = format!("{} is not measured in `{word}`", quantity.name());
                    return Err(self.refuse(reason, remedy));
                }
            },
        };
        let number = Number { written, unit };
        if quantity == Quantity::Accuracy && number.value() > 1.0 {
            self.at = before;
            let remedy = "accuracy is a share of 1: write 0.92 or 92 %";
            return Err(self.refuse("no accuracy is above 1", remedy));
        }
        Ok(number)
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// What comes next: a word, or one sign.
    fn word(&mut self) -> &'a str {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let is_inside = |letter: char| letter.is_alphanumeric() || letter == '_';
        let length = rest.find(|letter| !is_inside(letter)).unwrap_or(rest.len());
        match rest.chars().next() {
            Some(sign) if length == 0 => &rest[..sign.len_utf8()],
            _ => &rest[..length],
        }
    }

    /// Passes over a word or bracket, if it comes next.
    fn take(&mut self, word: &str) -> bool {
        let is_next = self.word() == word;
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        self.skip_blanks();
        let is_next = self.text[self.at..].starts_with(sign);
        self.at += if is_next { sign.len() } else { 0 };
        is_next
    }

    fn refuse(&mut self, reason: impl Into<String>, remedy: impl Into<String>) -> Refusal {
        let n_bytes = self.word().len();
        Refusal { at: self.at, n_bytes, reason: reason.into(), remedy: remedy.into() }
    }
}

/// How many bytes at the beginning of a text look like a number: sign, digits, point, exponent.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut length = usize::from(text.starts_with(['-', '+']));
    length += digits(length);
    if text[length..].starts_with('.') {
        length += 1 + digits(length + 1);
    }
    if text[length..].starts_with(['e', 'E']) {
        let sign = usize::from(text[length + 1..].starts_with(['-', '+']));
        let exponent = digits(length + 1 + sign);
        length += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    length
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn condition() -> impl Strategy<Value = Condition> {
        let comparison = (
            prop::sample::select(Quantity::ALL.to_vec()),
            prop::sample::select(Relation::ALL.to_vec()),
            0.0..1.0f64,
            -12..12i32,
            any::<prop::sample::Index>(),
        );
        let leaf = comparison.prop_map(|(quantity, relation, mantissa, power, unit)| {
            let unit = quantity.units()[unit.index(quantity.units().len())];
            let scale = if quantity == Quantity::Accuracy { 1.0 } else { 10f64.powi(power) };
            Condition::Is(quantity, relation, Number { written: mantissa * scale, unit })
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
                Err(complaint) => prop_assert!(text.len() > MAX_BYTES, "{}: {}", text, complaint.text()),
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
                    "accuracy", "trial", "peak_activations", "and", "or", "not", "(", ")", ">=", "<", "!", "=", "%",
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
            Quantity::Accuracy => Some(0.93),
            Quantity::Parameters => Some(141_098.0),
            Quantity::Macs => Some(44.21e6),
            Quantity::PeakActivations => Some(126_720.0),
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
        ] {
            assert_eq!(holds(text), Some(expected), "{text}");
        }
        assert!(!Condition::read("accuracy >= 0").unwrap().holds(&failed), "no accuracy is none");
        assert!(Condition::read("not accuracy >= 0").unwrap().holds(&failed));
    }

    #[test]
    fn a_refusal_shows_the_place_and_the_remedy() {
        let refused = |text: &str| Condition::read(text).unwrap_err().text();
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
