use std::num::NonZeroUsize;

use clap::Args;
use netsynth_search::Count;

use crate::arguments::count::counted;
use crate::arguments::executor::ExecutorChoice;

/// Who carries out trainings.
#[derive(Debug, Clone, Args)]
pub(crate) struct WorkerArguments {
    /// Trainings side by side, each on one core; all cores if not given. Changes no result
    #[arg(long, value_parser = counted(Count::WORKERS))]
    workers: Option<usize>,
    /// Who trains: `local`, the threads of this process; `processes`, one for each training, so that a crash or a kill for memory
    /// costs one trial; `slurm`, `slurm:PARTITION` or `ray:http://HEAD:8265`, jobs of a cluster whose nodes see the run's folder;
    /// or a file of options, such as cluster.ron. Local if not given. Changes no result
    #[arg(long, value_name = "WHO")]
    executor: Option<ExecutorChoice>,
}

impl WorkerArguments {
    /// How many trainings run side by side.
    pub(crate) fn count(&self) -> NonZeroUsize {
        worker_count(self.workers.or(self.executor.as_ref().and_then(|choice| choice.workers)))
    }

    /// Who carries them out.
    pub(crate) fn executor(&self) -> ExecutorChoice {
        self.executor.clone().unwrap_or_default()
    }
}

/// How many trainings run side by side.
pub(crate) fn worker_count(asked: Option<usize>) -> NonZeroUsize {
    let all = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.and_then(NonZeroUsize::new).unwrap_or_else(all)
}
