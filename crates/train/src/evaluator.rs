use netsynth_data::{Dataset, Split};
use netsynth_graph::Graph;
use netsynth_search::{Candidate, Evaluator, Measured, Rung, Scored, Scorer};
use netsynth_space::SearchSpace;
use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};

use crate::{Device, EpochReport, Inherited, Recipe, Stimulus, TrainError, derived_seed, zero_cost_scores};

/// Measures candidates by training them.
pub struct TrainEvaluator<'a> {
    /// What the candidates' choices mean.
    pub space: &'a SearchSpace,
    /// The faces.
    pub dataset: &'a Dataset,
    /// Which images are trained on, and which are judged on.
    pub split: &'a Split,
    /// How to train.
    pub recipe: &'a Recipe,
    /// How long, on how many folds.
    pub rungs: &'a [Rung],
    /// What the inquisitor's probes show to the trained networks.
    pub stimulus: &'a Stimulus,
    /// The run's seed.
    pub seed: u64,
    /// Where to train.
    pub device: Device,
    /// What trials start from; absent, from random weights.
    pub inherited: Option<Inherited<'a>>,
    /// Called after every epoch of every training with the trial, the rung and the fold, all numbered from 0.
    pub on_epoch: &'a (dyn Fn(usize, usize, usize, EpochReport) + Sync),
}

impl Evaluator for TrainEvaluator<'_> {
    fn evaluate(&self, candidate: &Candidate, rung: usize) -> Option<Measured> {
        let folds = (0..self.n_folds(rung)).map(|fold| self.train_fold(candidate, rung, fold));
        match folds.collect::<Result<Vec<_>, _>>() {
            Ok(folds) => Some(Measured::Trained(Self::combine(folds))),
            Err(TrainError::Weights(_)) => None,
            Err(failure) => Some(Measured::Failed(failure.to_string())),
        }
    }

    fn scorer(&self) -> Option<&dyn Scorer> {
        Some(self)
    }
}

impl Scorer for TrainEvaluator<'_> {
    fn score(&self, candidate: &Candidate) -> Option<Scored> {
        let scored = || match self.space.decode(&candidate.genome, "screened candidate") {
            Ok(graph) => self.scores(&graph),
            Err(error) => Scored::Failed(error.to_string()),
        };
        Some(on_one_thread(scored).unwrap_or_else(|error| Scored::Failed(error.to_string())))
    }
}

impl TrainEvaluator<'_> {
    /// The zero-cost scores of a network. All networks of a run are drawn from one seed, so that a screened candidate has
    /// the scores of the trial that it becomes.
    pub(crate) fn scores(&self, graph: &Graph) -> Scored {
        zero_cost_scores(graph, self.stimulus, derived_seed(self.seed, "scores", 0), self.device)
    }
}

/// Runs a training on this thread alone: side by side, trainings use the cores better than one on all of them.
///
/// # Errors
/// No thread can be started.
pub fn on_one_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, ThreadPoolBuildError> {
    let pool = ThreadPoolBuilder::new().num_threads(1).build()?;
    Ok(pool.install(work))
}
