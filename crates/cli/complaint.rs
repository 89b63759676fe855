use std::fmt::Write;
use std::path::Path;

use miette::Diagnostic;

/// What a person is told when a command cannot do what was asked: where, why, and what to do.
#[derive(Debug)]
pub(crate) struct Complaint {
    place: Option<String>,
    reason: String,
    remedy: Option<String>,
}

impl Complaint {
    /// A complaint of the program's own.
    pub(crate) fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: None, reason: reason.into(), remedy: Some(remedy.into()) }
    }

    /// The same about a place.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// A library's error about a file.
    pub(crate) fn about<E: Diagnostic>(path: &Path) -> impl FnOnce(E) -> Self + '_ {
        move |error| Self::from(error).at(path.display().to_string())
    }

    /// Prints it on standard error.
    #[expect(clippy::print_stderr, reason = "the one place where errors are printed")]
    pub(crate) fn print(&self) {
        let mut text = "error: ".to_owned();
        if let Some(place) = &self.place {
            let _ = write!(text, "{place}: ");
        }
        text += &self.reason;
        if let Some(remedy) = &self.remedy {
            let _ = write!(text, "\n  help: {remedy}");
        }
        eprintln!("{text}");
    }
}

impl<E: Diagnostic> From<E> for Complaint {
    fn from(error: E) -> Self {
        let remedy = error.help().map(|help| help.to_string());
        Self { place: None, reason: error.to_string(), remedy }
    }
}
