use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RunError;

/// Who trains the networks of a plan, and measures them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Trainer {
    /// netsynth, with the plan's recipe.
    #[default]
    Netsynth,
    /// A program of the user's own: it and its arguments, such as Command(["python3", "train.py"]). It reads one line of JSON and
    /// writes lines of JSON; see `netsynth help trainer`.
    Command(Vec<String>),
    /// Whoever asks for candidates with `netsynth ask` and tells what came of them with `netsynth tell`.
    Told,
}

impl Trainer {
    /// Whether it is netsynth itself.
    pub fn is_netsynth(&self) -> bool {
        *self == Self::Netsynth
    }

    /// Refuses a command without a program.
    pub(crate) fn check(&self) -> Result<(), RunError> {
        match self {
            Self::Command(words) if words.first().is_none_or(String::is_empty) => {
                let remedy = "give a program and its arguments, such as Command([\"python3\", \"train.py\"])";
                Err(RunError::new("the plan's `evaluator` names no program", remedy))
            }
            Self::Netsynth | Self::Command(_) | Self::Told => Ok(()),
        }
    }
}
