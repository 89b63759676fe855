use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use netsynth_graph::ArchitectureSpec;
use netsynth_search::{Confusion, PersonScore, Reactions, Scored, ZeroCostScores};
use netsynth_store::{Fold, TrainedNetwork};
use netsynth_train::{Device, Recipe};
use serde::{Deserialize, Serialize};

use crate::{DataPlan, OnEvent, RunError, RunEvent, Weights};

/// What a task is for: which part of a run its answer belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// One training or scoring of one network: everything that its answer depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// The seed of the run, from which the images for probes and zero-cost scores are drawn.
    pub run_seed: u64,
    /// Whether the network is scored before any training.
    pub is_scored: bool,
    /// How it is trained; absent, it is scored only.
    pub training: Option<TrainingTask>,
}

/// How a task trains its network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JudgedOn {
    /// Those of a fold.
    Fold(Fold),
    /// The held-out ones.
    HeldOut,
}

/// Which trained network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// The network was trained.
    Trained(Box<TaskResult>),
    /// It was scored and not trained.
    Scored(Scored),
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
            Some(Answer::Scored(_)) | None => unreachable!("the job's one task is a training"),
        }
    }
}

/// A trained network and what was measured of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskResult {
    /// What it took for what.
    pub confusion: Confusion,
    /// What it made of each person that judged it.
    pub people: Vec<PersonScore>,
    /// The mean training loss of each epoch, in nats.
    pub losses: Vec<f32>,
    /// What the probes saw, if they were asked for.
    pub reactions: Option<Reactions>,
    /// Its zero-cost scores, if they were asked for and there are any.
    pub scores: Option<ZeroCostScores>,
    /// The deployed network's weights as safetensors. They travel beside the document.
    #[serde(skip)]
    pub weights: Vec<u8>,
}

/// Where an executor hands over each answer as soon as it has it, by the task's index and from any thread.
pub type OnAnswer<'a> = dyn Fn(usize, Answer) -> Result<(), RunError> + Sync + 'a;

/// Something that carries out tasks: the threads of this process, or workers elsewhere.
///
/// An answer is a function of its task. What is not the task's own doing, such as a lost worker, a full disk or a lack of
/// threads, is an error and never an answer.
pub trait Executor: Sync {
    /// Carries out tasks, in any order and side by side, until all have an answer, `stop` is true or something fails.
    /// Tasks of one call do not depend on each other; the networks that they start from are in `weights`. `on_event` has
    /// the epochs, where the executor learns of them.
    fn run(
        &self,
        tasks: &[Task],
        weights: &dyn Weights,
        on_event: &OnEvent<'_>,
        stop: &(dyn Fn() -> bool + Sync),
        on_answer: &OnAnswer<'_>,
    ) -> Result<(), RunError>;
}

/// With what a run is worked on.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who carries out tasks.
    pub executor: &'a dyn Executor,
    /// Who learns of progress.
    pub on_event: &'a OnEvent<'a>,
    /// Whether to begin nothing more.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// One result of a run, and what it takes to have it.
pub enum Job<'a, R> {
    /// The run has it already.
    Known(R),
    /// It follows from the answers of tasks.
    Open {
        /// The tasks.
        tasks: Vec<Task>,
        /// Makes the result from the answers, in the order of the tasks, and writes it.
        finish: Finish<'a, R>,
    },
}

/// What makes a result from answers.
pub type Finish<'a, R> = Box<dyn FnOnce(Vec<Answer>) -> Result<R, RunError> + Send + 'a>;

/// The answers of an open job that has not all of them yet.
struct Waiting<'a, R> {
    answers: Vec<Option<Answer>>,
    finish: Option<Finish<'a, R>>,
}

/// Does all jobs that are open, and gives every result in the order of the jobs. Each result is made as soon as its last
/// answer is there, so that what is finished is never lost. [`RunError::Stopped`] if not all could be done.
///
/// Tasks start from the networks in `weights`.
pub fn do_all<R: Send>(
    context: &Context<'_>,
    weights: &dyn Weights,
    jobs: Vec<Job<'_, R>>,
) -> Result<Vec<R>, RunError> {
    let mut tasks = Vec::new();
    // For each task its job and its number there.
    let mut origins = Vec::new();
    let mut waiting = Vec::new();
    let mut results = Vec::new();
    for (number, job) in jobs.into_iter().enumerate() {
        let (left, result) = match job {
            Job::Known(result) => (Waiting { answers: Vec::new(), finish: None }, Some(result)),
            Job::Open { tasks: wanted, finish } => {
                origins.extend((0..wanted.len()).map(|at| (number, at)));
                let left = Waiting { answers: vec![None; wanted.len()], finish: Some(finish) };
                tasks.extend(wanted);
                (left, None)
            }
        };
        waiting.push(Mutex::new(left));
        results.push(Mutex::new(result));
    }
    context.executor.run(&tasks, weights, context.on_event, context.stop, &|index, answer| {
        (context.on_event)(RunEvent::Answered { task: &tasks[index].id, answer: &answer });
        let (number, at) = origins[index];
        let ready = {
            let mut left = waiting[number].lock().unwrap_or_else(PoisonError::into_inner);
            left.answers[at] = Some(answer);
            let is_ready = left.answers.iter().all(Option::is_some);
            if is_ready {
                left.finish.take().map(|finish| (finish, std::mem::take(&mut left.answers)))
            } else {
                None
            }
        };
        if let Some((finish, answers)) = ready {
            let result = finish(answers.into_iter().flatten().collect())?;
            *results[number].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
        Ok(())
    })?;
    let results: Option<Vec<R>> = results
        .into_iter()
        .map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect();
    results.ok_or(RunError::Stopped)
}
