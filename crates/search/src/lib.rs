//! What is **kept**: generator, inquisitor, strategies, rungs, indicator, front.
//!
//! [`run`] is the loop: a [`Strategy`] proposes a generation of candidates, an [`Evaluator`] measures them rung
//! by rung, and the strategy observes what came of it. Everything here is a function of the plan and of what the
//! evaluator answered; a strategy's state is a fold over what it observed, so a run is resumed by replaying it.

mod cholesky;
mod comparison;
mod evaluator;
mod evolution;
mod explanation;
mod felt;
mod front;
mod gain;
mod generator;
mod hypervolume;
mod indicator;
mod inquisitor;
mod learning;
mod limits;
mod local_search;
mod metric;
mod newborn;
mod nsga2;
mod performance;
mod plan;
mod problem;
mod process;
mod promotion;
mod random;
mod reactions;
mod run;
mod score;
mod strategy;
mod synthesis;
mod table;
mod trial;
mod variant;

pub use comparison::{Curve, Estimate, Scale, kendall_tau, mean_and_deviation};
pub use evaluator::{Answered, Candidate, Evaluator, Measured, Trained, unless_panicked};
pub use explanation::{Explanation, Ranking, Reason, advice_ranking, explain, rankings};
pub use front::{ParetoFront, dominates, non_dominated_ranks};
pub use generator::{Coupling, Generator, Law, Theta};
pub use hypervolume::hypervolume;
pub use indicator::{Constraint, Indicator, Miss};
pub use limits::{Limits, StopReason};
pub use metric::{Metric, Metrics, Objective};
pub use newborn::{Newborn, Newborns};
pub use performance::Performance;
pub use plan::{Rung, SearchError, SearchPlan};
pub use problem::Problem;
pub use reactions::{LinkReaction, Reactions, VertexReaction};
pub use run::{Event, Found, run};
pub use score::{Score, Scored, Scorer, Scores};
pub use strategy::{Strategy, StrategyKind};
pub use table::{Table, TableError};
pub use trial::{Outcome, Trial};
pub use variant::{Variant, variants};
