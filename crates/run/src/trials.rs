//! The trials of a search, measured by tasks.

use netsynth_graph::Graph;
use netsynth_search::{
    Answered, Candidate, Evaluator, Measured, Metric, Metrics, Scored, Scorer, SearchPlan, Trained,
};
use netsynth_space::SearchSpace;
use netsynth_store::Fold;
use netsynth_train::{InheritFrom, Inheritance, derived_seed, training_memory};

use crate::work::do_all;
use crate::{
    Answer, Context, Job, JudgedOn, Plan, RunError, RunEvent, Task, TaskId, TrainingTask, WeightKey, Weights,
};

/// Measures the candidates of a search: each fold of each is a task of its own, so that no core idles while there are
/// more folds than networks.
pub struct Trials<'a> {
    /// The search's plan.
    pub plan: &'a Plan,
    /// What the candidates' choices mean.
    pub space: &'a SearchSpace,
    /// SHA-256 of the data.
    pub data_digest: &'a str,
    /// Where trained networks are kept, if trials inherit.
    pub weights: &'a dyn Weights,
    /// Who carries out the tasks.
    pub context: Context<'a>,
}

impl Evaluator for Trials<'_> {
    type Error = RunError;

    fn evaluate(
        &self,
        candidates: &[&Candidate],
        rung: usize,
        answered: &Answered<'_, RunError>,
    ) -> Result<(), RunError> {
        let jobs: Result<Vec<_>, RunError> = candidates
            .iter()
            .enumerate()
            .map(|(index, candidate)| self.job(candidate, rung, move |measured| answered(index, measured)))
            .collect();
        match do_all(&self.context, self.weights, jobs?) {
            // Without all its results the search stops in order.
            Err(RunError::Stopped) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    fn scorer(&self) -> Option<&dyn Scorer<RunError>> {
        self.plan.evaluator.is_netsynth().then_some(self as &dyn Scorer<RunError>)
    }
}

impl Scorer<RunError> for Trials<'_> {
    fn score(&self, candidates: &[Candidate]) -> Result<Vec<Scored>, RunError> {
        let mut jobs = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            jobs.push(match self.network(candidate) {
                Err(reason) => Job::Known(Scored::Failed(reason)),
                Ok(graph) => {
                    let id = TaskId::Screening { candidate: candidate.trial };
                    let task = Task { is_scored: true, ..self.plan.task(id, &graph, self.data_digest, None) };
                    Job::Open { tasks: vec![task], finish: Box::new(|answers| Ok(scored(answers))) }
                }
            });
        }
        match do_all(&self.context, self.weights, jobs) {
            Err(RunError::Stopped) => Ok(Vec::new()),
            scored => scored,
        }
    }
}

fn scored(answers: Vec<Answer>) -> Scored {
    match answers.into_iter().next() {
        Some(Answer::Scored(scored)) => scored,
        Some(Answer::Failed(reason)) => Scored::Failed(reason),
        Some(Answer::Trained(_) | Answer::Told(_)) | None => {
            unreachable!("a screening's one task is scored")
        }
    }
}

impl Trials<'_> {
    /// A candidate's network, or why it cannot be trained.
    fn network(&self, candidate: &Candidate) -> Result<Graph, String> {
        let graph = self.space.decode(&candidate.genome, "candidate").map_err(|error| error.to_string())?;
        if let Some(limit) = self.plan.search.limits.memory_mib {
            let needed = training_memory(&graph, self.plan.recipe.batch_size).div_ceil(1 << 20);
            if needed > limit {
                return Err(format!(
                    "its training needs {needed} MiB by estimate, and the plan's limit is {limit} MiB"
                ));
            }
        }
        Ok(graph)
    }

    /// The measurement of a candidate on a rung, with what is to be done with it.
    pub(crate) fn job<'j, R: Send>(
        &'j self,
        candidate: &Candidate,
        rung: usize,
        finish: impl FnOnce(Measured) -> Result<R, RunError> + Send + 'j,
    ) -> Result<Job<'j, R>, RunError> {
        let (trial, on_event) = (candidate.trial, self.context.on_event);
        let finish = move |measured: Measured| {
            on_event(RunEvent::Measured { trial, rung, measured: &measured });
            finish(measured)
        };
        let graph = match self.network(candidate) {
            Ok(graph) => graph,
            Err(reason) => return Ok(Job::Known(finish(Measured::Failed(reason))?)),
        };
        let rungs = &self.plan.search.rungs;
        let longest = rungs[rung].epochs * rungs[rung].folds;
        let epochs = rungs[rung].length().epochs_of(&candidate.cost) * rungs[rung].folds;
        on_event(RunEvent::Skipped { epochs: (longest - epochs) as u64 });
        let folds = (0..self.plan.search.rungs[rung].folds).map(Fold::from_index);
        let tasks: Result<Vec<Task>, RunError> =
            folds.map(|fold| self.task(candidate, &graph, rung, fold)).collect();
        let finish = move |answers| finish(self.combined(trial, rung, &graph, answers)?);
        Ok(Job::Open { tasks: tasks?, finish: Box::new(finish) })
    }

    /// The training of a candidate that is judged on one fold.
    pub fn task(
        &self,
        candidate: &Candidate,
        graph: &Graph,
        rung: usize,
        fold: Fold,
    ) -> Result<Task, RunError> {
        let trial = candidate.trial;
        let is_ours = self.plan.evaluator.is_netsynth();
        let training = TrainingTask {
            judged_on: JudgedOn::Fold(fold),
            epochs: self.plan.search.rungs[rung].length().epochs_of(&candidate.cost),
            seed: derived_seed(self.plan.search.seed, "trial", trial),
            start: self.start(candidate, rung, fold)?,
            is_probed: is_ours && fold.index() == 0,
        };
        let id = TaskId::Trial { trial, rung, fold };
        let task = self.plan.task(id, graph, self.data_digest, Some(training));
        Ok(Task { is_scored: is_ours && rung == 0 && fold.index() == 0, ..task })
    }

    /// The network that a training starts with: the trial's own from a lower rung, else its parent's from the highest,
    /// else the prototype; each as it was trained for the same fold, so that nobody who judges was learned from.
    pub fn start(
        &self,
        candidate: &Candidate,
        rung: usize,
        fold: Fold,
    ) -> Result<Option<WeightKey>, RunError> {
        let Some(Inheritance { from, .. }) = self.plan.inheritance else { return Ok(None) };
        let rungs = &self.plan.search.rungs;
        let rungs_of = |trial: usize, end: usize| {
            let trained = (0..end).rev().filter(|&rung| rungs[rung].folds > fold.index());
            trained.map(move |rung| WeightKey::Trial { trial, rung, fold })
        };
        let parent = match from {
            InheritFrom::Prototype => None,
            InheritFrom::Parent => candidate.parent,
        };
        let keys = rungs_of(candidate.trial, rung)
            .chain(parent.into_iter().flat_map(|parent| rungs_of(parent, rungs.len())))
            .chain([WeightKey::Prototype { fold }]);
        for key in keys {
            if self.weights.contains(&key)? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// What the folds of a trial come to. Weights that others can start from are written first.
    fn combined(
        &self,
        trial: usize,
        rung: usize,
        graph: &Graph,
        answers: Vec<Answer>,
    ) -> Result<Measured, RunError> {
        let mut trained = Trained::default();
        for (index, answer) in answers.into_iter().enumerate() {
            let network = match answer {
                Answer::Trained(network) => network,
                Answer::Told(told) => {
                    trained.folds.push(told.metrics);
                    trained.losses.push(told.losses);
                    continue;
                }
                Answer::Failed(reason) => return Ok(Measured::Failed(reason)),
                Answer::Scored(_) => unreachable!("a trial's tasks are trainings"),
            };
            if self.plan.inheritance.is_some() {
                let key = WeightKey::Trial { trial, rung, fold: Fold::from_index(index) };
                self.weights.save(key, &graph.spec(), &network.weights)?;
            }
            trained.folds.push(Metrics::measured(&network.confusion));
            trained.losses.push(network.losses);
            trained.reactions = trained.reactions.or(network.reactions);
            trained.scores = trained.scores.or(network.scores);
        }
        Ok(complete(trained, &self.plan.search))
    }
}

/// A measurement that has every metric which the plan is about; one that lacks some has failed.
pub(crate) fn complete(mut trained: Trained, plan: &SearchPlan) -> Measured {
    let metrics = trained.metrics();
    let needed = plan.measured().into_iter().chain([Metric::Accuracy]);
    for metric in needed {
        if metrics.get(metric).is_none() {
            return Measured::Failed(format!("its trainer named no {}", metric.name()));
        }
    }
    // A trainer that names no loss has no learning curve.
    if trained.losses.iter().all(Vec::is_empty) {
        trained.losses.clear();
    }
    Measured::Trained(trained)
}
