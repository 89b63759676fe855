//! Blocks of images side by side, on whatever rayon pool the caller is in; results come back in block order, so the
//! number of threads never shows in a result.

use rayon::prelude::*;

use crate::simd::{level, with_level};

/// `work` on every job, in order.
pub(crate) fn each<J: Send, T: Send>(jobs: Vec<J>, work: impl Fn(J) -> T + Sync) -> Vec<T> {
    if jobs.len() == 1 || rayon::current_num_threads() == 1 {
        return jobs.into_iter().map(work).collect();
    }
    let level = level();
    jobs.into_par_iter().map(|job| with_level(level, || work(job))).collect()
}

/// Adds up what every block found, in block order.
pub(crate) fn total(parts: impl IntoIterator<Item = Option<Vec<f32>>>) -> Option<Vec<f32>> {
    parts.into_iter().flatten().reduce(|mut sum, part| {
        sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        sum
    })
}
