//! What is **kept**: generator, inquisitor, strategies, rungs, indicator, front.
//!
//! [`run`] is the loop: a [`Strategy`] proposes a generation of candidates, an [`Evaluator`] measures them rung
//! by rung, and the strategy observes what came of it. Everything here is a function of the plan and of what the
//! evaluator answered; a strategy's state is a fold over what it observed, so a run is resumed by replaying it.

mod evaluator;
mod front;
mod generator;
mod indicator;
mod inquisitor;
mod limits;
mod metric;
mod performance;
mod plan;
mod problem;
mod promotion;
mod random;
mod reactions;
mod run;
mod strategy;
mod synthesis;
mod trial;
mod variant;
mod workers;

pub use evaluator::{Candidate, Evaluator, Measured, Trained, caught};
pub use front::{ParetoFront, dominates, hypervolume_2d, non_dominated_ranks};
pub use generator::{Generator, Law, Theta};
pub use indicator::{Constraint, Indicator, Miss};
pub use inquisitor::{Advice, Inquisitor};
pub use limits::{Limits, StopReason};
pub use metric::{Metric, Metrics, Objective};
pub use performance::Performance;
pub use plan::{Rung, SearchError, SearchPlan};
pub use problem::Problem;
pub use reactions::{LinkReaction, Reactions, VertexReaction};
pub use run::{Event, Found, run};
pub use strategy::{Strategy, StrategyKind};
pub use trial::{Outcome, Trial};
pub use variant::{Variant, variants};
pub use workers::side_by_side;
