//! The variants: how they were judged, why they are what they are, and what they were made from.

use std::fmt::Write;

use netsynth_search::{Explanation, ParetoFront, Reason, Trial, variants as picks};

use super::sections::trial_link;
use super::{Judged, Report};
use crate::markup::escaped;
use crate::numbers::{count, percent};
use crate::reasons::{ranking_table, reason_table, value};

/// The variants' accuracy, recalls and confusions.
pub(super) fn variants(report: &Report<'_>) -> String {
    if report.judged.is_empty() {
        return "<section id=\"variants\">\n<h2>Variants</h2>\n<p>No variant has been trained for good yet.</p>\n</section>\n"
            .to_owned();
    }
    let mut html =
        "<section id=\"variants\">\n<h2>Variants</h2>\n<p>Picked from the front by accuracy on validation \
                    folds, trained for good, and judged once on subjects whom the search never saw.</p>\n\
                    <div class=\"pair\">\n"
            .to_owned();
    let mut shown: Vec<usize> = Vec::new();
    for judged in &report.judged {
        if shown.contains(&judged.trial) {
            continue;
        }
        shown.push(judged.trial);
        let same = report.judged.iter().filter(|other| other.trial == judged.trial);
        let names: Vec<String> = same.map(|other| other.variant.to_string()).collect();
        html += &card(&names.join(" and "), judged);
    }
    html + "</div>\n</section>\n"
}

fn card(names: &str, judged: &Judged) -> String {
    let n_images: usize = judged.confusion.iter().flatten().sum();
    let began = if judged.inherits { "on from what the trial had learned" } else { "from scratch" };
    let held_out = match judged.held_out_accuracy {
        Some(accuracy) => format!(
            "<strong>{}</strong> on {} images of held-out subjects after {} epochs {began}; {} on validation folds \
             during the search",
            percent(accuracy),
            count(n_images as u64),
            judged.epochs,
            percent(judged.search_accuracy)
        ),
        None => format!(
            "{} on validation folds; nobody was held out, so it was not judged after its {} epochs {began}",
            percent(judged.search_accuracy),
            judged.epochs
        ),
    };
    let mut html = format!("<div><h3>{names}, trial {}</h3>\n<p>{held_out}.</p>\n", trial_link(judged.trial));
    if n_images > 0 {
        html += &confusion(&judged.classes, &judged.confusion);
    }
    html + "</div>\n"
}

/// The confusion with each class's recall; the darker a cell, the larger its share of the row.
pub(super) fn confusion(classes: &[String], confusion: &[Vec<usize>]) -> String {
    let names: Vec<String> = classes.iter().map(|name| escaped(name)).collect();
    let header: String =
        names.iter().map(|name| format!("<th class=\"as\"><span>{name}</span></th>")).collect();
    let mut html = format!(
        "<div class=\"wide\"><table class=\"confusion\"><caption>Rows: what it is. Columns: what it is taken for.</caption>\
         <thead><tr><th></th><th class=\"n\">recall</th>{header}</tr></thead><tbody>\n"
    );
    for (at, row) in confusion.iter().enumerate() {
        let total: usize = row.iter().sum();
        let cells: String = row
            .iter()
            .enumerate()
            .map(|(other, images)| {
                let share = *images as f64 / total.max(1) as f64;
                let kind = if other == at { "right" } else { "wrong" };
                match images {
                    0 => "<td></td>".to_owned(),
                    images => format!("<td class=\"{kind}\" style=\"--share:{share:.3}\">{images}</td>"),
                }
            })
            .collect();
        let recall = if total > 0 { percent(row[at] as f64 / total as f64) } else { "none".to_owned() };
        let name = names.get(at).map_or("", String::as_str);
        let _ = writeln!(html, "<tr><th scope=\"row\">{name}</th><td class=\"n\">{recall}</td>{cells}</tr>");
    }
    html + "</tbody></table></div>\n"
}

/// The inquisitor's reasons for the variants, and their lineage.
pub(super) fn reasons(report: &Report<'_>) -> String {
    let run = &report.run;
    let plan = report.plan;
    let front = ParetoFront::of(&run.trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    let picks = picks(&front);
    if picks.is_empty() {
        return String::new();
    }
    let mut html = "<section id=\"reasons\">\n<h2>Why these networks</h2>\n".to_owned();
    let mut shown: Vec<usize> = Vec::new();
    for &(variant, trial) in &picks {
        if shown.contains(&trial) {
            continue;
        }
        shown.push(trial);
        let same = picks.iter().filter(|(_, other)| *other == trial);
        let names: Vec<String> = same.map(|(variant, _)| variant.to_string()).collect();
        let names = names.join(" and ");
        let _ = write!(html, "<h3>{names}, trial {}</h3>\n{}", trial_link(trial), lineage(report, trial));
        match run.explanations.iter().find(|(known, _)| *known == variant) {
            Some((_, explanation)) => html += &explained(&names, explanation),
            None => {
                let _ = writeln!(
                    html,
                    "<p class=\"hint\">The inquisitor is not replayed here: the run is too large or partly unreadable. \
                     <code>netsynth explain RUN {trial}</code> does it.</p>"
                );
            }
        }
    }
    if run.rankings.iter().any(|ranking| ranking.tau.is_some()) {
        html += "<h3>How well the trials were ranked beforehand</h3>\n";
        html += &ranking_table(&run.rankings).html();
    }
    html + "</section>\n"
}

/// From the prototype's neighbourhood to a trial, parent by parent.
fn lineage(report: &Report<'_>, trial: usize) -> String {
    let trials = &report.run.trials;
    let find =
        |number: usize| trials.binary_search_by_key(&number, |trial| trial.number).ok().map(|at| &trials[at]);
    let mut line: Vec<&Trial> = Vec::new();
    let mut next = find(trial);
    while let Some(member) = next {
        line.push(member);
        // A parent is always older, whatever a changed file says.
        next = member.parent.filter(|parent| *parent < member.number).and_then(find);
    }
    line.reverse();
    let items: String = line
        .iter()
        .enumerate()
        .map(|(at, member)| {
            let parent = at.checked_sub(1).map(|before| line[before]);
            format!("<li>{}</li>\n", ancestor(report, member, parent))
        })
        .collect();
    format!(
        "<ol class=\"lineage\">\n<li>the prototype, around which the first generator draws</li>\n{items}</ol>\n"
    )
}

fn ancestor(report: &Report<'_>, trial: &Trial, parent: Option<&Trial>) -> String {
    let quality = report.plan.quality();
    let found = trial.top_rung().and_then(|rung| Some((rung, trial.latest(quality)?)));
    let measured = found.map_or("not trained".to_owned(), |(rung, value)| {
        let performance = report.plan.performance.of(value, &trial.cost);
        format!("{} on rung {rung}, U {performance:.2} dB", quality.format(value))
    });
    let predicted = trial.predicted.map_or(String::new(), |value| format!(", {value:.2} dB predicted"));
    let origin = match parent {
        None => "drawn by the generator".to_owned(),
        Some(parent) => {
            let changed: Vec<String> = report
                .decisions
                .iter()
                .enumerate()
                .filter(|(at, _)| trial.genome.choice(*at) != parent.genome.choice(*at))
                .map(|(at, decision)| {
                    let value = |trial: &Trial| {
                        value(&decision.domain, decision.domain.value(trial.genome.choice(at)))
                    };
                    escaped(&format!("{} {} → {}", decision.name, value(parent), value(trial)))
                })
                .collect();
            match changed.len() {
                0..=4 => changed.join(", "),
                more => format!("{}, and {} more changes", changed[..3].join(", "), more - 3),
            }
        }
    };
    format!(
        "trial {}: {origin}. {measured}{predicted}; {} parameters",
        trial_link(trial.number),
        count(trial.cost.parameters)
    )
}

fn explained(names: &str, explanation: &Explanation) -> String {
    let telling: Vec<&Reason> = explanation.reasons.iter().filter(|reason| reason.is_telling()).collect();
    format!(
        "<details><summary>What the inquisitor measured and predicted of {names}, {} decisions</summary>\n\
         <p class=\"hint\">Saliency: 1 is an average layer's. Dead: channels that are zero for every stimulus. Rank: share of \
         the channels' directions in use. Cut: change of loss in nats if the link were cut. dU in decibels: of the change from the \
         parent as predicted before the training, as the inquisitor sees it with all trials, and of one choice more \
         or a yes.</p>\n{}</details>\n",
        telling.len(),
        reason_table(telling.iter().copied()).html()
    )
}
