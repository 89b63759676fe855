//! Who was at work when: a row for each worker, a bar for each attempt at a task.

use std::collections::BTreeMap;
use std::fmt::Write;

use netsynth_store::Attempted;

use super::area::Area;
use super::axis::{Axis, Notation};
use crate::markup::escaped;

const WIDTH: f64 = 1040.0;
const LEFT: f64 = 150.0;
const ROW: f64 = 18.0;
const BAR: f64 = 13.0;

/// The most workers that have a row.
const MAX_ROWS: usize = 60;

/// Letters of a machine's name that fit beside its row.
const MAX_NAME: usize = 20;

/// How many intervals the scale of time has, about.
const N_NUMBERS: usize = 8;

/// The work on a run as rows of time.
#[derive(Debug)]
pub(crate) struct Timeline<'a> {
    /// One session after the other, without the time between them.
    pub(crate) secs: f64,
    /// When each session but the first begins.
    pub(crate) seams: Vec<f64>,
    /// By machine, and by number where several are at work on one machine at once.
    pub(crate) workers: Vec<Worker<'a>>,
}

/// What one worker did.
#[derive(Debug)]
pub(crate) struct Worker<'a> {
    pub(crate) host: &'a str,
    /// When each attempt began, in seconds of the timeline.
    pub(crate) attempts: Vec<(f64, &'a Attempted)>,
}

impl<'a> Timeline<'a> {
    /// Of the attempts of each session. Who is at work on one machine at once are workers of their own.
    pub(crate) fn of(sessions: &'a [Vec<Attempted>]) -> Self {
        let mut rows: BTreeMap<&str, Vec<Worker<'a>>> = BTreeMap::new();
        let (mut offset, mut seams) = (0.0, Vec::new());
        for session in sessions.iter().filter(|session| !session.is_empty()) {
            if offset > 0.0 {
                seams.push(offset);
            }
            let begun = session.iter().map(|made| made.begun_unix_secs).fold(f64::INFINITY, f64::min);
            let ended = session.iter().map(Attempted::ended_unix_secs).fold(0.0, f64::max);
            let mut by_begin: Vec<&Attempted> = session.iter().collect();
            by_begin.sort_by(|one, other| one.begun_unix_secs.total_cmp(&other.begun_unix_secs));
            for made in by_begin {
                let host = made.host.as_deref().unwrap_or(NOBODY);
                let at = made.begun_unix_secs - begun + offset;
                let workers = rows.entry(host).or_default();
                // Workers elsewhere say in whole seconds when they began: what that overlaps is no overlap.
                let slack = if made.begun_unix_secs.fract() == 0.0 { 1.0 } else { 1e-3 };
                let is_free = |worker: &&mut Worker<'_>| {
                    worker.attempts.last().is_none_or(|(from, last)| from + last.secs <= at + slack)
                };
                match workers.iter_mut().find(is_free) {
                    Some(worker) => worker.attempts.push((at, made)),
                    None => workers.push(Worker { host, attempts: vec![(at, made)] }),
                }
            }
            offset += ended - begun;
        }
        Self { secs: offset, seams, workers: rows.into_values().flatten().collect() }
    }
}

/// In the place of a machine's name, for an attempt that nobody began.
const NOBODY: &str = "not begun";

/// The rows of a timeline, with a colour for each of these parts of the work; and how many workers have no row.
pub(crate) fn timeline(timeline: &Timeline<'_>, parts: &[&str]) -> (String, usize) {
    let n_rows = timeline.workers.len().min(MAX_ROWS);
    let area = Area { left: LEFT, top: 6.0, width: WIDTH - LEFT - 14.0, height: ROW * n_rows as f64 };
    let (unit, name) = match timeline.secs {
        secs if secs < 300.0 => (1.0, "seconds of work"),
        secs if secs < 18_000.0 => (60.0, "minutes of work"),
        _ => (3600.0, "hours of work"),
    };
    let x = Axis::rounded(name, Notation::Plain, 0.0, (timeline.secs / unit).max(1e-3), N_NUMBERS);
    let across = |secs: f64| area.across(&x, secs / unit);
    let height = area.bottom() + 40.0;
    let mut svg = format!(
        "<svg class=\"chart timeline\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"attempts of {n_rows} \
         workers over {name}\">\n"
    );
    area.uprights(&mut svg, &x, N_NUMBERS);
    area.numbers(&mut svg, &x, N_NUMBERS);
    for seam in &timeline.seams {
        let _ = writeln!(
            svg,
            "<path class=\"seam\" d=\"M{:.1} {}V{}\"/>",
            across(*seam),
            area.top,
            area.bottom()
        );
    }
    for (row, worker) in timeline.workers.iter().take(MAX_ROWS).enumerate() {
        let y = area.top + ROW * row as f64 + 0.5 * (ROW - BAR);
        let is_first = row == 0 || timeline.workers[row - 1].host != worker.host;
        if is_first {
            let name: String = worker.host.chars().take(MAX_NAME).collect();
            let (x, y) = (area.left - 8.0, y + BAR - 2.0);
            let _ = writeln!(svg, "<text class=\"end\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&name));
        }
        for (at, made) in &worker.attempts {
            let (from, to) = (across(*at), across(at + made.secs));
            let class = match (&made.lost, parts.iter().position(|part| *part == made.part)) {
                (Some(_), _) => "lost".to_owned(),
                (None, part) => format!("part-{}", part.unwrap_or_default() % N_COLOURS),
            };
            let lost = made.lost.as_ref().map_or(String::new(), |reason| format!(", lost: {reason}"));
            let title = format!("{}, {:.1} s{lost}", made.task, made.secs);
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\"><title>{}</title></rect>",
                (to - from - 0.5).max(0.5),
                escaped(&title)
            );
        }
    }
    let middle = area.left + 0.5 * area.width;
    let _ = writeln!(svg, "<text class=\"mid\" x=\"{middle}\" y=\"{}\">{name}</text></svg>", height - 6.0);
    (svg, timeline.workers.len() - n_rows)
}

/// Colours that the page's style has for parts of the work.
pub(crate) const N_COLOURS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn made(host: &str, begun: f64, secs: f64) -> Attempted {
        Attempted {
            task: "trial 1".to_owned(),
            part: "rung 0".to_owned(),
            host: Some(host.to_owned()),
            begun_unix_secs: begun,
            secs,
            lost: None,
        }
    }

    #[test]
    fn who_is_at_work_at_once_has_a_row_and_sessions_follow_each_other() {
        let sessions = [
            vec![
                made("a", 100.0, 10.0),
                made("a", 102.0, 20.0),
                made("b", 100.0, 5.0),
                made("a", 110.0, 9.0),
            ],
            Vec::new(),
            vec![made("a", 5000.0, 7.0)],
        ];
        let timeline = Timeline::of(&sessions);
        assert_eq!((timeline.secs, timeline.seams.as_slice()), (29.0, [22.0].as_slice()));
        let rows: Vec<(&str, Vec<f64>)> = timeline
            .workers
            .iter()
            .map(|worker| (worker.host, worker.attempts.iter().map(|(at, _)| *at).collect()))
            .collect();
        assert_eq!(rows, [("a", vec![0.0, 10.0, 22.0]), ("a", vec![2.0]), ("b", vec![0.0])]);
    }
}
