use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A choice for each decision of one search space, in the space's order.
///
/// Only its [`Decisions`](crate::Decisions) make one, so its choices are in their domains.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Genome(pub(crate) Vec<u16>);

impl Genome {
    /// The number of the choice for this decision.
    pub fn choice(&self, decision: usize) -> usize {
        self.0[decision].into()
    }

    /// The choices in the space's order.
    pub fn choices(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.0.iter().map(|&choice| choice.into())
    }
}

/// A genome as files hold it: values by the names of their decisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NamedGenome(pub BTreeMap<String, usize>);
