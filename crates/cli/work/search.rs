//! A search that is worked on, and what came of it.

use std::time::Duration;

use netsynth_files::Shown;
use netsynth_report::{above_family, predicted};
use netsynth_run::{Budget, Context, RunError, Search, SearchResults, search};
use netsynth_search::{StopReason, leads};
use netsynth_store::{Audit, FailureFile, FrontFile, Outcome, RunFolder};
use serde::Serialize;

use crate::arguments::workers::WorkerArguments;
use crate::commands::front;
use crate::output::events;
use crate::output::log;
use crate::output::print::{Output, print, print_json};
use crate::output::progress::Progress;
use crate::output::status::{failures, nearest_miss};
use crate::output::variant::line;
use crate::work::executor::executor;
use crate::{Ending, interrupt};

/// Writes into a search's plan what its part of a time pays for, with so many trainings `after` it, and says so.
pub(crate) fn limit_to(
    search: &mut Search,
    time: Duration,
    after: usize,
    n_searches: usize,
    progress: &Progress,
) -> Result<(), RunError> {
    let Budget { rate, macs } = search.limit_to(time, after, n_searches)?;
    let each = if n_searches > 1 { format!(" for {n_searches} searches") } else { String::new() };
    progress.note(format!(
        "{}{each} of {} at {:.1} G MACs a second and core pay for {:.1} G MACs of trials on each training image: `limits.macs` in the plan",
        humantime::format_duration(time),
        cores(search),
        rate / 1e9,
        macs / 1e9
    ));
    Ok(())
}

/// Its workers in words.
pub(crate) fn cores(search: &Search) -> String {
    if search.n_workers.get() == 1 { "one core".to_owned() } else { format!("{} cores", search.n_workers) }
}

/// Does what is left to do of a search, and prints what came of it.
pub(crate) fn work_on(
    searched: &Search,
    folder: &RunFolder,
    workers: &WorkerArguments,
    output: Output,
    progress: &Progress,
) -> Result<Ending, RunError> {
    interrupt::goes_on_with(format!("netsynth resume {}", folder.path().shown()));
    let Search { dataset, split, n_workers, .. } = searched;
    let executor = executor(workers, *n_workers, dataset, split, Some(folder))?;
    let on_event = |event: netsynth_run::RunEvent<'_>| events::show(progress, event);
    let context = Context { executor: &executor, on_event: &on_event, stop: &interrupt::is_asked };
    let results = search(searched, folder, &context);
    log::end(&results);
    progress.finish();
    match results {
        Err(RunError::Stopped) => {
            progress.note(format!("stopped; `netsynth resume {}` goes on", folder.path().shown()));
            Ok(Ending::Stopped)
        }
        Err(error) => Err(error),
        Ok(results) => show_results(searched, folder, results, output, progress),
    }
}

fn show_results(
    searched: &Search,
    folder: &RunFolder,
    results: SearchResults,
    output: Output,
    progress: &Progress,
) -> Result<Ending, RunError> {
    let (plan, path) = (&searched.plan, folder.path().shown());
    let SearchResults { trials, front, reason, variants, audit } = results;
    match output {
        Output::Json => print_json(&WithAudit { front: &front, audit: audit.as_ref() })?,
        Output::Csv => print(front::csv(&front, &plan.search.shown()))?,
        Output::Tables | Output::Nothing => {}
    }
    if reason == StopReason::Failures {
        let reason = format!(
            "{} trials failed one after the other, the plan's limit: {}",
            plan.search.limits.failures_in_a_row,
            failures(&trials)
        );
        let remedy = "change what makes them fail (learning_rate, limits) in a copy of the run's plan.ron and \
                      begin again: `netsynth search --plan COPY`";
        return Err(RunError::new(reason, remedy).at(path.to_string()));
    }
    if front.members.is_empty() {
        progress.note(nearest_miss(&trials, &plan.search));
        return Ok(Ending::Missed);
    }
    if output == Output::Tables {
        front::show(&front, &plan.search.shown())?;
        let leads = leads(&trials, searched.space.decisions(), &plan.search);
        above_family(&leads, plan.search.quality()).map_or(Ok(()), print)?;
        for (variant, outcome) in &variants {
            if let Outcome::Trained(metrics) = outcome {
                print(line(*variant, metrics))?;
            }
        }
        audit.as_ref().map_or(Ok(()), crate::output::audit::show)?;
        searched.space.device().map(predicted).map_or(Ok(()), print)?;
        plan.data.split.caveat().map_or(Ok(()), print)?;
    }
    let mut ending = Ending::Done;
    for (variant, outcome) in &variants {
        if let Outcome::Failed(FailureFile { training, reason, .. }) = outcome {
            progress.note(format!("{variant} could not be trained: {training}: {reason}"));
            ending = Ending::Missed;
        }
    }
    progress.note(format!("written to {path}"));
    if plan.inheritance.is_some() && !plan.audit {
        progress.note(format!(
            "the accuracies of trials are of inherited weights; `netsynth audit {path}` trains the front from scratch"
        ));
    }
    Ok(ending)
}

/// What a search with an audit prints as JSON.
#[derive(Serialize)]
struct WithAudit<'a> {
    #[serde(flatten)]
    front: &'a FrontFile,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<&'a Audit>,
}
