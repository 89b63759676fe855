use std::path::{Path, PathBuf};

use clap::Args;
use netsynth_graph::ArchitectureSpec;
use netsynth_search::{Candidate, Measured};
use netsynth_space::SearchSpaceSpec;
use netsynth_store::{
    Finding, Problem, Replay, RunFolder, StoreError, check_audit, check_files, digest, replay,
};
use serde::Serialize;

use crate::Ending;
use crate::complaint::Complaint;
use crate::finished::{required, search_plan};
use crate::networks::space;
use crate::plan::Plan;
use crate::resume::reopened;
use crate::session::Output;
use crate::variants::known;
use crate::words::{say, say_json};
use crate::workers::worker_count;

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
    #[arg(long, default_value_t = 1)]
    retrain: usize,
    /// Trainings side by side, each on one core; all cores if not given
    #[arg(long)]
    workers: Option<usize>,
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

/// What was found out about a run.
#[derive(Debug, Serialize)]
struct Report {
    n_files: usize,
    /// What is wrong, by file; empty if the run is whole.
    findings: Vec<Finding>,
    /// Trials that the search replayed; absent if it could not be.
    n_trials: Option<usize>,
    has_ended: bool,
    n_front_members: usize,
    hypervolume: Option<f64>,
    retrained: Vec<Retrained>,
}

/// One training that was done again.
#[derive(Debug, Serialize)]
struct Retrained {
    trial: usize,
    rung: usize,
    /// SHA-256 of what the run recorded, and of what was measured now.
    recorded: String,
    measured: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let folder = RunFolder::open(&arguments.run)?;
    let (n_files, mut findings) = check_files(&folder)?;
    let replayed = match replayed(&folder) {
        Ok((plan, replay)) => {
            findings.extend(replay.findings.iter().cloned());
            findings.extend(variant_findings(&folder, &plan, &replay)?);
            // Whose audit it is follows from the front, which only whole files give.
            if findings.is_empty() && replay.has_ended {
                findings.extend(check_audit(&folder, &replay.front, plan.data.n_folds)?);
            }
            Ok(replay)
        }
        Err(complaint) => Err(complaint),
    };
    let mut report = Report {
        n_files,
        n_trials: None,
        has_ended: false,
        n_front_members: 0,
        hypervolume: None,
        findings: Vec::new(),
        retrained: Vec::new(),
    };
    match replayed {
        Ok(replay) => {
            report.n_trials = Some(replay.trials.len());
            report.has_ended = replay.has_ended;
            report.n_front_members = replay.front.members.len();
            report.hypervolume = replay.front.hypervolume;
            let sample = sample(&replay, arguments.retrain);
            if !sample.is_empty() {
                match retrained(arguments, &folder, &replay.candidates, &sample) {
                    Ok(retrained) => report.retrained = retrained,
                    Err(complaint) if findings.is_empty() => return Err(complaint),
                    Err(_) => {}
                }
            }
        }
        // Whatever keeps the search from being replayed is told once: as a file, if one is to blame.
        Err(complaint) if findings.is_empty() => return Err(complaint),
        Err(_) => {}
    }
    let differing = report.retrained.iter().filter(|again| again.recorded != again.measured);
    findings.extend(differing.map(|again| Finding {
        path: format!("trials/{:05}/rung-{}.ron", again.trial, again.rung),
        problem: Problem::Unreadable("is not what its training gives on this machine".to_owned()),
    }));
    findings.sort();
    // A damaged file also differs from what it should be; the first says why.
    findings.dedup_by(|one, other| one.path == other.path);
    report.findings = findings;
    if arguments.json {
        say_json(&report)?;
    } else {
        show(&report, &arguments.run)?;
    }
    Ok(if report.findings.is_empty() { Ending::Done } else { Ending::Missed })
}

fn replayed(folder: &RunFolder) -> Result<(Plan, Replay), Complaint> {
    let plan = search_plan(folder)?;
    plan.check()?;
    let space_spec: SearchSpaceSpec = required(folder, "search-space.ron")?;
    let prototype: ArchitectureSpec = required(folder, "prototype.ron")?;
    let space = space(&plan.space, &space_spec, &prototype)?;
    let replay = replay(folder, &space, &plan.search)?;
    Ok((plan, replay))
}

/// Compares what is written of the variants with what the front says of them.
fn variant_findings(folder: &RunFolder, plan: &Plan, replay: &Replay) -> Result<Vec<Finding>, Complaint> {
    let mut findings = Vec::new();
    for member in &replay.front.members {
        for variant in &member.variants {
            let metrics = match known(folder, *variant) {
                Ok(Some(metrics)) => metrics,
                // Not trained yet, or found by its checksum.
                Ok(None) | Err(StoreError::Damaged { .. } | StoreError::Text(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            if !metrics.agrees(member, plan.final_epochs) && replay.has_ended {
                let path = format!("variants/{variant}/metrics.ron");
                findings.push(Finding { path, problem: Problem::Differs });
            }
        }
    }
    Ok(findings)
}

/// So many of the replayed trials, evenly spread, with the number of rungs that measured each.
fn sample(replay: &Replay, n_wanted: usize) -> Vec<(usize, usize)> {
    let n_trials = replay.trials.len();
    let n_drawn = n_wanted.min(n_trials);
    let spread = (0..n_drawn).map(|index| (2 * index + 1) * n_trials / (2 * n_drawn));
    spread.map(|index| (replay.trials[index].number, replay.trials[index].readings.len())).collect()
}

/// Trains a sample again.
fn retrained(
    arguments: &Arguments,
    folder: &RunFolder,
    candidates: &[Candidate],
    sample: &[(usize, usize)],
) -> Result<Vec<Retrained>, Complaint> {
    let session = reopened(folder, worker_count(arguments.workers)?, Output::Nothing)?;
    let places: Vec<(&Candidate, usize)> = sample
        .iter()
        .filter_map(|&(trial, n_rungs)| {
            Some((candidates.iter().find(|candidate| candidate.trial == trial)?, n_rungs))
        })
        .flat_map(|(candidate, n_rungs)| (0..n_rungs).map(move |rung| (candidate, rung)))
        .collect();
    let measured = session.measured_again(folder, &places)?;
    let mut retrained = Vec::new();
    for ((candidate, rung), measured) in places.iter().zip(measured) {
        let recorded = folder.rung(candidate.trial, *rung)?;
        if let (Some(recorded), Some(mut measured)) = (recorded, measured) {
            // Runs of the first versions keep no learning curves and no scores.
            if let (Measured::Trained(before), Measured::Trained(now)) = (&recorded, &mut measured) {
                if before.losses.is_empty() {
                    now.losses.clear();
                }
                now.scores = now.scores.filter(|_| before.scores.is_some());
                // And accuracy alone.
                for (now, before) in now.folds.iter_mut().zip(&before.folds) {
                    *now = now.iter().filter(|(metric, _)| before.get(*metric).is_some()).collect();
                }
            }
            retrained.push(Retrained {
                trial: candidate.trial,
                rung: *rung,
                recorded: digest(&recorded),
                measured: digest(&measured),
            });
        }
    }
    Ok(retrained)
}

fn show(report: &Report, run: &Path) -> Result<(), Complaint> {
    let Report { n_files, findings, n_trials, has_ended, n_front_members, hypervolume, retrained } = report;
    let run = run.display();
    for Finding { path, problem } in findings {
        say(format!("{path} {problem}"))?;
    }
    match n_trials {
        None => say("the search cannot be replayed before these are restored")?,
        Some(n_trials) => {
            let volume = hypervolume.map_or(String::new(), |volume| format!(", hypervolume {volume:.4}"));
            let state = if *has_ended { "ended" } else { "not ended" };
            say(format!(
                "replayed: {n_trials} trials, a front of {n_front_members}{volume}; the search has {state}"
            ))?;
        }
    }
    for Retrained { trial, rung, recorded, measured } in retrained {
        let verdict = if recorded == measured { "the same" } else { "another" };
        say(format!("trained again: trial {trial}, rung {rung}: {verdict} ({})", &measured[..16]))?;
    }
    if findings.is_empty() {
        return say(format!("{run} holds: {n_files} files"));
    }
    say(format!(
        "{run} does not hold: {} of {n_files} files are to blame\n  help: restore them from a copy of the run. Files below \
         generators/, newborns/, prototype/ and trials/, front.ron and front.csv may be deleted instead: `netsynth resume {run}` makes them again, \
         and `netsynth audit {run}` those below audit/",
        findings.len()
    ))
}
