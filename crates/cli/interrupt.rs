//! What asks the program to stop: Ctrl-C, SIGTERM, a closed terminal.

use std::process::exit;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use netsynth_run::RunError;

use crate::output::log;
use crate::output::print::print_error_line;

/// The exit code of a command that was asked to stop: 128 and the number of SIGINT, as shells have it.
pub(crate) const STOPPED: u8 = 130;

/// For so long a request counts once: `timeout` and shells send the same signal to a process and to its group.
const ECHO: Duration = Duration::from_millis(100);
/// How often it is looked whether trainings are still in flight, and for so many looks without one the command has time to
/// end in order.
const LOOK: Duration = Duration::from_millis(20);
const MAX_IDLE_LOOKS: u32 = 50;

static IS_ASKED: AtomicBool = AtomicBool::new(false);
/// How many executors have trainings in flight.
static N_AT_WORK: AtomicUsize = AtomicUsize::new(0);
/// The command that goes on with what is at work.
static GOES_ON: Mutex<String> = Mutex::new(String::new());

/// From now on a request to stop asks for an end in order, after the trainings in flight; the second ends the program at
/// once. Where nothing is in flight, as while images are read or networks proposed, the end is not waited for. Nothing
/// written is lost in any case.
pub(crate) fn listen() -> Result<(), RunError> {
    requests::listen().map_err(|error| {
        let reason = format!("the thread that hears signals could not be started: {error}");
        RunError::new(reason, "allow more threads (ulimit -u)")
    })
}

/// Whether an end in order was asked for.
pub(crate) fn is_asked() -> bool {
    IS_ASKED.load(Ordering::SeqCst)
}

/// Names the command that goes on with the run at work.
pub(crate) fn goes_on_with(command: String) {
    *GOES_ON.lock().unwrap_or_else(PoisonError::into_inner) = command;
}

/// As long as this lives, an end is waited for.
pub(crate) struct AtWork(());

/// Trainings begin.
pub(crate) fn at_work() -> AtWork {
    N_AT_WORK.fetch_add(1, Ordering::SeqCst);
    AtWork(())
}

impl Drop for AtWork {
    fn drop(&mut self) {
        N_AT_WORK.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits for the end after the first request; `is_repeated` says whether there was another.
fn stop(mut is_repeated: impl FnMut() -> bool) -> ! {
    IS_ASKED.store(true, Ordering::SeqCst);
    std::thread::sleep(ECHO);
    is_repeated();
    print_error_line(
        "stopping after the trainings in flight; once more stops at once, and nothing finished is lost",
    );
    let mut n_idle = 0;
    while n_idle < MAX_IDLE_LOOKS {
        std::thread::sleep(LOOK);
        if is_repeated() {
            exit(STOPPED.into());
        }
        n_idle = if N_AT_WORK.load(Ordering::SeqCst) == 0 { n_idle + 1 } else { 0 };
    }
    let command = GOES_ON.lock().unwrap_or_else(PoisonError::into_inner);
    print_error_line(match command.as_str() {
        "" => "stopped".to_owned(),
        command => format!("stopped; `{command}` goes on"),
    });
    log::end::<()>(&Err(RunError::Stopped));
    exit(STOPPED.into())
}

#[cfg(unix)]
mod requests {
    use std::io;
    use std::thread;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    pub(super) fn listen() -> io::Result<()> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        if !is_hangup_ignored() {
            signals.add_signal(SIGHUP)?;
        }
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            signals.forever().next();
            // A terminal that closes says so to the program and to its group, and the shell says it again.
            super::stop(|| signals.pending().any(|signal| signal != SIGHUP))
        })?;
        Ok(())
    }

    /// Whether somebody (`nohup`) wants the program to outlive its terminal.
    fn is_hangup_ignored() -> bool {
        // SAFETY: with no new action, the call only fills `now`, for which all zeros is a value.
        #[allow(unsafe_code)]
        let now = unsafe {
            let mut now: libc::sigaction = std::mem::zeroed();
            libc::sigaction(SIGHUP, std::ptr::null(), &raw mut now);
            now
        };
        now.sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(not(unix))]
mod requests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::{io, thread};

    pub(super) fn listen() -> io::Result<()> {
        static N_REQUESTS: AtomicUsize = AtomicUsize::new(0);
        let heard = || {
            if N_REQUESTS.fetch_add(1, Ordering::SeqCst) == 0 {
                let repeated = || N_REQUESTS.swap(1, Ordering::SeqCst) > 1;
                let _ = thread::Builder::new().spawn(move || super::stop(repeated));
            }
        };
        ctrlc::set_handler(heard).map_err(io::Error::other)
    }
}
