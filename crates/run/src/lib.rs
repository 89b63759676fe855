//! The application as a library: search, train on folds, audit, verify and compare.
//!
//! Each is a function of what it follows (a [`Plan`] or [`TrainPlan`], read into a [`Search`] or [`CrossValidation`]), the
//! run's folder, and a [`Context`]: the [`Executor`] that carries out its [`Task`]s, who learns of its [`RunEvent`]s, and
//! what stops it. [`do_all`] is the one loop: it keeps what the run has, asks the executor for the rest and writes each
//! result once. Results are a function of the plan and the data, for any executor and any number of workers.
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use netsynth_data::synth::SynthOptions;
//! use netsynth_run::{Context, DataSource, LocalThreads, Plan, Search, search};
//! use netsynth_search::Rung;
//! use netsynth_store::NewRun;
//!
//! // The built-in plan, made small: one trial on drawn faces, every network feasible.
//! let mut plan = Plan::built_in();
//! plan.data.source = DataSource::Synthetic(SynthOptions { subjects: 8, ..SynthOptions::default() });
//! (plan.data.options.height, plan.data.options.width) = (12, 12);
//! plan.search.n_trials = 1;
//! plan.search.rungs = vec![Rung { epochs: 1, macs: None, folds: 1, keep: 1.0 }];
//! plan.search.indicator.constraints.clear();
//! (plan.final_epochs, plan.final_macs) = (1, None);
//! plan.check()?;
//!
//! let home = tempfile::tempdir()?;
//! let planned = Search::new(plan, NonZeroUsize::MIN, &|_| {})?;
//! let folder = planned.begin(&NewRun::At(home.path().join("run")))?;
//! let executor = LocalThreads::new(&planned.dataset, &planned.split, planned.n_workers);
//! let context = Context { executor: &executor, on_event: &|_| {}, stop: &|| false };
//! let results = search(&planned, &folder, &context)?;
//! assert_eq!((results.trials.len(), results.front.members.len()), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod asked;
mod at_work;
mod attempted;
mod attribution;
mod audit;
mod budget;
mod call;
mod checkpoint;
mod child;
mod compare;
mod cross_validation;
mod dispatch;
mod error;
mod event;
mod examples;
mod executor;
mod jobs;
mod judge;
mod learned;
mod model;
pub mod networks;
mod open;
mod own_trainer;
mod packed;
mod panics;
mod plan;
mod planned_search;
mod processes;
mod prototypes;
mod provenance;
mod ray;
mod remembered;
mod reproduce;
mod results;
mod search;
mod session;
mod simulation;
mod site;
mod slurm;
mod task;
mod trainer;
mod trials;
mod untrained;
mod variants;
mod verify;
mod verify_training;
mod weights;
mod whole;
mod work;
mod worker;
mod workers;

pub use answer::{Answer, TaskResult, Told};
pub use asked::{Asked, Standing, ToldFile, asked, standing, tell};
pub use at_work::{AtWork, at_work};
pub use attribution::{After, Attribution, Method, Removal, attribution};
pub use audit::{audit, known_audit};
pub use budget::Budget;
pub use compare::{Comparison, ComparisonJob, ComparisonPlan, compare_by_training, compare_on_table};
pub use cross_validation::{CrossValidation, TrainPlan, TrainingKind, cross_validate};
pub use dispatch::Dispatch;
pub use error::RunError;
pub use event::{OnEvent, RunEvent};
pub use examples::{Example, Examples, examples};
pub use executor::LocalThreads;
pub use judge::judge_from_scratch;
pub use learned::learned;
pub use model::{Lessons, Model, Origin, Usage, model};
pub use open::{OpenSearch, open_search, required, search_plan, training_plan};
pub use own_trainer::{TrainerInput, TrainerOutput};
pub use packed::{HeldOut, pack, unpack};
pub use plan::{DataPlan, DataSource, PROTOTYPE_EPOCHS, Plan, SearchKind, check_path};
pub use planned_search::Search;
pub use processes::Processes;
pub use provenance::Provenance;
pub use ray::Ray;
pub use remembered::Remembered;
pub use reproduce::{begun_or_reopened, found_networks, paper_plan, refuse_other};
pub use results::{FoldFile, FoldResult, Results};
pub use search::{SearchResults, search};
pub use session::{SessionFile, worked};
pub use simulation::{Simulated, TrainingTimes, Workers as SimulatedWorkers, simulate};
pub use site::{End, Site, State};
pub use slurm::Slurm;
pub use task::{JudgedOn, Task, TaskId, TrainingTask, WeightKey};
pub use trainer::Trainer;
pub use trials::Trials;
pub use variants::{VariantMetrics, failed as failed_variant, known as known_variant};
pub use verify::{Retrained, Verification, verify};
pub use weights::{InMemory, RunWeights, Weights};
pub use work::{Context, Executor, Finish, Job, OnAnswer, do_all};
pub use worker::{AnswerFile, Heartbeat, ProgressLine, TaskFile, WorkEnd, answer_of, work};

pub(crate) use session::resumable;
