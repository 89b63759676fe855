use std::sync::atomic::{AtomicBool, Ordering};

use netsynth_run::RunError;

use crate::output::print::print_error_line;

/// The exit code of a command that was asked to stop: 128 and the number of SIGINT, as shells have it.
pub(crate) const STOPPED: u8 = 130;

static IS_ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C, SIGTERM and a closed terminal ask for an end in order; the second time they end the program
/// at once. Nothing written is lost either way.
pub(crate) fn listen() -> Result<(), RunError> {
    let heard = || {
        if IS_ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(STOPPED.into());
        }
        print_error_line(
            "stopping after the trainings in flight; once more stops at once, and nothing finished is lost",
        );
    };
    ctrlc::set_handler(heard)
        .map_err(|error| RunError::new(error.to_string(), "start netsynth from an ordinary terminal"))
}

/// Whether an end in order was asked for.
pub(crate) fn is_asked() -> bool {
    IS_ASKED.load(Ordering::SeqCst)
}
