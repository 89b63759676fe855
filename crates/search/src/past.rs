//! What earlier searches of a space measured, on data of their own.

use netsynth_graph::Cost;
use netsynth_space::Genome;

use crate::front::climb::Climbs;
use crate::front::pareto::non_dominated_ranks;
use crate::{Metrics, Problem, SearchPlan, StrategyKind, Trial};

/// How many networks of earlier fronts are looked at again: they must leave room for new draws.
const MOST_OF_FRONTS: usize = 100;

/// An earlier search of the same space.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PastSearch {
    /// The networks that it trained.
    pub trials: Vec<PastTrial>,
}

/// A network that an earlier search trained.
#[derive(Debug, Clone, PartialEq)]
pub struct PastTrial {
    /// Its choices.
    pub genome: Genome,
    /// What it costs in the space of the search that learns from it.
    pub cost: Cost,
    /// What was measured of it, as it is expected at the last rung.
    pub measured: Metrics,
    /// By how much the log-odds of each may be off, squared: nothing at the last rung itself.
    pub variances: Metrics,
}

impl PastSearch {
    /// What a search's trials show, of each that was trained.
    pub fn of(trials: &[Trial], plan: &SearchPlan) -> Self {
        let climbs = Climbs::of_each(trials, plan);
        let trained = trials.iter().filter(|trial| trial.top_rung().is_some());
        let trials = trained.map(|trial| {
            let tops = || climbs.iter().filter_map(|climbs| Some((climbs.metric(), climbs.top(trial)?)));
            PastTrial {
                genome: trial.genome.clone(),
                cost: trial.cost,
                measured: tops().map(|(metric, (share, _))| (metric, share)).collect(),
                variances: tops().map(|(metric, (_, climb))| (metric, climb.variance)).collect(),
            }
        });
        Self { trials: trials.collect() }
    }
}

impl Problem<'_> {
    /// The earlier searches that the plan's strategy learns from.
    pub(crate) fn used_past(&self) -> &[PastSearch] {
        match self.plan.strategy {
            StrategyKind::Synthesis | StrategyKind::Unadvised => &self.past,
            StrategyKind::Unprimed
            | StrategyKind::Untaught
            | StrategyKind::Evolution
            | StrategyKind::LocalSearch
            | StrategyKind::Nsga2
            | StrategyKind::Scaling
            | StrategyKind::Random => &[],
        }
    }

    /// The fronts that these found in what the plan asks for; of many networks an even share.
    pub(crate) fn past_fronts(&self) -> Vec<Genome> {
        let losses = |trial: &PastTrial| -> Vec<f64> {
            let metrics = Metrics::counted(&trial.cost).and(trial.measured);
            self.plan.objectives.iter().map(|objective| objective.loss(&metrics)).collect()
        };
        let front = |past: &PastSearch| {
            let ranks = non_dominated_ranks(&past.trials.iter().map(losses).collect::<Vec<_>>());
            let front = past.trials.iter().zip(ranks).filter(|(_, rank)| *rank == 0);
            front.map(|(trial, _)| trial.genome.clone()).collect::<Vec<_>>()
        };
        let fronts: Vec<Genome> = self.used_past().iter().flat_map(front).collect();
        let stride = fronts.len().div_ceil(MOST_OF_FRONTS).max(1);
        fronts.into_iter().step_by(stride).collect()
    }
}
