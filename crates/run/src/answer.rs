use netsynth_search::{Confusion, Metrics, PersonScore, Reactions, Scored, ZeroCostScores};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Answer {
    /// The network was trained.
    Trained(Box<TaskResult>),
    /// A trainer of the user's own trained it.
    Told(Box<Told>),
    /// It was scored and not trained.
    Scored(
        #[serde(with = "exact")]
        #[schemars(with = "String")]
        Scored,
    ),
    /// The training itself failed, for this reason: another try gives the same.
    Failed(String),
}

impl Answer {
    /// The trained network of a job whose one task is a training, or why that failed.
    ///
    /// # Panics
    /// If the job has another task.
    pub(crate) fn of_training(answers: Vec<Self>) -> Result<Box<TaskResult>, String> {
        match answers.into_iter().next() {
            Some(Answer::Trained(trained)) => Ok(trained),
            Some(Answer::Failed(reason)) => Err(reason),
            Some(Answer::Told(_) | Answer::Scored(_)) | None => {
                unreachable!("the job's one task is a training of netsynth's")
            }
        }
    }
}

/// A trained network and what was measured of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskResult {
    /// What it took for what: row the true class, column the predicted one.
    #[schemars(with = "Vec<Vec<usize>>")]
    pub confusion: Confusion,
    /// What it made of each person that judged it.
    pub people: Vec<PersonScore>,
    /// The mean training loss of each epoch, in nats.
    pub losses: Vec<f32>,
    /// What the probes saw, if they were asked for: RON in a text, so that its numbers travel to the bit.
    #[serde(with = "exact", default)]
    #[schemars(with = "Option<String>")]
    pub reactions: Option<Reactions>,
    /// Its zero-cost scores, if they were asked for and there are any; RON in a text.
    #[serde(with = "exact", default)]
    #[schemars(with = "Option<String>")]
    pub scores: Option<ZeroCostScores>,
    /// The deployed network's weights as safetensors. They travel beside the document.
    #[serde(skip)]
    pub weights: Vec<u8>,
}

/// What a trainer of the user's own said of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The measured metrics; RON in a text, so that its numbers travel to the bit.
    #[serde(with = "exact")]
    #[schemars(with = "String")]
    pub metrics: Metrics,
    /// The losses that it named, one for each line that had one.
    pub losses: Vec<f32>,
}

/// A value as RON in a text: JSON's numbers of 17 digits are not read to the last bit, and the inquisitor learns from all.
mod exact {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        ron::to_string(value).map_err(S::Error::custom)?.serialize(to)
    }

    pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        ron::from_str(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}
