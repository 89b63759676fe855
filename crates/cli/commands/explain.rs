use std::path::PathBuf;

use clap::Args;
use netsynth_files::Shown;
use netsynth_report::{predicted, ranking_table, reason_table};
use netsynth_search::{
    Explanation, Generator, Metric, Ranking, ZeroCostProxy, advice_ranking, explain, rankings,
};
use serde_json::json;

use crate::Ending;
use crate::output::print::{Format, print, print_json, print_table};
use netsynth_run::RunError;
use netsynth_run::{OpenSearch, open_search};

/// Say why a trial's widths and links are what they are.
///
/// For each decision: its value beside the prototype's, what the probes felt there, the change of U in decibels that
/// the inquisitor predicted for each change from the trial's parent, and what it says with all that was seen since.
///
/// Example: netsynth explain runs/search-001 12
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of a search
    run: PathBuf,
    /// The trial; nano-a if not given
    trial: Option<usize>,
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let search = open_search(&arguments.run)?;
    let problem = search.problem()?;
    let OpenSearch { folder, plan, space, .. } = &search;
    let trials = folder.trials(space)?;
    let pick = folder.front_of(&trials, &plan.search)?.variants().first().map(|(_, trial)| *trial);
    let place = folder.path().shown();
    let number = arguments.trial.or(pick).ok_or_else(|| {
        RunError::new("nothing is feasible, so no trial was picked", "name a trial").at(place.clone())
    })?;
    let explanation = explain(&problem, &trials, number)?.ok_or_else(|| {
        let remedy = format!("the run has {} trials, numbered from 0", trials.len());
        RunError::new(format!("there is no trial {number}"), remedy).at(place)
    })?;
    let rankings = rankings(&problem, &trials);
    let numbers = folder.generator_numbers()?;
    let generators: Result<Vec<Generator>, _> =
        numbers.into_iter().map(|number| folder.generator(number)).collect();
    let advice = advice_ranking(&generators?);
    if arguments.format.json {
        print_json(&as_json(&explanation, &rankings, advice))?;
        return Ok(Ending::Done);
    }
    if arguments.format.csv {
        print(reason_table(&explanation.reasons).csv())?;
        return Ok(Ending::Done);
    }
    show(&explanation)?;
    let trial = trials.iter().find(|trial| trial.number == number);
    if let (Some(device), Some(latency)) =
        (space.device(), trial.and_then(|trial| trial.latest(Metric::Latency)))
    {
        print(format!("Predicted latency {}. {}.", Metric::Latency.format(latency), predicted(device)))?;
    }
    print_table(&ranking_table(&rankings))?;
    if let (Some(tau), n_laws) = advice {
        print(format!(
            "The change of U that was predicted for one step of a decision against what the next generation showed: \
             tau {tau:+.2} over {n_laws} laws of the generators."
        ))?;
    }
    Ok(Ending::Done)
}

fn as_json(
    explanation: &Explanation,
    rankings: &[Ranking],
    (tau, n_laws): (Option<f64>, usize),
) -> serde_json::Value {
    let reasons = explanation.reasons.iter().map(|reason| {
        json!({
            "decision": reason.decision.name, "kind": reason.decision.kind, "nodes": reason.decision.nodes,
            "value": reason.value, "prototype": reason.prototype, "parent": reason.parent,
            "reaction": reason.reaction, "cut": reason.cut, "predicted": reason.predicted,
            "hindsight": reason.hindsight, "per_step": reason.per_step,
        })
    });
    json!({
        "trial": explanation.trial, "parent": explanation.parent, "predicted": explanation.predicted,
        "measured": explanation.measured, "parent_measured": explanation.parent_measured,
        "scores": explanation.scores,
        "decisions": reasons.collect::<Vec<_>>(), "rankings": rankings,
        "advice": { "tau": tau, "n_laws": n_laws },
    })
}

fn show(explanation: &Explanation) -> Result<(), RunError> {
    let Explanation { trial, parent, predicted, measured, parent_measured, scores, reasons } = explanation;
    let decibels = |value: &Option<f64>| value.map_or("unknown".to_owned(), |value| format!("{value:.2} dB"));
    let made = parent.map_or("drawn afresh".to_owned(), |parent| format!("nearest to trial {parent}"));
    print(format!(
        "Trial {trial}, {made}: U predicted {}, measured {}",
        decibels(predicted),
        decibels(measured)
    ))?;
    if let (Some(parent), Some(before), Some(after)) = (parent, parent_measured, measured) {
        let n_changed = reasons.iter().filter(|reason| reason.is_changed()).count();
        print(format!(
            "{n_changed} decisions differ from trial {parent}'s; U changed by {:+.2} dB",
            after - before
        ))?;
    }
    if let Some(scores) = scores {
        let scored = ZeroCostProxy::ALL.map(|proxy| format!("{proxy} {:.4}", scores.get(proxy)));
        print(format!("Before any training: {}", scored.join(", ")))?;
    }
    print_table(&reason_table(reasons.iter().filter(|reason| reason.is_telling())))?;
    print(
        "saliency: 1 is an average layer's; rank: share of its channels' directions in use; cut: nats of loss",
    )
}
