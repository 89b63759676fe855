use netsynth_graph::{Cost, GraphError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::length::no_macs;
use crate::metric::objective;
use crate::{
    Constraint, Count, CountError, Indicator, Length, Limits, Metric, Objective, Performance, Prior,
    Screening, Source, StrategyKind, ZeroCostProxy,
};

/// How a search is run, apart from data and training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchPlan {
    /// The seed of every random draw.
    pub seed: u64,
    /// How many trials to make.
    pub n_trials: usize,
    /// How many candidates are proposed before any of them is observed. Part of the plan, so that the number of
    /// workers changes nothing.
    pub generation_size: usize,
    /// Who proposes.
    pub strategy: StrategyKind,
    /// What a network must meet to be kept.
    pub indicator: Indicator,
    /// What makes one network better than another.
    pub performance: Performance,
    /// The axes of the front.
    pub objectives: Vec<Objective>,
    /// Trainings of rising cost.
    pub rungs: Vec<Rung>,
    /// With what confidence a trial is out of the reach of one of the indicator's measured bounds when it is trained no
    /// further, by what the climb to the last rung brought to earlier trials; absent, none is held back for that.
    #[serde(default)]
    pub pruning: Option<f64>,
    /// Screening before training: each generation proposes more candidates than it trains, and the best by non-dominated
    /// rank, with a zero-cost score in the place of measured metrics, are trained; absent, all are.
    #[serde(default, alias = "newborns")]
    pub screening: Option<Screening>,
    /// What generative synthesis knows before its first trial; absent, nothing, as in the first version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<Prior>,
    /// What ends the search early.
    #[serde(default)]
    pub limits: Limits,
    /// Whether candidates are proposed without waiting for a generation: as soon as one of `generation_size` places is free, from
    /// what is measured by then. For machines of unequal speed. The order in which measurements came is recorded, and what follows
    /// from it repeats; a search that is begun anew may come to another order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asynchronous: bool,
}

/// One step of the ladder that trials climb.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// Epochs of each training, or with `macs` the most that there may be.
    pub epochs: usize,
    /// What a training may spend on each of its images, in multiply-accumulates of forward passes: a network is trained for as
    /// many epochs as that pays for, so small ones longer than large ones; absent, all are trained for `epochs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macs: Option<f64>,
    /// How many of the folds are trained.
    pub folds: usize,
    /// The share of those that reach this rung which climb to the next, rounded up.
    pub keep: f64,
}

impl Rung {
    /// How long a network is trained for each fold.
    pub fn length(&self) -> Length {
        Length { epochs: self.epochs, macs: self.macs }
    }

    /// Epochs of a network of this cost, on all folds.
    pub(crate) fn epochs_of(&self, cost: &Cost) -> u64 {
        (self.length().epochs_of(cost) * self.folds) as u64
    }

    /// What a network of this cost spends on the images of a fold, on all folds, in multiply-accumulates of forward passes.
    pub fn macs_of(&self, cost: &Cost) -> u128 {
        self.length().macs_of(cost) * self.folds as u128
    }

    /// How many of those that were trained on this rung climb to the next.
    pub(crate) fn n_kept(&self, n_trained: usize) -> usize {
        (n_trained as f64 * self.keep).ceil() as usize
    }
}

/// Why a search cannot run.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SearchError {
    /// More or less of something is asked for than there may be.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Count(#[from] CountError),
    /// A field of the plan makes no sense.
    #[error("the plan's `{field}` {reason}")]
    #[diagnostic(help("{remedy}"))]
    Plan {
        /// The field.
        field: &'static str,
        /// What is wrong.
        reason: String,
        /// What would be right.
        remedy: &'static str,
    },
    /// No network of the space meets the counted half of the indicator.
    #[error("no network of the space `{space}` can meet {constraint}: the smallest has {least}")]
    #[diagnostic(help("raise the bound, or widen the search space downwards"))]
    OutOfReach {
        /// The space.
        space: String,
        /// The bound.
        constraint: String,
        /// The least value in the space, as bounds are written.
        least: String,
    },
    /// Candidates are to be screened by scores that the evaluator does not give.
    #[error("the plan's `screening` ranks by {proxy}, and the evaluator scores no untrained network")]
    #[diagnostic(help("leave `screening` out of the plan: only an evaluator that trains has scores"))]
    Unscored {
        /// The score.
        proxy: ZeroCostProxy,
    },
    /// A genome had no graph, which is a defect.
    #[error("a genome of the space has no graph: {0}")]
    #[diagnostic(help("this is a defect of netsynth: please report it with the search space"))]
    Decode(#[from] GraphError),
}

impl SearchPlan {
    /// The measured metric that the plan is foremost about: that of its first measured objective, or accuracy.
    pub fn quality(&self) -> Metric {
        objective::quality(&self.objectives)
    }

    /// The measured metrics that the plan is about: of its objectives, of its indicator's bounds, and [`Self::quality`],
    /// each once, those of objectives first.
    pub fn measured(&self) -> Vec<Metric> {
        let objectives = self.objectives.iter().map(|objective| objective.metric());
        let bounds = self.indicator.constraints.iter().map(Constraint::metric);
        let mut measured = Vec::new();
        for metric in objectives.chain([self.quality()]).chain(bounds) {
            if metric.source() == Source::Measured && !measured.contains(&metric) {
                measured.push(metric);
            }
        }
        measured
    }

    /// The counted metrics that the plan's objectives and bounds are about.
    pub fn counted(&self) -> impl Iterator<Item = Metric> + '_ {
        let objectives = self.objectives.iter().map(|objective| objective.metric());
        let bounds = self.indicator.constraints.iter().map(Constraint::metric);
        objectives.chain(bounds).filter(|metric| metric.source() == Source::Counted)
    }

    /// The metrics that a table of the plan's networks shows: the measured ones, parameters and multiply-accumulates, and the
    /// other counted ones that an objective or a bound is about, each once.
    pub fn shown(&self) -> Vec<Metric> {
        let mut shown = self.measured();
        let objectives = self.objectives.iter().map(|objective| objective.metric());
        let bounds = self.indicator.constraints.iter().map(Constraint::metric);
        for metric in [Metric::Parameters, Metric::Macs].into_iter().chain(objectives).chain(bounds) {
            if !shown.contains(&metric) {
                shown.push(metric);
            }
        }
        shown
    }

    /// The prior that the plan's strategy begins with, if it has one.
    pub(crate) fn used_prior(&self) -> Option<Prior> {
        self.prior.filter(|_| self.strategy != StrategyKind::Unprimed)
    }

    /// The objectives whose metric counting gives.
    pub(crate) fn counted_objectives(&self) -> impl Iterator<Item = Objective> + '_ {
        let is_counted = |objective: &Objective| objective.metric().source() == Source::Counted;
        self.objectives.iter().copied().filter(is_counted)
    }

    /// Refuses a plan that no search could follow.
    pub fn check(&self) -> Result<(), SearchError> {
        let refuse = |field, reason: String, remedy| Err(SearchError::Plan { field, reason, remedy });
        Count::TRIALS.check(self.n_trials)?;
        Count::GENERATION.check(self.generation_size)?;
        Count::RUNGS.check(self.rungs.len())?;
        for rung in &self.rungs {
            Count::RUNG_EPOCHS.check(rung.epochs)?;
            Count::RUNG_FOLDS.check(rung.folds)?;
            if let Some(problem) = rung.length().problem() {
                let reason = format!("has a rung of {problem}");
                return refuse(
                    "rungs",
                    reason,
                    "give `macs` a number from 1, such as Some(5e8), or leave it out",
                );
            }
            if !(rung.keep > 0.0 && rung.keep <= 1.0) {
                let reason = format!("has a rung that keeps {}", rung.keep);
                return refuse("rungs", reason, "keep a share above 0 and at most 1");
            }
        }
        if let Some(confidence) = self.pruning
            && !(0.5..1.0).contains(&confidence)
        {
            let reason = format!("is Some({confidence})");
            return refuse(
                "pruning",
                reason,
                "give a confidence from 0.5, below 1, such as Some(0.9), or None",
            );
        }
        if let Some(Screening { factor, .. }) = self.screening {
            if factor < 2 {
                let remedy = "propose at least twice as many as are trained, or give None";
                return refuse("screening", format!("has a factor of {factor}"), remedy);
            }
            Count::GENERATION.check(factor.saturating_mul(self.generation_size))?;
        }
        if self.objectives.is_empty() {
            return refuse("objectives", "is empty".to_owned(), "give an axis such as Maximise(Accuracy)");
        }
        for (at, objective) in self.objectives.iter().enumerate() {
            let metric = objective.metric();
            let repeats = self.objectives[..at].iter().any(|other| other.metric() == metric);
            if repeats || *objective != Objective::of(metric) {
                return refuse(
                    "objectives",
                    format!("has {objective:?} at place {}", at + 1),
                    "give each metric once: Maximise(Accuracy), Minimise(Parameters), ...",
                );
            }
        }
        if let Some(constraint) = self.indicator.unusable() {
            return refuse(
                "indicator",
                format!("has the bound {constraint}"),
                "give a measured metric at least a share up to 1 and a counted one at most a number above 0",
            );
        }
        self.limits.check()?;
        if let Some(problem) = no_macs(self.limits.macs) {
            let remedy = "give `macs` a number from 1, such as Some(5e10), or leave it out";
            return refuse("limits", format!("has {problem}"), remedy);
        }
        let least = self.most_epochs(1);
        if let Some(epochs) = self.limits.epochs
            && epochs < least
        {
            let reason = format!("has `epochs: {epochs}`, and one trial can take {least}");
            return refuse("limits", reason, "allow the epochs of at least one trial on all rungs");
        }
        let exponents = [self.performance.alpha, self.performance.beta, self.performance.gamma];
        if exponents.iter().any(|exponent| !exponent.is_finite() || *exponent < 0.0) {
            return refuse("performance", format!("has the exponents {exponents:?}"), "use numbers from 0");
        }
        Ok(())
    }
}
