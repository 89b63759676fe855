use std::fmt;
use std::path::PathBuf;

use netsynth_graph::ArchitectureSpec;
use netsynth_store::{Fold, TrainedNetwork, sha256};
use netsynth_train::{Device, Recipe};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DataPlan, RunError, Trainer};

/// What a task is for: which part of a run its answer belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum TaskId {
    /// The prototype that trials inherit from.
    Prototype {
        /// The run's seed.
        seed: u64,
        /// The fold that it is judged on.
        fold: Fold,
    },
    /// A trial on a rung.
    Trial {
        /// Its number.
        trial: usize,
        /// The rung.
        rung: usize,
        /// The fold that it is judged on.
        fold: Fold,
    },
    /// The zero-cost scores of a candidate that is not trained yet.
    Screening {
        /// The candidate's number.
        candidate: usize,
    },
    /// A trial of the front, trained for good.
    Variant {
        /// Its number.
        trial: usize,
    },
    /// A finalist of an audit, trained from scratch.
    Audit {
        /// The trial's number.
        trial: usize,
        /// The fold that it is judged on.
        fold: Fold,
    },
    /// A training on folds.
    Fold {
        /// The seed of the training.
        seed: u64,
        /// The fold that it is judged on.
        fold: Fold,
    },
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            TaskId::Prototype { fold, .. } => write!(f, "the prototype, fold {fold}"),
            TaskId::Trial { trial, rung, fold } => {
                write!(f, "trial {trial:3} rung {rung} fold {fold}")
            }
            TaskId::Screening { candidate } => write!(f, "candidate {candidate:3}"),
            TaskId::Variant { trial } => write!(f, "trial {trial:3} for good"),
            TaskId::Audit { trial, fold } => write!(f, "trial {trial:3} from scratch, fold {fold}"),
            TaskId::Fold { seed, fold } => write!(f, "seed {seed}, fold {fold}"),
        }
    }
}

impl TaskId {
    /// The part of a run's work that it belongs to.
    pub(crate) fn part(&self) -> String {
        match self {
            TaskId::Prototype { .. } => "prototype".to_owned(),
            TaskId::Trial { rung, .. } => format!("rung {rung}"),
            TaskId::Screening { .. } => "scores".to_owned(),
            TaskId::Variant { .. } => "variants".to_owned(),
            TaskId::Audit { .. } => "finalists".to_owned(),
            TaskId::Fold { .. } => "folds".to_owned(),
        }
    }

    /// The name in paths, which says no more than what it is for.
    fn name(&self) -> String {
        match *self {
            TaskId::Prototype { seed, fold } => format!("prototype-seed-{seed}-fold-{:02}", fold.number()),
            TaskId::Trial { trial, rung, fold } => {
                format!("trial-{trial:05}-rung-{rung}-fold-{:02}", fold.number())
            }
            TaskId::Screening { candidate } => format!("candidate-{candidate:05}"),
            TaskId::Variant { trial } => format!("variant-{trial:05}"),
            TaskId::Audit { trial, fold } => format!("audit-{trial:05}-fold-{:02}", fold.number()),
            TaskId::Fold { seed, fold } => format!("seed-{seed}-fold-{:02}", fold.number()),
        }
    }
}

/// One training or scoring of one network: everything that its answer depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What it is for.
    pub id: TaskId,
    /// The network.
    pub architecture: ArchitectureSpec,
    /// The data, and how it is split.
    pub data: DataPlan,
    /// SHA-256 of the samples and their labels, as a dataset has it.
    pub data_digest: String,
    /// How images are prepared and networks trained.
    pub recipe: Recipe,
    /// Where to compute.
    pub device: Device,
    /// Who trains; absent, netsynth.
    #[serde(default, skip_serializing_if = "Trainer::is_netsynth")]
    pub evaluator: Trainer,
    /// Seconds that a trainer of the user's own may take; absent, as long as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_secs: Option<u64>,
    /// The seed of the run, from which the images for probes and zero-cost scores are drawn.
    pub run_seed: u64,
    /// Whether the network is scored before any training.
    pub is_scored: bool,
    /// How it is trained; absent, it is scored only.
    pub training: Option<TrainingTask>,
}

impl Task {
    /// SHA-256 of the task as JSON, in hexadecimal: what answers are of.
    ///
    /// # Errors
    /// A number of the task is none that JSON carries to the bit.
    pub fn digest(&self) -> Result<String, RunError> {
        let text = serde_json::to_string(self).unwrap_or_default();
        if serde_json::from_str(&text).ok().as_ref() != Some(self) {
            let reason = "a number of its recipe or data has more digits than travel to a worker as JSON";
            let error = RunError::new(reason, "give numbers of at most 15 digits, or use --executor local");
            return Err(error.at(self.id.to_string()));
        }
        Ok(sha256(text))
    }

    /// The name of the task's folder among the attempts: the same for the same task, and for no other.
    ///
    /// # Errors
    /// Those of [`Task::digest`].
    pub fn name(&self) -> Result<String, RunError> {
        Ok(format!("{}-{}", self.id.name(), &self.digest()?[..8]))
    }
}

/// How a task trains its network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainingTask {
    /// Which samples judge the network; it is trained on all others that are not held out.
    pub judged_on: JudgedOn,
    /// How long.
    pub epochs: usize,
    /// The seed of its random draws.
    pub seed: u64,
    /// The trained network whose channels it takes over; absent, its weights are random.
    pub start: Option<WeightKey>,
    /// Whether the inquisitor's probes are run on the trained network.
    pub is_probed: bool,
}

/// Which samples judge a trained network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum JudgedOn {
    /// Those of a fold.
    Fold(Fold),
    /// The held-out ones.
    HeldOut,
}

/// Which trained network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum WeightKey {
    /// The prototype as it was trained for a fold.
    Prototype {
        /// The fold.
        fold: Fold,
    },
    /// A trial as a rung trained it for a fold.
    Trial {
        /// Its number.
        trial: usize,
        /// The rung.
        rung: usize,
        /// The fold.
        fold: Fold,
    },
    /// A network of another run, a training on folds.
    Training {
        /// The run's folder.
        run: PathBuf,
        /// The network in it.
        network: TrainedNetwork,
    },
    /// The network in a folder of architecture.ron and weights.safetensors.
    Folder(PathBuf),
}
