use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::{Entry, RunFolder, StoreError};

/// What a run does. Its plan says it in the field `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunKind {
    /// A search for networks.
    Search,
    /// Trainings of one network on folds.
    Training,
    /// A comparison of search strategies.
    Comparison,
}

impl fmt::Display for RunKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RunKind::Search => "search",
            RunKind::Training => "training",
            RunKind::Comparison => "comparison",
        })
    }
}

/// The part of a plan that all kinds have.
#[derive(Deserialize)]
struct Header {
    kind: Option<RunKind>,
    // The fields that tell plans of earlier versions apart, which have no `kind`.
    architecture: Option<IgnoredAny>,
    strategies: Option<IgnoredAny>,
}

impl RunFolder {
    /// What the run does.
    ///
    /// # Errors
    /// The plan cannot be read.
    pub fn kind(&self) -> Result<RunKind, StoreError> {
        let header: Header = self.required(Entry::Plan)?;
        Ok(match header {
            Header { kind: Some(kind), .. } => kind,
            Header { architecture: Some(_), .. } => RunKind::Training,
            Header { strategies: Some(_), .. } => RunKind::Comparison,
            Header { .. } => RunKind::Search,
        })
    }
}
