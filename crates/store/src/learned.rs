use netsynth_graph::schema::SCHEMA;
use netsynth_search::{Metrics, PastSearch, PastTrial};
use netsynth_space::{Decision, Decisions, SearchSpace, Space};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// What earlier searches of a space measured, for a search that is to learn from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnedFile {
    /// The file format's version.
    pub schema: u32,
    /// The searches, each on data of its own.
    pub searches: Vec<LearnedSearch>,
}

/// An earlier search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnedSearch {
    /// What it was called.
    pub name: String,
    /// The decisions of its space, in the order of its trials' values.
    pub decisions: Vec<String>,
    /// The networks that it trained.
    pub trials: Vec<LearnedTrial>,
}

/// A network that an earlier search trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnedTrial {
    /// What was decided: a width, a number of blocks, 0 and 1 for no and yes.
    pub values: Vec<usize>,
    /// What was measured, as it was expected at the last rung.
    pub measured: Metrics,
    /// By how much the log-odds of each may be off, squared.
    pub variances: Metrics,
}

impl LearnedFile {
    /// Some searches.
    pub fn new(searches: Vec<LearnedSearch>) -> Self {
        Self { schema: SCHEMA, searches }
    }

    /// What they teach a search of this space.
    ///
    /// # Errors
    /// There is none, or one of them searched another space.
    pub fn taught(&self, space: &SearchSpace) -> Result<Vec<PastSearch>, StoreError> {
        if self.searches.is_empty() {
            return Err(StoreError::Untaught("there is no search in it".to_owned()));
        }
        self.searches.iter().map(|search| search.taught(space)).collect()
    }
}

impl LearnedSearch {
    /// What a search of a space measured.
    pub fn new(name: String, decisions: &Decisions, past: &PastSearch) -> Self {
        let values = |trial: &PastTrial| {
            let choices = decisions.iter().zip(trial.genome.choices());
            choices.map(|(decision, choice)| decision.domain.value(choice)).collect()
        };
        let trials = past.trials.iter().map(|trial| LearnedTrial {
            values: values(trial),
            measured: trial.measured,
            variances: trial.variances,
        });
        Self {
            name,
            decisions: decisions.iter().map(|decision| decision.name.clone()).collect(),
            trials: trials.collect(),
        }
    }

    fn taught(&self, space: &SearchSpace) -> Result<PastSearch, StoreError> {
        let decisions = space.decisions();
        let is_same = self.decisions.len() == decisions.len()
            && self
                .decisions
                .iter()
                .zip(decisions.iter())
                .all(|(own, known)| at_any_size(own).eq(at_any_size(&known.name)));
        let refused = |reason: String| StoreError::Untaught(format!("the search {:?}: {reason}", self.name));
        if !is_same {
            return Err(refused(format!("it searched another space than `{}`", space.name())));
        }
        if self.trials.is_empty() {
            return Err(refused("it has no trial".to_owned()));
        }
        let trials = self.trials.iter().map(|trial| trial.taught(space).map_err(refused));
        Ok(PastSearch { trials: trials.collect::<Result<_, _>>()? })
    }
}

impl LearnedTrial {
    /// The trial in a space, or why it is none.
    fn taught(&self, space: &SearchSpace) -> Result<PastTrial, String> {
        let decisions = space.decisions();
        if self.values.len() != decisions.len() {
            return Err(format!(
                "a trial has {} values for {} decisions",
                self.values.len(),
                decisions.len()
            ));
        }
        let strange = self.measured.iter().find(|(_, share)| !(0.0..=1.0).contains(share));
        let strange = strange.or(self.variances.iter().find(|(_, variance)| !(0.0..).contains(variance)));
        if let Some((metric, value)) = strange {
            return Err(format!("a trial has {value} for {metric}"));
        }
        let choice = |(decision, value): (&Decision, &usize)| {
            let unknown = || format!("`{}` cannot be {value} in this space", decision.name);
            decision.domain.choice(*value).ok_or_else(unknown)
        };
        let choices: Vec<usize> = decisions.iter().zip(&self.values).map(choice).collect::<Result<_, _>>()?;
        let genome = decisions.genome(|number, _| choices[number]);
        let counted = space.count(&genome).map_err(|error| error.to_string())?;
        Ok(PastTrial { genome, cost: counted.cost, measured: self.measured, variances: self.variances })
    }
}

/// A decision's name without its numbers: some are pixels, as in `depth 24x24`, and the same decision has others for images of
/// another size.
fn at_any_size(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|letter| !letter.is_ascii_digit())
}
