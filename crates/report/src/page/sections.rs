//! The parts of the page that are plain HTML.

use std::fmt::Write;

use netsynth_graph::Graph;
use netsynth_search::{
    Measured, Metric, Outcome, ParetoFront, Rung, SearchPlan, StopReason, Trial, advice_ranking, leads,
};
use netsynth_store::{FrontFile, FrontRow};

use super::bounds::{bound_in_words, known_metrics};
use super::{Report, Run};
use crate::charts::{climbs, losses, steps};
use crate::drawing::drawing_in_page;
use crate::family::above_family;
use crate::markup::escaped;
use crate::numbers::count;
use crate::published::{SOURCE, Standing};
use crate::tables::{Cell, Column, Table};

/// The most members of the front that are listed.
const MAX_ROWS: usize = 100;

/// The most learning curves that are drawn.
const MAX_CURVES: usize = 60;

/// A trial that the plot selects when it is followed.
pub(super) fn trial_link(trial: usize) -> String {
    format!("<a href=\"#trial-{trial}\">{trial}</a>")
}

/// The top of every page: the run's name and status, what of it cannot be read, and its few main numbers.
pub(super) fn top(name: &str, status: &str, damage: &[String], figures: &[(&str, String)]) -> String {
    let mut html = format!(
        "<header><div class=\"bar-top\"><span class=\"mark\">netsynth</span>\
         <button id=\"theme\" type=\"button\" title=\"light or dark\">Theme</button></div>\n\
         <h1>{}</h1>\n<p class=\"lead\">{}</p>\n",
        escaped(name),
        escaped(status)
    );
    if !damage.is_empty() {
        let lines: String =
            damage.iter().take(20).map(|line| format!("<li>{}</li>", escaped(line))).collect();
        let more = match damage.len().saturating_sub(20) {
            0 => String::new(),
            more => format!("<li>and {more} more</li>"),
        };
        let _ = writeln!(
            html,
            "<div class=\"alert\" role=\"alert\"><strong>Parts of this run cannot be read.</strong> \
             What follows is made from the rest; <code>netsynth verify</code> checks every file.\
             <ul>{lines}{more}</ul></div>"
        );
    }
    let figures: String =
        figures.iter().map(|(what, value)| format!("<div><dt>{what}</dt><dd>{value}</dd></div>")).collect();
    let _ = writeln!(html, "<dl class=\"figures\">{figures}</dl>\n</header>\n<main>");
    html
}

/// The top of a search's page.
pub(super) fn head(report: &Report<'_>) -> String {
    let run = &report.run;
    let members = &run.front.members;
    let quality = report.plan.quality();
    let best = members.first().map_or("none".to_owned(), |row| value_of(row, quality));
    let best_of = format!("best {quality}");
    let smallest = members.iter().map(|row| row.cost.parameters).min();
    let figures = [
        ("networks on the front", members.len().to_string()),
        (best_of.as_str(), best),
        ("smallest, parameters", smallest.map_or("none".to_owned(), count)),
        ("hypervolume", run.front.hypervolume.map_or("no bounds".to_owned(), |share| format!("{share:.3}"))),
    ];
    top(&report.name, &status(report), &run.damage, &figures)
}

/// Whether the run has ended, and its trials by outcome, in a sentence or two.
fn status(report: &Report<'_>) -> String {
    let Report { plan, run, .. } = report;
    let end = match run.end {
        Some(StopReason::Trials) => "Finished".to_owned(),
        Some(StopReason::Space) => "Finished: the space has no network left that is new".to_owned(),
        Some(StopReason::Epochs) => "Finished: the plan's epochs are spent".to_owned(),
        Some(StopReason::Macs) => "Finished: the plan's multiply-accumulates are spent".to_owned(),
        Some(StopReason::WallClock) => "Finished: the plan's time is spent".to_owned(),
        Some(StopReason::Failures) => "Given up: too many trials failed one after the other".to_owned(),
        // Runs of the first versions have no such file.
        Some(StopReason::Asked) | None if run.trials.len() >= plan.n_trials => "Finished".to_owned(),
        Some(StopReason::Asked) | None => {
            format!(
                "Unfinished, {} of {} trials so far",
                count(run.trials.len() as u64),
                count(plan.n_trials as u64)
            )
        }
    };
    let outcomes = run.trials.iter().map(|trial| trial.outcome(&plan.indicator, plan.rungs.len()));
    let mut numbers = [0u64; 4];
    for outcome in outcomes {
        numbers[match outcome {
            Outcome::Feasible(_) => 0,
            Outcome::Infeasible(..) => 1,
            Outcome::Stopped(..) => 2,
            Outcome::Failed(_) => 3,
        }] += 1;
    }
    let bounds: Vec<String> = plan.indicator.constraints.iter().map(bound_in_words).collect();
    let bounds = if bounds.is_empty() { "no bounds".to_owned() } else { bounds.join(", ") };
    format!(
        "{end}. {} trials by {}: {} feasible, {} infeasible, {} stopped on a lower rung, {} failed. Indicator: {bounds}.",
        count(run.trials.len() as u64),
        plan.strategy,
        count(numbers[0]),
        count(numbers[1]),
        count(numbers[2]),
        count(numbers[3]),
    )
}

/// A metric of a member of the front, as tables show it.
fn value_of(row: &FrontRow, metric: Metric) -> String {
    row.metrics().get(metric).map_or("-".to_owned(), |value| metric.format(value))
}

/// Where the script draws.
pub(super) fn plot(plan: &SearchPlan, trials: &[Trial]) -> String {
    let metrics = known_metrics(trials).into_iter().map(|metric| (metric.name(), metric.label()));
    let options: Vec<(&str, &str)> = metrics.chain([("score", "NetScore")]).collect();
    let options = |chosen: Metric| -> String {
        let option = |(value, name): &(&str, &str)| {
            let selected = if *value == chosen.name() { " selected" } else { "" };
            format!("<option value=\"{value}\"{selected}>{name}</option>")
        };
        options.iter().map(option).collect()
    };
    let standings: Vec<String> =
        Standing::ALL.iter().map(|standing| format!("{standing}, {}", standing.meaning())).collect();
    format!(
        "<section id=\"pareto\">\n<h2>Accuracy and cost</h2>\n\
         <noscript><p class=\"alert\">The plot and the long tables need JavaScript; the rest of the page does not.</p></noscript>\n\
         <div class=\"controls\"><label>across <select id=\"x\">{}</select></label>\
         <label>up <select id=\"y\">{}</select></label>\
         <span class=\"zoom\"><button type=\"button\" id=\"nearer\" title=\"zoom in\" aria-label=\"zoom in\">+</button>\
         <button type=\"button\" id=\"farther\" title=\"zoom out\" aria-label=\"zoom out\">−</button>\
         <button type=\"button\" id=\"everything\">Show all</button>\
         <button type=\"button\" id=\"reset\">Reset</button></span></div>\n\
         <div class=\"split\"><div class=\"stage\"><canvas id=\"plot\" tabindex=\"0\" role=\"application\" \
         aria-label=\"Trials by cost and accuracy. Arrow keys step through the trials, plus and minus zoom, 0 resets.\"></canvas>\
         <div id=\"tip\" hidden></div><div id=\"legend\"></div>\
         <p class=\"hint\"><span id=\"outside\"></span>Drag to move, wheel to zoom once the plot has been clicked, arrow keys to step through trials.</p></div>\n\
         <aside id=\"details\" aria-live=\"polite\"></aside></div>\n\
         <p id=\"table-1\" class=\"hint\" hidden>Diamonds: {}; not measured on this run's \
         data. A diamond is dashed where one of its two numbers is not stated. {}.</p>\n\
         </section>\n",
        options(Metric::Parameters),
        options(plan.quality()),
        escaped(SOURCE),
        escaped(&format!("The words: {}", standings.join("; "))),
    )
}

/// The members of the front as a table, then as pictures.
pub(super) fn front(report: &Report<'_>) -> String {
    let FrontFile { members, .. } = &report.run.front;
    if members.is_empty() {
        return "<section id=\"front\">\n<h2>The front</h2>\n<p>No trial has met the indicator on the last rung.</p>\n\
                </section>\n"
            .to_owned();
    }
    let plan = report.plan;
    let mut columns = vec![
        Column::left("trial", |row: &FrontRow| Cell::trial(row.trial)),
        Column::left("variant", |row: &FrontRow| {
            Cell::list(row.variants.iter().map(ToString::to_string).collect())
        }),
    ];
    let mut metrics = plan.shown();
    if !metrics.contains(&Metric::PeakActivations) {
        metrics.push(Metric::PeakActivations);
    }
    columns.extend(
        metrics
            .into_iter()
            .map(|metric| Column::metric(metric, move |row: &FrontRow| row.metrics().get(metric))),
    );
    columns.push(Column::net_score(|row: &FrontRow| Some(row.net_score)));
    let listed = Table::new(&columns, members.iter().take(MAX_ROWS));
    let networks = &report.run.networks;
    let mut html = format!(
        "<section id=\"front\">\n<h2>The front</h2>\n<p>Feasible trials that no other feasible trial beats in every \
         objective, the best in {} first.</p>\n{}<h3>Networks</h3>\n<p class=\"hint\">Height and number: channels. \
         3×3 unless noted, a line below marks a stride, ⊕ a sum. Point at a node for its shape and what it reads.{}</p>\n",
        plan.quality(),
        listed.html()
            + &above_family(&leads(&report.run.trials, report.decisions, plan), plan.quality())
                .map_or(String::new(), |text| format!("<p class=\"hint\">{}</p>", escaped(&text)))
            + &match members.len().saturating_sub(MAX_ROWS) {
                0 => String::new(),
                more =>
                    format!("<p class=\"hint\">{more} more: <code>netsynth front show</code> prints all.</p>"),
            },
        match members.len() - networks.len() {
            0 => String::new(),
            more => format!(" {more} more are not drawn; <code>netsynth draw</code> draws any."),
        }
    );
    for (trial, network) in networks {
        let Some(row) = members.iter().find(|row| row.trial == *trial) else { continue };
        html += &picture(row, plan.quality(), network);
    }
    html + "</section>\n"
}

fn variants_of(row: &FrontRow) -> String {
    row.variants.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn picture(row: &FrontRow, quality: Metric, network: &Graph) -> String {
    let open = if row.variants.is_empty() { "" } else { " open" };
    let variants = if row.variants.is_empty() { String::new() } else { format!(" · {}", variants_of(row)) };
    format!(
        "<details{open}><summary>Trial {}{variants} · {} · {} parameters</summary>\n<div class=\"wide\">{}</div></details>\n",
        row.trial,
        value_of(row, quality),
        count(row.cost.parameters),
        drawing_in_page(network)
    )
}

/// A name at the beginning of a sentence.
fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Hypervolume over trials, and the rungs.
pub(super) fn progress(report: &Report<'_>) -> String {
    let Report { plan, run, .. } = report;
    let mut html = "<section id=\"progress\">\n<h2>Progress</h2>\n<div class=\"pair\">\n".to_owned();
    let volumes = volumes(report);
    let below = "trials, in the order of their numbers";
    html += "<figure><figcaption>Hypervolume</figcaption>";
    html += &match volumes.last() {
        Some(_) => steps(&volumes, run.trials.len(), below),
        None => "<p class=\"hint\">None yet: nothing is feasible, or an objective has no bound to measure from.</p>".to_owned(),
    };
    let (picture, is_sample) = climbs(&run.trials, plan.quality(), plan.rungs.len());
    let sample = if is_sample { ", a sample of trials" } else { "" };
    let _ = write!(
        html,
        "</figure>\n<figure><figcaption>{} by rung{sample}</figcaption>{picture}</figure>\n</div>\n",
        capitalised(plan.quality().label())
    );
    html += &rungs(report).html();
    html += "<p class=\"hint\">Values of different rungs come of trainings of different length, and are not to be \
             compared.</p>\n";
    html + &curves(run) + "</section>\n"
}

/// Each rung with the values of the quality metric that trials reached on it.
fn rungs(report: &Report<'_>) -> Table {
    let Report { plan, run, .. } = report;
    let rungs = plan.rungs.iter().enumerate().map(|(number, rung)| {
        let mut values: Vec<f64> =
            run.trials.iter().filter_map(|trial| trial.at(number, plan.quality())).collect();
        values.sort_by(f64::total_cmp);
        (number, rung, values)
    });
    type Climbed<'a> = (usize, &'a Rung, Vec<f64>);
    let whole = |heading: &str, of: fn(&Climbed<'_>) -> usize| {
        Column::right(heading, move |rung: &Climbed<'_>| Cell::whole(of(rung)))
    };
    let quality = plan.quality();
    let value = |heading: &str, of: fn(&[f64]) -> Option<f64>| {
        Column::right(&format!("{heading} {quality}"), move |(_, _, values): &Climbed<'_>| {
            Cell::known(of(values), |value| Cell::metric(quality, value))
        })
    };
    let columns = [
        Column::left("rung", |(number, ..): &Climbed<'_>| Cell::whole(*number)),
        whole("epochs", |(_, rung, _)| rung.epochs),
        whole("folds", |(_, rung, _)| rung.folds),
        whole("trials", |(.., values)| values.len()),
        value("median", |values| values.get(values.len() / 2).copied()),
        value("best", |values| values.last().copied()),
    ];
    Table::new(&columns, &rungs.collect::<Vec<_>>())
}

/// The learning curves of the front's members on their last rung.
fn curves(run: &Run) -> String {
    let members =
        run.front.members.iter().filter_map(|row| run.trials.iter().find(|trial| trial.number == row.trial));
    let series: Vec<&[f32]> = members
        .filter_map(|trial| match trial.readings.last()? {
            Measured::Trained(trained) => Some(trained.losses.iter().map(Vec::as_slice)),
            Measured::Failed(_) => None,
        })
        .flatten()
        .take(MAX_CURVES)
        .collect();
    if series.is_empty() {
        return String::new();
    }
    format!(
        "<h3>Learning curves of the front</h3>\n<figure><figcaption>Training loss in nats on the last rung, a line for each \
         member and fold</figcaption>{}</figure>\n",
        losses(&series)
    )
}

/// The hypervolume after every trial that changed it: how many trials there were, and the share.
fn volumes(report: &Report<'_>) -> Vec<(usize, f64)> {
    let Report { plan, run: Run { trials, .. }, .. } = report;
    let mut members: Vec<Trial> = Vec::new();
    let mut volumes = Vec::new();
    for (at, trial) in trials.iter().enumerate() {
        if trial.outcome(&plan.indicator, plan.rungs.len()).feasible().is_none() {
            continue;
        }
        members.push(trial.clone());
        let front = ParetoFront::of(&members, &plan.objectives, &plan.indicator, plan.rungs.len());
        let is_member = front.members.iter().any(|(number, _)| *number == trial.number);
        members.retain(|known| front.members.iter().any(|(number, _)| *number == known.number));
        if let (true, Some(volume)) = (is_member, FrontFile::new(&front, &members, plan).hypervolume) {
            volumes.push((at + 1, volume));
        }
    }
    volumes
}

/// Where the script lists how the generator's laws moved, and how well the advice ranked what came of it.
pub(super) fn log(report: &Report<'_>) -> String {
    let generators = &report.run.generators;
    if generators.is_empty() {
        return String::new();
    }
    let agreement = match advice_ranking(generators) {
        (Some(tau), n_laws) => {
            format!(" Over {} laws the two agree with Kendall's tau {tau:+.2}.", count(n_laws as u64))
        }
        (None, _) => String::new(),
    };
    format!(
        "<section id=\"learned\">\n<h2>How the generator moved</h2>\n<p>{} generators were saved. Of each, the decisions whose \
         laws moved farthest, from the centre before to the centre after. Predicted is by how many decibels the inquisitor \
         expected one choice more, or a yes, to change U; measured is the same among the generator's own trials, by \
         that decision alone.{agreement}</p>\n<div id=\"moves\" class=\"paged\"></div>\n</section>\n",
        generators.len()
    )
}

/// Where the script lists all trials.
pub(super) fn trials(report: &Report<'_>) -> String {
    format!(
        "<section id=\"all\">\n<h2>All {} trials</h2>\n<div id=\"trials\" class=\"paged\"></div>\n</section>\n",
        count(report.run.trials.len() as u64)
    )
}

/// The plan, the environment, and what must be known to read the numbers.
pub(super) fn made_with(notes: &[String], environment: &[(String, String)], plan_text: &str) -> String {
    let notes: String = notes.iter().map(|note| format!("<li>{}</li>\n", escaped(note))).collect();
    let environment: String = environment
        .iter()
        .map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(name), escaped(value)))
        .collect();
    // A line's end is layout here, and `escaped` would make it a space.
    let plan = plan_text.lines().map(escaped).collect::<Vec<_>>().join("\n");
    format!(
        "<section id=\"notes\">\n<h2>How to read the numbers</h2>\n<ol class=\"notes\">\n{notes}</ol>\n</section>\n\
         <section id=\"made\">\n<h2>Made with</h2>\n<dl class=\"environment\">\n{environment}</dl>\n\
         <details><summary>The plan</summary><pre>{plan}</pre></details>\n</section>\n</main>\n"
    )
}
