use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use netsynth_train::EpochReport;
use terminal_size::terminal_size_of;

use crate::output::log;
use crate::output::print::{print_error_line, visible};

/// What a person sees on standard error while networks are trained: how it stands as a picture, a line and a bar for
/// all, and a bar for each training.
///
/// Without a terminal, in a build service (`CI`) and beside a log there is no such view and only [`Progress::note`] is
/// heard.
pub(crate) struct Progress {
    all: MultiProgress,
    reading: ProgressBar,
    picture: ProgressBar,
    standing: ProgressBar,
    total: ProgressBar,
    trainings: Mutex<BTreeMap<String, ProgressBar>>,
    stage: Mutex<Stage>,
    is_live: bool,
}

/// How far a generation is.
#[derive(Default)]
struct Stage {
    rung: usize,
    n_rungs: usize,
    n_measured: usize,
    n_candidates: usize,
    standing: String,
}

/// A line on standard error where there are no bars.
pub(crate) fn print_line(line: impl AsRef<str>) {
    if !log::is_quiet() {
        print_error_line(line);
    }
}

/// Whether standard error is looked at by a person who can see it change.
pub(crate) fn is_live() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var("TERM").is_ok_and(|kind| kind == "dumb");
    std::io::stderr().is_terminal() && !is_set("CI") && !is_dumb && !log::is_quiet() && !log::is_loud()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress {
    /// Progress of work that is not planned yet.
    pub(crate) fn new() -> Self {
        let is_live = is_live();
        let all = MultiProgress::new();
        // Nothing is drawn before it has its place among the others.
        let bar = || ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let (reading, picture, standing, total) = (bar(), bar(), bar(), bar());
        if is_live {
            all.add(reading.clone())
                .set_style(style("{bar:24.cyan/blue} {pos}/{len} images read  {eta_precise} left"));
            all.add(picture.clone()).set_style(style("{msg}"));
            all.add(standing.clone()).set_style(style("{msg}"));
            all.add(total.clone()).set_style(style(
                "{bar:24.cyan/blue} {pos} of {len} epochs at most  {elapsed} elapsed, about {eta} left",
            ));
        }
        Self {
            all,
            reading,
            picture,
            standing,
            total,
            trainings: Mutex::default(),
            stage: Mutex::default(),
            is_live,
        }
    }

    /// A line that stays.
    pub(crate) fn note(&self, line: impl AsRef<str>) {
        if self.is_live {
            let _ = self.all.println(visible(line.as_ref()));
        } else {
            print_line(line);
        }
    }

    /// How the search stands, in words.
    pub(crate) fn standing(&self, text: String) {
        self.staged(|stage| stage.standing = text);
    }

    /// How it stands as a picture of so many columns and rows, where there is a person to see it.
    pub(crate) fn picture(&self, draw: impl FnOnce(usize, usize) -> Option<String>) {
        if !self.is_live {
            return;
        }
        let (columns, rows) = terminal_size_of(std::io::stderr())
            .map_or((80, 24), |(width, height)| (usize::from(width.0), usize::from(height.0)));
        // Lines that come and go with trainings need room too.
        if let (true, Some(text)) = (rows >= 16, draw(columns.min(100) - 1, (rows / 2).min(14))) {
            self.picture.set_message(visible(&text).into_owned());
        }
    }

    /// So many candidates are about to be measured on a rung.
    pub(crate) fn stage(&self, rung: usize, n_rungs: usize, n_candidates: usize) {
        self.staged(|stage| {
            (stage.rung, stage.n_rungs, stage.n_measured, stage.n_candidates) =
                (rung, n_rungs, 0, n_candidates);
        });
    }

    /// One of them was measured.
    pub(crate) fn measured(&self) {
        self.staged(|stage| stage.n_measured += 1);
    }

    fn staged(&self, change: impl FnOnce(&mut Stage)) {
        let Ok(mut stage) = self.stage.lock() else { return };
        change(&mut stage);
        let Stage { rung, n_rungs, n_measured, n_candidates, standing } = &*stage;
        let mut text = format!("rung {} of {n_rungs}: {n_measured} of {n_candidates} measured", rung + 1);
        if !standing.is_empty() {
            text += &format!("; {standing}");
        }
        self.standing.set_message(visible(&text).into_owned());
    }

    /// So many of the data's images are read.
    pub(crate) fn reading(&self, done: usize, all: usize) {
        self.reading.set_length(all as u64);
        self.reading.set_position(done as u64);
        if done == all {
            self.reading.finish_and_clear();
        }
    }

    /// So many epochs may be trained.
    pub(crate) fn plan(&self, n_epochs: u64) {
        self.total.set_length(self.total.length().unwrap_or_default() + n_epochs);
        // The bar would panic where there is no thread for it.
        if self.is_live && thread::Builder::new().spawn(|| {}).is_ok() {
            self.total.enable_steady_tick(Duration::from_millis(500));
        }
    }

    /// So many epochs that were planned will not be trained.
    pub(crate) fn skip(&self, n_epochs: u64) {
        self.total.set_length(self.total.length().unwrap_or_default().saturating_sub(n_epochs));
    }

    /// One epoch of a training is over.
    pub(crate) fn epoch(&self, training: &str, report: EpochReport) {
        self.total.inc(1);
        if !self.is_live {
            return;
        }
        let Ok(mut trainings) = self.trainings.lock() else { return };
        let bar = trainings.entry(training.to_owned()).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::new(report.n_epochs as u64));
            bar.set_style(style("  {prefix}  {bar:16.green/white} epoch {pos}/{len}  {msg}"));
            bar.set_prefix(visible(training).into_owned());
            bar
        });
        bar.set_position(report.epoch as u64 + 1);
        bar.set_message(format!("loss {:.3}", report.loss));
        if report.epoch + 1 == report.n_epochs {
            bar.finish_and_clear();
            trainings.remove(training);
        }
    }

    /// Nothing more is to come.
    pub(crate) fn finish(&self) {
        for bar in [&self.reading, &self.picture, &self.standing, &self.total] {
            bar.finish_and_clear();
        }
    }
}
