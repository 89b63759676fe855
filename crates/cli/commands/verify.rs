use std::path::{Path, PathBuf};

use clap::Args;
use netsynth_files::Shown;
use netsynth_run::{Context, Retrained, RunError, RunEvent, Search, Verification, verify};
use netsynth_search::Count;
use netsynth_store::{Finding, RunFolder, RunKind};

use crate::arguments::count::counted;
use crate::arguments::workers::WorkerArguments;
use crate::output::events;
use crate::output::print::{print, print_json};
use crate::output::progress::Progress;
use crate::work::executor::executor;
use crate::{Ending, interrupt};

/// Prove a run: its files against their checksums, its front and variants against its trials, some trials by
/// training them again.
///
/// Exit code 0 if all of it holds, 1 if something does not; each such file is named.
///
/// Example: netsynth verify runs/search-001 --retrain 3
#[derive(Args)]
pub(crate) struct Arguments {
    /// The run's folder
    run: PathBuf,
    /// How many trials, evenly spread, to train again on all rungs that they climbed
    #[arg(long, default_value_t = 1, value_parser = counted(Count::RETRAINED))]
    retrain: usize,
    #[command(flatten)]
    workers: WorkerArguments,
    /// Where the run's data are now, if they were moved
    #[arg(long)]
    data: Option<PathBuf>,
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let folder = RunFolder::open(&arguments.run)?;
    let mut verification = verify(&folder)?;
    let retrained = if arguments.retrain > 0 && verification.has_trials() {
        retrain(arguments, &folder, &mut verification)
    } else {
        Ok(())
    };
    if arguments.json {
        print_json(&verification)?;
    } else {
        show(&verification, &arguments.run)?;
    }
    match retrained {
        // A damaged run may not be fit for training, and what is damaged is known.
        Err(_) if !verification.findings.is_empty() => {}
        done => done.map_err(|error| {
            let remedy = format!("{}; `--retrain 0` trains nothing again", error.remedy());
            error.with_remedy(remedy)
        })?,
    }
    Ok(if verification.findings.is_empty() { Ending::Done } else { Ending::Missed })
}

fn retrain(
    arguments: &Arguments,
    folder: &RunFolder,
    verification: &mut Verification,
) -> Result<(), RunError> {
    let progress = Progress::new();
    let on_event = |event: RunEvent<'_>| events::show(&progress, event);
    let workers = arguments.workers.count();
    let search = Search::reopened(folder, workers, arguments.data.as_deref(), &on_event)?;
    let Search { dataset, split, n_workers, .. } = &search;
    let executor = executor(&arguments.workers, *n_workers, dataset, split, None)?;
    let context = Context { executor: &executor, on_event: &on_event, stop: &interrupt::is_asked };
    let done = verification.retrain(arguments.retrain, &search, folder, &context);
    progress.finish();
    done
}

fn show(report: &Verification, run: &Path) -> Result<(), RunError> {
    let Verification {
        kind,
        n_files,
        findings,
        n_trials,
        n_trainings,
        has_ended,
        n_front_members,
        hypervolume,
        retrained,
        ..
    } = report;
    let run = run.shown();
    for Finding { path, problem } in findings {
        print(format!("{path} {problem}"))?;
    }
    match (kind, n_trials, n_trainings) {
        (Some(RunKind::Comparison), ..) => {}
        (Some(RunKind::Training), _, Some((n_done, n_planned))) => {
            let state = if *has_ended { "ended" } else { "not ended" };
            print(format!("{n_done} of {n_planned} trainings are there; the training has {state}"))?;
        }
        (Some(RunKind::Training), _, None) => {
            print("its trainings cannot be checked before these are restored")?;
        }
        (Some(RunKind::Search) | None, None, _) => {
            print("the search cannot be replayed before these are restored")?
        }
        (Some(RunKind::Search) | None, Some(n_trials), _) => {
            let volume = hypervolume.map_or(String::new(), |volume| format!(", hypervolume {volume:.4}"));
            let state = if *has_ended { "ended" } else { "not ended" };
            print(format!(
                "replayed: {n_trials} trials, a front of {n_front_members}{volume}; the search has {state}"
            ))?;
        }
    }
    for Retrained { trial, rung, recorded, measured } in retrained {
        let verdict = if recorded == measured { "the same" } else { "another" };
        print(format!("trained again: trial {trial}, rung {rung}: {verdict} ({})", &measured[..16]))?;
    }
    if findings.is_empty() {
        return print(format!("{run} holds: {n_files} files"));
    }
    print(format!(
        "{run} does not hold: {} of {n_files} files are to blame\n  help: restore them from a copy of the run, and remove what \
         is of no run. What is missing below generators/, screening/, prototype/, trials/, variants/, folds/ and seeds/, and the \
         front and the results, `netsynth resume {run}` makes again; damaged files there may be deleted for it. `netsynth audit {run}` \
         does the same below audit/",
        findings.len()
    ))
}
