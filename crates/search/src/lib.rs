//! What is **kept**: metrics and bounds, strategies, the generator and the inquisitor, rungs, the front.
//!
//! [`run`] is the loop: a [`Strategy`] proposes a generation of candidates, an [`Evaluator`] measures them rung
//! by rung, and the strategy observes what came of it. Everything here is a function of the plan and of what the
//! evaluator answered; a strategy's state is a fold over what it observed, so a run is resumed by replaying it.
//!
//! ```
//! use netsynth_search::{
//!     Indicator, Limits, Metric, Objective, ParetoFront, Performance, Problem, Rung, SearchPlan, StrategyKind, Table, bounds, run,
//! };
//!
//! // A benchmark of four networks: two decisions of two alternatives each.
//! let table = Table::from_json(
//!     "four",
//!     r#"{"00": {"mean_acc": 71.0, "params": 1000, "flops": 9000}, "01": {"mean_acc": 83.0, "params": 2000, "flops": 9000},
//!         "10": {"mean_acc": 78.0, "params": 3000, "flops": 9000}, "11": {"mean_acc": 92.0, "params": 4000, "flops": 9000}}"#,
//! )?;
//! let plan = SearchPlan {
//!     seed: 1,
//!     n_trials: 4,
//!     generation_size: 2,
//!     strategy: StrategyKind::Synthesis,
//!     indicator: Indicator { constraints: bounds("accuracy >= 75 % and parameters < 10k")? },
//!     performance: Performance::default(),
//!     objectives: vec![Objective::of(Metric::Accuracy), Objective::of(Metric::Parameters)],
//!     rungs: vec![Rung { epochs: 1, macs: None, folds: 1, keep: 1.0 }],
//!     pruning: None,
//!     prior: None,
//!     screening: None,
//!     asynchronous: false,
//!     limits: Limits::default(),
//! };
//! let found = run(&Problem::new(&table, &plan)?, &table, &mut |_| Ok(()))?;
//! let front = ParetoFront::of(&found.trials, &plan.objectives, &plan.indicator, plan.rungs.len());
//! let accuracies: Vec<_> = front.members.iter().map(|(_, metrics)| metrics.get(Metric::Accuracy)).collect();
//! assert_eq!(accuracies, [Some(0.92), Some(0.83)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod asynchronous;
mod count;
mod evaluator;
mod front;
mod length;
mod limits;
mod metric;
mod past;
mod plan;
mod run;
mod statistics;
mod strategy;
mod synthesis;
mod trial;

pub use asynchronous::{Flow, run_asynchronously};
pub use count::{Count, CountError};
pub use evaluator::{Answered, Evaluator, Measured, Trained, unless_panicked};
pub use front::family::{Lead, leads};
pub use front::hypervolume::hypervolume;
pub use front::pareto::{ParetoFront, dominates, non_dominated_ranks};
pub use front::variant::{Variant, variants};
pub use length::Length;
pub use limits::{Limits, StopReason};
pub use metric::condition::{Condition, Number, Quantity, Relation};
pub use metric::grammar::ConditionError;
pub use metric::indicator::{Constraint, Indicator, bounds};
pub use metric::metric::{Direction, Metric, Source};
pub use metric::metrics::Metrics;
pub use metric::objective::Objective;
pub use metric::own::OwnMetric;
pub use metric::performance::Performance;
pub use metric::unit::{Suffix, Unit};
pub use past::{PastSearch, PastTrial};
pub use plan::{Rung, SearchError, SearchPlan};
pub use run::{Event, Found, run};
pub use statistics::certificate::{Certificate, PersonScore};
pub use statistics::comparison::{Curve, Scale};
pub use statistics::confusion::Confusion;
pub use statistics::estimate::{Estimate, mean_and_deviation};
pub use statistics::kendall::kendall_tau;
pub use strategy::problem::Problem;
pub use strategy::strategy::{Strategy, StrategyKind};
pub use strategy::table::{Table, TableError};
pub use synthesis::explanation::{Explanation, Ranking, Reason, advice_ranking, explain, rankings};
pub use synthesis::generator::{Coupling, Generator, Law, Theta};
pub use synthesis::prior::Prior;
pub use synthesis::reactions::{LinkReaction, Reactions, VertexReaction};
pub use synthesis::screening::{ScreenedCandidate, Screening};
pub use synthesis::zero_cost::{Scored, Scorer, ZeroCostProxy, ZeroCostScores};
pub use trial::{Candidate, Outcome, Trial};
