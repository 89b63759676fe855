use std::fmt::Write;
use std::path::Path;

use miette::Diagnostic;

/// What to do about an error that its library has no remedy for.
const UNKNOWN: &str = "this is a defect of netsynth: please report it with the command and its input";

/// What a person is told when a command cannot do what was asked: where, why, and what to do.
#[derive(Debug)]
pub(crate) struct Complaint {
    place: Option<String>,
    reason: String,
    remedy: String,
}

impl Complaint {
    /// A complaint of the program's own.
    pub(crate) fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: None, reason: reason.into(), remedy: remedy.into() }
    }

    /// The same about a place.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The same about a place, if it names none yet.
    pub(crate) fn or_at(mut self, place: impl Into<String>) -> Self {
        self.place.get_or_insert(place.into());
        self
    }

    /// A library's error about a file.
    pub(crate) fn about<E: Diagnostic>(path: &Path) -> impl FnOnce(E) -> Self + '_ {
        move |error| Self::from(error).at(path.display().to_string())
    }

    /// Prints it on standard error.
    #[expect(clippy::print_stderr, reason = "the one place where errors are printed")]
    pub(crate) fn print(&self) {
        eprintln!("{}", self.text());
    }

    /// Place, reason and remedy.
    pub(crate) fn text(&self) -> String {
        let mut text = "error: ".to_owned();
        if let Some(place) = &self.place {
            let _ = write!(text, "{place}: ");
        }
        text += &self.reason;
        let _ = write!(text, "\n  help: {}", self.remedy);
        text
    }
}

impl<E: Diagnostic> From<E> for Complaint {
    fn from(error: E) -> Self {
        let remedy = error.help().map_or_else(|| UNKNOWN.to_owned(), |help| help.to_string());
        Self { place: None, reason: error.to_string(), remedy }
    }
}
