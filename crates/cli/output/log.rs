//! What the program did, line by line: on standard error with `-v`, and in the run's folder as sessions/NNN.log.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use netsynth_run::RunError;
use tracing::level_filters::LevelFilter;
use tracing::{Level, error, info};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// The log of the session at work, once it has one.
static SESSION: Mutex<Option<File>> = Mutex::new(None);
static IS_QUIET: AtomicBool = AtomicBool::new(false);
static IS_LOUD: AtomicBool = AtomicBool::new(false);

/// How much is written to standard error.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Verbosity {
    /// Log what is done to standard error, in lines with the time instead of a live view; twice for more
    #[arg(short, long, action = clap::ArgAction::Count, global = true, conflicts_with = "quiet")]
    verbose: u8,
    /// Write nothing but results and errors
    #[arg(short, long, global = true)]
    quiet: bool,
}

/// Begins to log.
pub(crate) fn begin(verbosity: Verbosity) {
    IS_QUIET.store(verbosity.quiet, Ordering::Relaxed);
    IS_LOUD.store(verbosity.verbose > 0, Ordering::Relaxed);
    let on_terminal = match verbosity.verbose {
        0 => LevelFilter::OFF,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let in_folder = if verbosity.verbose > 1 { Level::DEBUG } else { Level::INFO };
    // The libraries below have logs of their own, which say nothing of a run.
    let ours = |level: LevelFilter| Targets::new().with_target("netsynth", level);
    let subscriber = tracing_subscriber::registry()
        .with(lines(io::stderr).with_filter(ours(on_terminal)))
        .with(lines(|| SessionLog).with_filter(ours(in_folder.into())));
    // It is only refused where there is one already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Plain lines of time, level and text.
fn lines<S, W>(writer: W) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    // A line that cannot be written is let go; the layer would say so on standard error, and panic there.
    fmt::layer().with_ansi(false).with_target(false).with_writer(writer).log_internal_errors(false)
}

/// Whether nothing but results and errors is wanted.
pub(crate) fn is_quiet() -> bool {
    IS_QUIET.load(Ordering::Relaxed)
}

/// Whether lines of the log go to standard error.
pub(crate) fn is_loud() -> bool {
    IS_LOUD.load(Ordering::Relaxed)
}

/// From now on lines go to this file too.
pub(crate) fn keep_in(file: Option<File>) {
    if let Ok(mut session) = SESSION.lock() {
        *session = file;
    }
}

/// Logs how work on a run ended, and ends the log that it began in the run's folder.
pub(crate) fn end<T>(results: &Result<T, RunError>) {
    match results {
        Ok(_) => info!("session ends"),
        Err(RunError::Stopped) => info!("session was asked to stop"),
        Err(error) => error!("session breaks off: {}", error.text()),
    }
    keep_in(None);
}

/// A log that nobody needs: a line that cannot be written is let go, and the session goes on.
struct SessionLog;

impl Write for SessionLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Ok(mut session) = SESSION.lock()
            && let Some(file) = session.as_mut()
        {
            let _ = file.write_all(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
