//! A training on folds that is worked on, and what came of it.

use std::sync::Mutex;
use std::time::Instant;

use netsynth_files::Shown;
use netsynth_run::{Context, CrossValidation, Results, RunError, RunEvent, TaskId, cross_validate};
use netsynth_store::{FailureFile, RunFolder};

use crate::arguments::workers::WorkerArguments;
use crate::output::events;
use crate::output::print::{Output, print, print_json};
use crate::output::progress::Progress;
use crate::output::training_results as results;
use crate::work::executor::executor;
use crate::{Ending, interrupt};

/// Trains what is left to train, and prints what came of it.
pub(crate) fn train_on_folds(
    training: &CrossValidation,
    folder: &RunFolder,
    workers: &WorkerArguments,
    output: Output,
    progress: &Progress,
) -> Result<Ending, RunError> {
    let Some(results) = trained(training, folder, workers, progress)? else { return Ok(Ending::Stopped) };
    match output {
        Output::Tables => results::show(&results)?,
        Output::Csv => print(results::table(&results).csv())?,
        Output::Json => print_json(&results)?,
        Output::Nothing => {}
    }
    for FailureFile { training, reason, .. } in &results.failed {
        progress.note(format!("{training} could not be trained, and no number is of it: {reason}"));
    }
    Ok(if results.failed.is_empty() { Ending::Done } else { Ending::Missed })
}

/// The same without printing; nothing comes back if it was asked to stop.
pub(crate) fn trained(
    training: &CrossValidation,
    folder: &RunFolder,
    workers: &WorkerArguments,
    progress: &Progress,
) -> Result<Option<Results>, RunError> {
    let CrossValidation { dataset, split, .. } = training;
    interrupt::goes_on_with(format!("netsynth resume {}", folder.path().shown()));
    let executor = executor(workers, workers.count(), dataset, split, Some(folder))?;
    let done: Mutex<Vec<TaskId>> = Mutex::default();
    let on_event = |event: RunEvent<'_>| {
        if let (RunEvent::Answered { task, .. }, Ok(mut done)) = (&event, done.lock()) {
            done.push((*task).clone());
        }
        events::show(progress, event);
    };
    let begun = Instant::now();
    let context = Context { executor: &executor, on_event: &on_event, stop: &interrupt::is_asked };
    let results = cross_validate(training, folder, &context);
    progress.finish();
    let path = folder.path().shown();
    match results {
        Err(RunError::Stopped) => {
            progress.note(format!("stopped; `netsynth resume {path}` goes on"));
            Ok(None)
        }
        Err(error) => Err(error),
        Ok(results) => {
            let secs = begun.elapsed().as_secs_f64();
            let n_images = done.lock().map_or(0, |done| training.n_images(&done));
            let speed = match n_images {
                0 => String::new(),
                n_images => {
                    let rate = n_images as f64 / secs;
                    format!("{secs:.1} s, {rate:.0} training images/s on {} cores; ", workers.count())
                }
            };
            progress.note(format!("{speed}written to {path}"));
            Ok(Some(results))
        }
    }
}
