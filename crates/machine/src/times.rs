//! How long something takes, again and again.

use std::time::Instant;

use serde::Serialize;

/// The fewest runs that are measured, however long they take.
const LEAST_RUNS: usize = 100;

/// What is not measured at the beginning, so that caches, buffers and the core's clock are as they stay: as a share of the
/// measured time, and the fewest runs.
const WARM_UP: f64 = 0.25;
const LEAST_WARM_UP: usize = 10;

/// Times of many runs, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Times {
    /// The run in the middle.
    pub median: f64,
    /// The run that 95 in 100 are at most as long as.
    pub p95: f64,
    /// How many were measured.
    pub n_runs: usize,
}

impl Times {
    /// Runs something for so many seconds after a warm-up, at least a hundred times.
    pub fn of<T>(secs: f64, work: impl FnMut() -> T) -> Self {
        Self::of_least(LEAST_RUNS, secs, work)
    }

    /// Runs something for so many seconds after a warm-up, at least so many times.
    pub fn of_least<T>(n_least: usize, secs: f64, mut work: impl FnMut() -> T) -> Self {
        let mut run = || {
            let begun = Instant::now();
            std::hint::black_box(work());
            begun.elapsed().as_secs_f64()
        };
        let (mut n_warm, begun) = (0, Instant::now());
        while n_warm < LEAST_WARM_UP.min(n_least) || begun.elapsed().as_secs_f64() < WARM_UP * secs {
            run();
            n_warm += 1;
        }
        let (mut runs, begun) = (Vec::new(), Instant::now());
        while runs.len() < n_least || begun.elapsed().as_secs_f64() < secs {
            runs.push(run());
        }
        Self::of_runs(runs)
    }

    fn of_runs(mut runs: Vec<f64>) -> Self {
        runs.sort_by(f64::total_cmp);
        // The nearest rank: the smallest of which so large a share is at most as large.
        let at = |share: f64| {
            let rank = (share * runs.len() as f64).ceil() as usize;
            runs.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
        };
        Self { median: at(0.5), p95: at(0.95), n_runs: runs.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        let runs = (1..=100).rev().map(f64::from).collect();
        assert_eq!(Times::of_runs(runs), Times { median: 50.0, p95: 95.0, n_runs: 100 });
        assert_eq!(Times::of_runs(vec![3.0]), Times { median: 3.0, p95: 3.0, n_runs: 1 });
    }

    #[test]
    fn what_warms_up_is_not_measured() {
        let mut n_runs = 0;
        let times = Times::of(1e-9, || n_runs += 1);
        assert_eq!((times.n_runs, n_runs), (LEAST_RUNS, LEAST_RUNS + LEAST_WARM_UP));
    }
}
