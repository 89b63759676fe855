//! Who worked on a run, and what of that was lost.

use netsynth_store::Attempted;

use super::Report;
use crate::charts::{N_COLOURS, Timeline, timeline};
use crate::markup::escaped;
use crate::numbers::count;
use crate::tables::{Cell, Column, Table};

/// The most lost attempts that are listed.
const MAX_LOST: usize = 50;

/// The attempts at the run's tasks as rows of time, and the lost ones as a table.
pub(super) fn work(report: &Report<'_>) -> String {
    let attempts: Vec<&Attempted> = report.sessions.iter().flatten().collect();
    if attempts.is_empty() {
        return String::new();
    }
    let rows = Timeline::of(&report.sessions);
    let mut parts: Vec<&str> = Vec::new();
    for made in &attempts {
        if !parts.contains(&made.part.as_str()) {
            parts.push(&made.part);
        }
    }
    let lost: Vec<&Attempted> = attempts.iter().copied().filter(|made| made.lost.is_some()).collect();
    let secs = |attempts: &[&Attempted]| attempts.iter().map(|made| made.secs).sum::<f64>();
    let busy = (secs(&attempts) - secs(&lost)) / (rows.secs * rows.workers.len() as f64).max(1e-9);
    let losses = match lost.len() {
        0 => "None was lost.".to_owned(),
        n => format!("{} lost, with {} of work.", count(n as u64), minutes(secs(&lost))),
    };
    let (picture, n_more) = timeline(&rows, &parts);
    let more = match n_more {
        0 => String::new(),
        n => format!(" {} more workers have no row here.", count(n as u64)),
    };
    let mut key: String = parts
        .iter()
        .enumerate()
        .map(|(at, part)| format!("<span><i class=\"part-{}\"></i>{}</span>", at % N_COLOURS, escaped(part)))
        .collect();
    if !lost.is_empty() {
        key += "<span><i class=\"lost\"></i>lost</span>";
    }
    let mut html = format!(
        "<section id=\"work\">\n<h2>Work</h2>\n<p>{} attempts at tasks by {} workers in {}, who had a task for {:.0} % of that \
         time. {losses}</p>\n<p class=\"key\">{key}</p>\n<div class=\"wide\">{picture}</div>\n<p class=\"hint\">A row for each worker, \
         machine by machine; sessions follow each other without the time between them.{more}</p>\n",
        count(attempts.len() as u64),
        count(rows.workers.len() as u64),
        minutes(rows.secs),
        100.0 * busy.min(1.0)
    );
    if !lost.is_empty() {
        let columns = [
            Column::left("lost attempt at", |made: &&Attempted| Cell::text(made.task.as_str())),
            Column::left("machine", |made: &&Attempted| Cell::text(made.host.as_deref().unwrap_or("-"))),
            Column::right("seconds", |made: &&Attempted| Cell::fixed(made.secs, 1)),
            Column::left("why", |made: &&Attempted| Cell::text(made.lost.as_deref().unwrap_or_default())),
        ];
        html += &Table::new(&columns, lost.iter().take(MAX_LOST)).html();
    }
    html + "</section>\n"
}

/// A time as people read it.
fn minutes(secs: f64) -> String {
    match secs {
        secs if secs < 90.0 => format!("{secs:.0} s"),
        secs if secs < 5400.0 => format!("{:.1} minutes", secs / 60.0),
        secs => format!("{:.1} hours", secs / 3600.0),
    }
}
