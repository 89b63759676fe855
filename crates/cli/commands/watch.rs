use std::io::IsTerminal;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use netsynth_files::Shown;
use netsynth_search::{StopReason, Trial};
use netsynth_store::Entry;

use crate::Ending;
use crate::commands::front;
use crate::output::print::{print, terminal_width, visible};
use crate::output::progress::print_line;
use crate::output::status::{picture, standing};
use crate::output::variant::line;
use netsynth_run::RunError;
use netsynth_run::worked;
use netsynth_run::{AtWork, Heartbeat, at_work};
use netsynth_run::{OpenSearch, open_search};
use netsynth_run::{failed_variant, known_variant};

/// How long the folder is left alone after each look; of a large one, longer than looking took.
const PAUSE: Duration = Duration::from_millis(500);

/// Follow a search that another process is at work on.
///
/// Shows how far it is, what workers elsewhere are at, its best networks and its front, until it ends; of a run that has ended, the same once. Only
/// reads: the run and its process are left alone. Ctrl-C ends it. Where nobody is at work on the run it says so and ends with exit
/// code 1.
///
/// Example: netsynth watch runs/search-001
#[derive(Args)]
pub(crate) struct Arguments {
    /// The run's folder
    run: PathBuf,
}

/// How many workers a person is shown.
const MAX_SHOWN: usize = 16;

/// A run as it stands in its folder.
struct Seen {
    trials: Vec<Trial>,
    /// Trials that have a folder, measured or not.
    n_proposed: usize,
    n_readings: usize,
    n_epochs: u64,
    end: Option<StopReason>,
    worked_secs: f64,
    /// What workers elsewhere are at.
    at_work: Vec<AtWork>,
    /// The variants are trained, as far as they are known.
    is_trained: bool,
    /// The finalists are trained from scratch, where the plan wants it.
    is_audited: bool,
    /// Nothing more is to come.
    is_over: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let searched = open_search(&arguments.run)?;
    let view = std::io::stdout().is_terminal().then(|| {
        let view = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
        view.set_style(
            ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        view
    });
    let mut last = String::new();
    let mut changed = Instant::now();
    loop {
        let begun = Instant::now();
        let seen = look(&searched)?;
        let pause = PAUSE.max(4 * begun.elapsed());
        let line = seen.line(&searched);
        if line != last {
            changed = Instant::now();
            if view.is_none() && !seen.is_over {
                print(&line)?;
                seen.at_work.iter().try_for_each(|made| print(format!("  {}", made_by(made))))?;
            }
            last.clone_from(&line);
        }
        if seen.is_over {
            if let Some(view) = view {
                view.finish_and_clear();
            }
            return farewell(&searched, &seen);
        }
        // Whoever is at work holds the run; who looked before the end must look again.
        if searched.folder.is_idle() && !look(&searched)?.is_over {
            if let Some(view) = view {
                view.finish_and_clear();
            }
            print(&line)?;
            let path = searched.folder.path().shown();
            print_line(format!("nobody is at work on it: `netsynth resume {path}` goes on"));
            return Ok(Ending::Missed);
        }
        if let Some(view) = &view {
            let still = changed.elapsed().as_secs();
            let columns = terminal_width().unwrap_or(80).saturating_sub(1);
            let mut text = format!("{line}\n{}", seen.estimate(&searched));
            if still >= 60 {
                text += &format!("\nnothing has changed for {}", duration(still as f64));
            }
            for made in seen.at_work.iter().take(MAX_SHOWN) {
                text += &format!("\n  {}", made_by(made));
            }
            if let Some(n_more) = seen.at_work.len().checked_sub(MAX_SHOWN + 1) {
                text += &format!("\n  and {} more workers", n_more + 1);
            }
            if let Some(plot) = picture(&seen.trials, &searched.plan.search, columns, 14) {
                text += &format!("\n{plot}");
            }
            view.set_message(visible(&text).into_owned());
            view.tick();
        }
        sleep(pause);
    }
}

/// Reads the folder, and leaves out what cannot be read yet.
fn look(searched: &OpenSearch) -> Result<Seen, RunError> {
    let OpenSearch { folder, plan, space, .. } = searched;
    let (trials, _) = folder.readable_trials(space)?;
    let search = &plan.search;
    let end = folder.end()?.map(|end| end.reason);
    let front = folder.front_of(&trials, search)?;
    let mut picks = front.variants().into_iter();
    // A trainer of the user's own leaves no variants.
    let is_trained = !plan.evaluator.is_netsynth()
        || picks.all(|(variant, _)| {
            matches!(known_variant(folder, variant), Ok(Some(_)))
                || matches!(failed_variant(folder, variant), Ok(Some(_)))
        });
    // While it searches there are no finalists to look for.
    let is_audited = !plan.trains_finalists()
        || (end.is_some() && netsynth_run::known_audit(folder, plan, &front).0.is_over());
    Ok(Seen {
        n_proposed: folder.trial_numbers()?.len(),
        n_readings: trials.iter().map(|trial| trial.readings.len()).sum(),
        n_epochs: trials.iter().map(|trial| search.epochs_of(&trial.cost, trial.readings.len())).sum(),
        worked_secs: worked(folder)?.1,
        is_over: match end {
            None => false,
            Some(StopReason::Failures) => true,
            Some(_) => folder.has(Entry::Front) && is_trained && is_audited,
        },
        at_work: at_work(folder),
        is_trained,
        is_audited,
        end,
        trials,
    })
}

impl Seen {
    /// How far the run is, in a line.
    fn line(&self, searched: &OpenSearch) -> String {
        let plan = &searched.plan;
        let generation = self.trials.last().map_or(0, |trial| trial.generation);
        let phase = match self.end {
            None => format!("generation {generation}"),
            Some(_) if self.is_over => "ended".to_owned(),
            Some(_) if !self.is_audited && (plan.certify || self.is_trained) => "auditing".to_owned(),
            Some(_) => "training the variants".to_owned(),
        };
        let n_top =
            self.trials.iter().filter(|trial| trial.readings.len() == plan.search.rungs.len()).count();
        format!(
            "{}: {phase}; {} of {} trials measured, {n_top} on the last rung, {} trainings; {}",
            searched.folder.path().shown(),
            self.trials.len(),
            plan.search.n_trials.max(self.n_proposed),
            self.n_readings,
            standing(&self.trials, &plan.search)
        )
    }

    /// How long it has worked, and how long it may yet.
    fn estimate(&self, searched: &OpenSearch) -> String {
        let planned = searched.plan.planned_epochs();
        let left =
            self.worked_secs * planned.saturating_sub(self.n_epochs) as f64 / self.n_epochs.max(1) as f64;
        let left = if self.n_epochs == 0 { "unknown".to_owned() } else { duration(left) };
        format!(
            "{} of at most {planned} epochs, {:.0} a minute; {} of work until the last generation, about {left} left",
            self.n_epochs,
            60.0 * self.n_epochs as f64 / self.worked_secs.max(1.0),
            duration(self.worked_secs)
        )
    }
}

/// Prints what came of a run that has ended.
fn farewell(searched: &OpenSearch, seen: &Seen) -> Result<Ending, RunError> {
    let OpenSearch { folder, plan, .. } = searched;
    let search = &plan.search;
    print(seen.line(searched))?;
    if let Some(plot) = picture(&seen.trials, search, terminal_width().unwrap_or(80), 14) {
        print(plot)?;
    }
    let found = folder.front_of(&seen.trials, search)?;
    front::show(&found, &search.shown())?;
    for (variant, _) in found.variants() {
        if let Some(metrics) = known_variant(folder, variant)? {
            print(line(variant, &metrics))?;
        }
    }
    if plan.trains_finalists() && !found.members.is_empty() {
        crate::output::audit::show(&netsynth_run::known_audit(folder, plan, &found).0)?;
    }
    Ok(if found.members.is_empty() { Ending::Missed } else { Ending::Done })
}

/// Who is at a task, and how far.
fn made_by(made: &AtWork) -> String {
    let AtWork { task, attempt, heartbeat } = made;
    let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
    let who = match heartbeat {
        None => "waits".to_owned(),
        Some(Heartbeat { host, process, begun_unix_secs, unix_secs, n_done, n_epochs, .. }) => {
            let since = duration(unix_secs.saturating_sub(*begun_unix_secs) as f64);
            format!("{host} {process}, {n_done} of {n_epochs} epochs in {since}")
        }
    };
    format!("{task}{again}: {who}")
}

/// Seconds as people say them: 45 s, 12 min, 3 h 20 min.
fn duration(secs: f64) -> String {
    let secs = secs.max(0.0).round() as u64;
    match (secs / 3600, secs / 60 % 60) {
        (0, 0) => format!("{secs} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::{AtWork, Heartbeat, duration, made_by};

    #[test]
    fn a_worker_is_named_with_how_far_it_is() {
        let heartbeat = Heartbeat {
            attempt: "trial-00003-a2".to_owned(),
            host: "node7".to_owned(),
            process: 4711,
            begun_unix_secs: 1000,
            unix_secs: 1061,
            n_done: 12,
            n_epochs: 60,
        };
        let mut made = AtWork { task: "trial-00003".to_owned(), attempt: 1, heartbeat: None };
        assert_eq!(made_by(&made), "trial-00003: waits");
        (made.attempt, made.heartbeat) = (2, Some(heartbeat));
        assert_eq!(made_by(&made), "trial-00003 (attempt 2): node7 4711, 12 of 60 epochs in 1 min");
    }

    #[test]
    fn durations_are_rounded_down_to_what_people_say() {
        let said = [0.4, 59.0, 61.0, 3599.0, 3600.0, 12_000.0].map(duration);
        assert_eq!(said, ["0 s", "59 s", "1 min", "59 min", "1 h 0 min", "3 h 20 min"]);
    }
}
