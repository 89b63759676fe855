use std::fmt;
use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How the name of such a metric begins wherever metrics are named.
const PREFIX: &str = "own_";

/// The longest name.
const MAX_LETTERS: usize = 40;

/// The most different names: far more than any plan has.
const MAX_NAMES: usize = 256;

/// Every name that was met, once each: a metric is as small as a reference, and two of one name are the same.
static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// A share that only a trainer of the user's own measures, by its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String")]
pub struct OwnMetric(&'static str);

impl OwnMetric {
    /// The metric of a name that begins with `own_` and has small letters, digits and `_`; none of any other name.
    pub fn of_name(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(PREFIX)?;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if rest.is_empty() || rest.len() > MAX_LETTERS || !rest.bytes().all(is_plain) {
            return None;
        }
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.iter().find(|known| **known == name) {
            return Some(Self(known));
        }
        if names.len() >= MAX_NAMES {
            return None;
        }
        let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
        names.push(kept);
        Some(Self(kept))
    }

    /// The name, such as `own_speed`.
    pub fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for OwnMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Serialize for OwnMetric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for OwnMetric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::of_name(&name).ok_or_else(|| {
            D::Error::custom(format!(
                "`{name}` is no name of a metric of your own: begin it with `{PREFIX}`, and go on with at most {MAX_LETTERS} small \
                 letters, digits and `_`"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_name_is_one_metric_and_odd_names_are_none() {
        let speed = OwnMetric::of_name("own_speed").unwrap();
        assert_eq!(Some(speed), OwnMetric::of_name("own_speed"));
        assert_eq!(serde_json::from_str::<OwnMetric>("\"own_speed\"").unwrap(), speed);
        let long = format!("own_{}", "x".repeat(41));
        for name in ["speed", "own_", "own_Speed", "own_a b", "own_\u{1b}", &long] {
            assert_eq!(OwnMetric::of_name(name), None, "{name}");
        }
    }
}
