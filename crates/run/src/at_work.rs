use netsynth_store::{AttemptFile, RunFolder};

use crate::Heartbeat;

/// An attempt at a task that workers elsewhere make for a run.
#[derive(Debug, Clone, PartialEq)]
pub struct AtWork {
    /// The task's name.
    pub task: String,
    /// Which attempt it is, from 1.
    pub attempt: usize,
    /// Who is at it; nobody yet, where it waits for its turn.
    pub heartbeat: Option<Heartbeat>,
}

/// The attempts that are made for a run, in order of their tasks: those that have no answer and are not fenced off. What cannot be
/// read yet is left out.
pub fn at_work(folder: &RunFolder) -> Vec<AtWork> {
    let attempts = folder.attempts();
    let last = |task: String| {
        let number = *attempts.numbers(&task).ok()?.last()?;
        let attempt = attempts.attempt(&task, number);
        let is_open = attempt.file(AttemptFile::Task).exists()
            && !attempt.is_fenced()
            && !attempt.file(AttemptFile::Answer).exists();
        is_open.then(|| AtWork { task, attempt: number, heartbeat: Heartbeat::of(&attempt) })
    };
    attempts.tasks().into_iter().filter_map(last).collect()
}
