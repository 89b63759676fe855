use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use netsynth_train::EpochReport;

/// What a person sees on standard error while networks are trained: one bar for all, one for each training.
///
/// Without a terminal the bars are silent and only [`Progress::note`] is heard.
pub(crate) struct Progress {
    all: MultiProgress,
    total: ProgressBar,
    trainings: Mutex<BTreeMap<String, ProgressBar>>,
    is_terminal: bool,
}

/// A line on standard error where there are no bars.
#[expect(clippy::print_stderr, reason = "progress without bars is plain lines")]
pub(crate) fn say_line(line: impl AsRef<str>) {
    eprintln!("{}", line.as_ref());
}

impl Progress {
    /// Progress over this many epochs of all trainings.
    pub(crate) fn new(n_epochs: u64) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template(
            "{bar:24.cyan/blue} {pos}/{len} epochs  {elapsed_precise} elapsed, {eta_precise} left  {msg}",
        );
        let total = all.add(ProgressBar::new(n_epochs));
        total.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        if is_terminal {
            total.enable_steady_tick(Duration::from_millis(500));
        }
        Self { all, total, trainings: Mutex::default(), is_terminal }
    }

    /// A line that stays.
    #[expect(clippy::print_stderr, reason = "progress without a terminal is plain lines")]
    pub(crate) fn note(&self, line: impl AsRef<str>) {
        if self.is_terminal {
            let _ = self.all.println(line);
        } else {
            eprintln!("{}", line.as_ref());
        }
    }

    /// What the bar of all says beside its numbers.
    pub(crate) fn standing(&self, text: String) {
        self.total.set_message(text);
    }

    /// So many epochs that were planned will not be trained.
    pub(crate) fn skip(&self, n_epochs: u64) {
        self.total.set_length(self.total.length().unwrap_or_default().saturating_sub(n_epochs));
    }

    /// One epoch of a training is over.
    pub(crate) fn epoch(&self, training: &str, report: EpochReport) {
        self.total.inc(1);
        let Ok(mut trainings) = self.trainings.lock() else { return };
        let bar = trainings.entry(training.to_owned()).or_insert_with(|| {
            let style =
                ProgressStyle::with_template("  {prefix}  {bar:16.green/white} epoch {pos}/{len}  {msg}");
            let bar = self.all.add(ProgressBar::new(report.n_epochs as u64));
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(training.to_owned());
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
        self.total.finish_and_clear();
    }
}
