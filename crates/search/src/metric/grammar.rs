//! The one grammar of bounds and conditions:
//!
//! ```text
//! condition   = conjunction { "or" conjunction }
//! conjunction = term { "and" term }
//! term        = "not" term | "(" condition ")" | comparison
//! comparison  = quantity ( ">=" | "<=" | ">" | "<" | "=" | "!=" ) number [ suffix ]
//! suffix      = "%" | "k" | "M" | "KiB" | "MiB" | "ns" | "us" | "ms" | "s"
//! bounds      = bound { "and" bound }
//! bound       = metric ( ">=" | "<=" | ">" | "<" ) number [ suffix ]
//! ```

use crate::metric::condition::{Condition, Number, Quantity, Relation};
use crate::{Constraint, Metric, OwnMetric, Source, Suffix, Unit};

/// The longest condition that is read, in bytes: far above any that a person writes.
pub(super) const MAX_BYTES: usize = 4096;

impl Condition {
    /// Reads a condition; an error shows the position.
    pub fn read(text: &str) -> Result<Self, ConditionError> {
        if text.len() > MAX_BYTES {
            let reason =
                format!("it has {} bytes, more than the {MAX_BYTES} a condition may have", text.len());
            return Err(ConditionError { reason, remedy: "ask less at a time".to_owned() });
        }
        Reader::new(text).whole_condition()
    }
}

/// The deepest nesting: far above any that a person writes.
const MAX_DEPTH: usize = 64;

/// Why a condition or a bound cannot be read: the reason shows the text with a caret at the mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("{reason}")]
#[diagnostic(help("{remedy}"))]
pub struct ConditionError {
    /// What is wrong, and where.
    pub reason: String,
    /// What would be right.
    pub remedy: String,
}

/// A text and how far it was read.
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// The whole text as a condition.
    pub(crate) fn whole_condition(&mut self) -> Result<Condition, ConditionError> {
        let condition = self.condition()?;
        match self.word() {
            "" => Ok(condition),
            _ => Err(self.refuse("the condition ends here", "join conditions with `and` or `or`")),
        }
    }

    /// The whole text as bounds, joined by `and`.
    pub(crate) fn whole_bounds(&mut self) -> Result<Vec<Constraint>, ConditionError> {
        let mut bounds = vec![self.bound()?];
        while self.take("and") {
            bounds.push(self.bound()?);
        }
        match self.word() {
            "" => Ok(bounds),
            _ => Err(self.refuse("the bound ends here", "join bounds with `and`")),
        }
    }

    fn bound(&mut self) -> Result<Constraint, ConditionError> {
        let Quantity::Metric(metric) = self.quantity(&Metric::ALL.map(Quantity::Metric))? else {
            unreachable!("only metrics were allowed")
        };
        let relation = self.relation(metric.name())?;
        let before = self.at;
        let number = self.number(Quantity::Metric(metric))?.value(Quantity::Metric(metric));
        let is_out_of_reach = match relation {
            Relation::Above => metric.unit() == Unit::Share && number >= 1.0,
            Relation::Below => number <= 0.0,
            Relation::AtLeast | Relation::AtMost | Relation::Equal | Relation::Unequal => false,
        };
        if is_out_of_reach {
            let length = std::mem::replace(&mut self.at, before).saturating_sub(before);
            let reason = format!("no network has {} {} this", metric.name(), relation.sign());
            return Err(self.refused(length, reason, "give a bound that a network can meet".to_owned()));
        }
        match relation {
            Relation::AtLeast => Ok(Constraint::AtLeast(metric, number)),
            Relation::AtMost => Ok(Constraint::AtMost(metric, number)),
            // Counts are whole numbers.
            Relation::Above if metric.source() == Source::Counted => {
                Ok(Constraint::AtLeast(metric, number.floor() + 1.0))
            }
            Relation::Above => Ok(Constraint::AtLeast(metric, number.next_up())),
            Relation::Below if metric.source() == Source::Counted => {
                Ok(Constraint::AtMost(metric, number.ceil() - 1.0))
            }
            Relation::Below => Ok(Constraint::AtMost(metric, number.next_down())),
            Relation::Equal | Relation::Unequal => {
                self.at = before - relation.sign().len();
                let reason = format!("`{}` is no bound", relation.sign());
                Err(self.refused(relation.sign().len(), reason, "write >= or <=".to_owned()))
            }
        }
    }

    fn condition(&mut self) -> Result<Condition, ConditionError> {
        let mut condition = self.conjunction()?;
        while self.take("or") {
            condition = Condition::Or(Box::new(condition), Box::new(self.conjunction()?));
        }
        Ok(condition)
    }

    fn conjunction(&mut self) -> Result<Condition, ConditionError> {
        let mut condition = self.term()?;
        while self.take("and") {
            condition = Condition::And(Box::new(condition), Box::new(self.term()?));
        }
        Ok(condition)
    }

    fn term(&mut self) -> Result<Condition, ConditionError> {
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

    fn comparison(&mut self) -> Result<Condition, ConditionError> {
        let quantity = self.quantity(&Quantity::all().collect::<Vec<_>>())?;
        let relation = self.relation(quantity.name())?;
        Ok(Condition::Is(quantity, relation, self.number(quantity)?))
    }

    /// The name of one of these quantities.
    fn quantity(&mut self, allowed: &[Quantity]) -> Result<Quantity, ConditionError> {
        let word = self.word();
        let own = || OwnMetric::of_name(word).map(|own| Quantity::Metric(Metric::Own(own)));
        let Some(quantity) = allowed.iter().copied().find(|quantity| quantity.name() == word).or_else(own)
        else {
            let names: Vec<&str> = allowed.iter().map(|quantity| quantity.name()).collect();
            let reason = match word {
                "" => "a metric is missing here".to_owned(),
                word => format!("`{word}` is no metric"),
            };
            return Err(self.refuse(reason, format!("write one of {}", names.join(", "))));
        };
        self.at += word.len();
        Ok(quantity)
    }

    fn relation(&mut self, name: &str) -> Result<Relation, ConditionError> {
        let found = Relation::ALL.into_iter().find(|relation| self.take_sign(relation.sign()));
        found.ok_or_else(|| {
            let reason = format!("{name} is compared with nothing here");
            self.refuse(reason, "write one of >= <= > < = != and a number")
        })
    }

    fn number(&mut self, quantity: Quantity) -> Result<Number, ConditionError> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let digits = number_length(rest);
        let Some(written) = rest[..digits].parse().ok().filter(|number: &f64| number.is_finite()) else {
            return Err(self.refuse("a number is missing here", "write a number such as 0.92, 92 % or 150k"));
        };
        let before = self.at;
        self.at += digits;
        let allowed: Vec<&str> = quantity.suffixes().iter().map(|suffix| suffix.sign()).collect();
        let word = match self.word() {
            "and" | "or" | "(" | ")" => "",
            word => word,
        };
        let known = Suffix::ALL.into_iter().find(|suffix| suffix.sign() == word);
        let Some(suffix) = known.filter(|_| allowed.contains(&word)) else {
            let reason = match word {
                "" => format!("{} needs a unit", quantity.name()),
                word => format!("{} is not measured in `{word}`", quantity.name()),
            };
            let remedy = match allowed.as_slice() {
                [""] => "write the plain number".to_owned(),
                ["", suffixes @ ..] => {
                    format!("write the plain number, or {} after it", suffixes.join(" or "))
                }
                suffixes => format!("write {} after the number", suffixes.join(" or ")),
            };
            return Err(self.refuse(reason, remedy));
        };
        self.at += word.len();
        let number = Number { written, suffix };
        match quantity {
            Quantity::Metric(metric) if metric.unit() == Unit::Share && number.value(quantity) > 1.0 => {
                self.at = before;
                let remedy = format!("{} is a share of 1: write 0.92 or 92 %", metric.name());
                Err(self.refuse(format!("no {metric} is above 1"), remedy))
            }
            Quantity::Metric(_) | Quantity::NetScore | Quantity::Trial => Ok(number),
        }
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

    /// An error at the next word.
    fn refuse(&mut self, reason: impl Into<String>, remedy: impl Into<String>) -> ConditionError {
        let n_bytes = self.word().len();
        self.refused(n_bytes, reason.into(), remedy.into())
    }

    /// An error at the next so many bytes.
    fn refused(&self, n_bytes: usize, reason: String, remedy: String) -> ConditionError {
        let shown = self.text.replace(['\n', '\t'], " ");
        let column = self.text[..self.at].chars().count();
        let carets = self.text[self.at..self.at + n_bytes].chars().count().max(1);
        let reason = format!("{reason}\n  {shown}\n  {}{}", " ".repeat(column), "^".repeat(carets));
        ConditionError { reason, remedy }
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
