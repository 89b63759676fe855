use std::num::NonZeroUsize;
use std::str::FromStr;

use clap::Args;
use netsynth_search::Count;

use crate::arguments::count::counted;

/// Who carries out trainings.
#[derive(Debug, Clone, Args)]
pub(crate) struct WorkerArguments {
    /// Trainings side by side, each on one core; all cores if not given. Changes no result
    #[arg(long, value_parser = counted(Count::WORKERS))]
    workers: Option<usize>,
    /// Who trains: `local`, the threads of this process; `processes`, one for each training, so that a crash or a kill for memory
    /// costs one trial; `slurm`, `slurm:PARTITION` or `ray:http://HEAD:8265`, jobs of a cluster whose nodes see the run's folder.
    /// Local if not given. Changes no result
    #[arg(long, value_name = "WHO")]
    executor: Option<ExecutorKind>,
}

/// Who trains, as the command line names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum ExecutorKind {
    /// Threads of this process.
    #[default]
    Local,
    /// A process for each training.
    Processes,
    /// A Slurm job for each training, in this partition or Slurm's default one.
    Slurm(Option<String>),
    /// A job of the Ray cluster with the head at this address for each training.
    Ray(String),
}

impl FromStr for ExecutorKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "local" => Ok(Self::Local),
            None if text == "processes" => Ok(Self::Processes),
            None if text == "slurm" => Ok(Self::Slurm(None)),
            Some(("slurm", partition)) if !partition.is_empty() => {
                Ok(Self::Slurm(Some(partition.to_owned())))
            }
            Some(("ray", head)) if head.starts_with("https://") => {
                let reason = "a Ray head is asked over plain HTTP: give http://, through a tunnel where the way to the head is not \
                              trusted";
                Err(reason.to_owned())
            }
            Some(("ray", head)) if head.len() > "http://".len() && head.starts_with("http://") => {
                Ok(Self::Ray(head.to_owned()))
            }
            None | Some(_) => {
                Err("give local, processes, slurm, slurm:PARTITION or ray:http://HEAD:8265".to_owned())
            }
        }
    }
}

impl WorkerArguments {
    /// How many trainings run side by side.
    pub(crate) fn count(&self) -> NonZeroUsize {
        worker_count(self.workers)
    }

    /// Who carries them out.
    pub(crate) fn executor(&self) -> ExecutorKind {
        self.executor.clone().unwrap_or_default()
    }
}

/// How many trainings run side by side.
pub(crate) fn worker_count(asked: Option<usize>) -> NonZeroUsize {
    let all = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.and_then(NonZeroUsize::new).unwrap_or_else(all)
}
