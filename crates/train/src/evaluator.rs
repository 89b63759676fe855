use netsynth_data::{Dataset, Split};
use netsynth_graph::Graph;
use netsynth_search::{Candidate, Evaluator, Measured, Metrics, Rung, Scored, Scorer, Trained};
use netsynth_space::SearchSpace;

use crate::inheritance::{Lineage, OutOfOrder};
use crate::{Device, EpochReport, Recipe, Stimulus, Training, derived_seed, fit_fold, probe, scores};

/// Measures candidates by training them.
pub struct TrainEvaluator<'a> {
    /// What the candidates' choices mean.
    pub space: &'a SearchSpace,
    /// The faces.
    pub dataset: &'a Dataset,
    /// Who is trained on and who is judged on.
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
    pub lineage: Option<Lineage<'a>>,
    /// Told after every epoch of every training: the trial, the rung, the fold.
    pub tell: &'a (dyn Fn(usize, usize, usize, EpochReport) + Sync),
}

impl Evaluator for TrainEvaluator<'_> {
    fn evaluate(&self, candidate: &Candidate, rung: usize) -> Option<Measured> {
        match on_one_thread(|| self.measure(candidate, rung)) {
            Ok(measured) => measured.ok(),
            Err(reason) => Some(Measured::Failed(reason)),
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
        Some(on_one_thread(scored).unwrap_or_else(Scored::Failed))
    }
}

impl TrainEvaluator<'_> {
    fn measure(&self, candidate: &Candidate, rung: usize) -> Result<Measured, OutOfOrder> {
        let Rung { epochs, folds, .. } = self.rungs[rung];
        let mut measured = Vec::with_capacity(folds);
        let mut losses = Vec::with_capacity(folds);
        let mut reactions = None;
        let graph = match self.space.decode(&candidate.genome, "candidate") {
            Ok(graph) => graph,
            Err(error) => return Ok(Measured::Failed(error.to_string())),
        };
        let training = Training {
            graph: &graph,
            dataset: self.dataset,
            recipe: self.recipe,
            n_epochs: epochs,
            seed: derived_seed(self.seed, "trial", candidate.trial),
            device: self.device,
            start: None,
        };
        for fold in 0..folds {
            let start = self.start(candidate, rung, fold)?;
            let training = Training { start: start.as_ref(), ..training };
            let mut curve = Vec::with_capacity(epochs);
            let mut tell = |report: EpochReport| {
                curve.push(report.loss);
                (self.tell)(candidate.trial, rung, fold, report);
            };
            match fit_fold(&training, self.split, fold, &mut tell) {
                Err(failure) => return Ok(Measured::Failed(failure.to_string())),
                Ok(report) => {
                    self.keep(candidate, rung, fold, &report.network)?;
                    measured.push(Metrics::measured(&report.confusion));
                    losses.push(curve);
                    if fold == 0 {
                        reactions = Some(probe(&report.network, self.stimulus));
                    }
                }
            }
        }
        let scores = if rung == 0 { self.scores(&graph).scores().copied() } else { None };
        Ok(Measured::Trained(Trained { folds: measured, losses, reactions, scores }))
    }

    /// What can be told of a network before it is trained. All networks of a run are drawn from one seed, so that a
    /// screened candidate's scores are those of the trial that it becomes.
    fn scores(&self, graph: &Graph) -> Scored {
        scores(graph, self.stimulus, derived_seed(self.seed, "scores", 0), self.device)
    }
}

/// Runs a training on this thread alone: side by side, trials use the cores better than one trial on all of them.
pub fn on_one_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(|error| error.to_string())?;
    Ok(pool.install(work))
}
