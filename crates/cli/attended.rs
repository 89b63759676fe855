use std::time::Instant;

use netsynth_search::{Candidate, Evaluator, Measured, Metric, Scored, Scorer};
use netsynth_train::{TrainEvaluator, training_memory};
use tracing::{info, warn};

use crate::plan::Plan;
use crate::progress::Progress;

/// An evaluator that refuses what needs too much memory, and tells a person of failures.
pub(crate) struct Attended<'a> {
    pub(crate) inner: TrainEvaluator<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) progress: &'a Progress,
}

impl Evaluator for Attended<'_> {
    fn evaluate(&self, candidate: &Candidate, rung: usize) -> Option<Measured> {
        let begun = Instant::now();
        if rung > 0 {
            info!("trial {} goes on to rung {rung}", candidate.trial);
        }
        let measured = match self.beyond_memory(candidate) {
            Some(reason) => Some(Measured::Failed(reason)),
            None => netsynth_search::caught(|| self.inner.evaluate(candidate, rung)),
        };
        let secs = begun.elapsed().as_secs_f64();
        match &measured {
            Some(Measured::Trained(trained)) => {
                info!(
                    "trial {}, rung {rung}: accuracy {:.4} in {secs:.1} s",
                    candidate.trial,
                    trained.mean(Metric::Accuracy).unwrap_or_default()
                );
            }
            Some(Measured::Failed(reason)) => {
                warn!("trial {} failed on rung {rung} after {secs:.1} s: {reason}", candidate.trial);
                self.progress.note(format!("trial {} failed on rung {rung}: {reason}", candidate.trial));
            }
            None => {}
        }
        self.progress.measured();
        measured
    }

    fn scorer(&self) -> Option<&dyn Scorer> {
        Some(self)
    }
}

impl Scorer for Attended<'_> {
    fn score(&self, candidate: &Candidate) -> Option<Scored> {
        match self.beyond_memory(candidate) {
            Some(reason) => Some(Scored::Failed(reason)),
            None => self.inner.score(candidate),
        }
    }
}

impl Attended<'_> {
    /// Why a network cannot be trained within the plan's memory, if it cannot.
    fn beyond_memory(&self, candidate: &Candidate) -> Option<String> {
        let limit = self.plan.search.limits.memory_mib?;
        // A network that cannot be made is the inner evaluator's to say.
        let graph = self.inner.space.decode(&candidate.genome, "candidate").ok()?;
        let needed = training_memory(&graph, self.plan.recipe.batch_size).div_ceil(1 << 20);
        (needed > limit).then(|| {
            format!("its training needs {needed} MiB by estimate, and the plan's limit is {limit} MiB")
        })
    }
}
