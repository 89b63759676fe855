use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use miette::Diagnostic;
use netsynth_data::{DataError, PackError};
use netsynth_files::{Shown, in_a_line};
use netsynth_graph::GraphError;
use netsynth_graph::schema::SchemaError;
use netsynth_search::{CountError, SearchError, TableError};
use netsynth_space::SpaceError;
use netsynth_store::{StoreError, TextError};
use netsynth_train::{DeviceError, RecipeError, TrainingFailure, WeightsError};

/// The remedy for an error whose library names none.
const DEFECT: &str = "this is a defect of netsynth: please report it with the command and its input";

/// Why work on a run ended before its end.
#[derive(Debug)]
pub enum RunError {
    /// It was asked to stop. Everything finished is written, and the run can go on.
    Stopped,
    /// It cannot be done: where, why, and what to do about it.
    Refused {
        /// The file, folder or part of a run that is meant, if it is one.
        place: Option<String>,
        /// What is wrong.
        reason: String,
        /// What would help.
        remedy: String,
        /// The library's error behind it.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl RunError {
    /// An error with its remedy.
    pub fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused { place: None, reason: reason.into(), remedy: remedy.into(), source: None }
    }

    /// The same error at a place.
    pub fn at(self, place: impl Into<String>) -> Self {
        match self {
            Self::Stopped => Self::Stopped,
            Self::Refused { reason, remedy, source, .. } => {
                Self::Refused { place: Some(place.into()), reason, remedy, source }
            }
        }
    }

    /// The same error at a place, if it names none yet.
    pub fn or_at(self, place: impl Into<String>) -> Self {
        match self {
            Self::Refused { place: None, .. } => self.at(place),
            Self::Stopped | Self::Refused { .. } => self,
        }
    }

    /// The same error in what a file asks for: that file, and then the place in question.
    pub fn within(self, file: &str) -> Self {
        match self {
            Self::Refused { place: Some(place), reason, remedy, source } => {
                Self::Refused { place: Some(format!("{file}: {place}")), reason, remedy, source }
            }
            other => other.at(file),
        }
    }

    /// The same error with another remedy.
    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        match self {
            Self::Stopped => Self::Stopped,
            Self::Refused { place, reason, source, .. } => {
                Self::Refused { place, reason, remedy: remedy.into(), source }
            }
        }
    }

    /// A library's error about a file.
    pub fn about<E: Into<Self>>(path: &Path) -> impl FnOnce(E) -> Self + '_ {
        move |error| error.into().at(path.shown())
    }

    /// An error about a file that should be such a document as this topic of `netsynth help` shows.
    pub fn about_document(path: &Path, topic: &'static str) -> impl FnOnce(SchemaError) -> Self {
        let place = path.shown();
        move |error| Self::from(error.shown_by(topic)).at(place)
    }

    /// The system's refusal to read or write at a path.
    pub(crate) fn system(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| StoreError::System { path: path.shown(), source }.into()
    }

    /// The system's refusal to start a thread.
    pub fn no_thread(cause: impl fmt::Display) -> Self {
        let remedy = "allow more threads (ulimit -u), or free some memory";
        Self::new(format!("a thread could not be started: {cause}"), remedy)
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        match self {
            Self::Stopped => "go on with `netsynth resume`",
            Self::Refused { remedy, .. } => remedy,
        }
    }

    /// The error as it is printed: place, reason and remedy.
    pub fn text(&self) -> String {
        format!("error: {self}\n  help: {}", self.remedy())
    }

    /// Whether the operating system refused to read or write: a full disk, a folder without permission.
    pub(crate) fn is_of_the_system(&self) -> bool {
        match self {
            Self::Stopped => false,
            Self::Refused { source, .. } => {
                let store = source.as_deref().and_then(|source| source.downcast_ref::<StoreError>());
                matches!(store, Some(StoreError::System { .. }))
            }
        }
    }

    /// A library's error, with that library's remedy.
    pub fn of<E: Diagnostic + Send + Sync + 'static>(error: E) -> Self {
        let remedy = error.help().map_or_else(|| DEFECT.to_owned(), |help| help.to_string());
        Self::Refused { place: None, reason: error.to_string(), remedy, source: Some(Box::new(error)) }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("it was asked to stop"),
            Self::Refused { place: Some(place), reason, .. } => write!(f, "{}: {reason}", in_a_line(place)),
            Self::Refused { place: None, reason, .. } => f.write_str(reason),
        }
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused { source: Some(source), .. } => Some(source.as_ref()),
            Self::Stopped | Self::Refused { source: None, .. } => None,
        }
    }
}

/// Each library's error becomes a refusal with that library's remedy.
macro_rules! from_libraries {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for RunError {
            fn from(error: $error) -> Self {
                Self::of(error)
            }
        })+
    };
}

from_libraries!(
    DataError,
    PackError,
    GraphError,
    SchemaError,
    CountError,
    SearchError,
    TableError,
    SpaceError,
    StoreError,
    TextError,
    RecipeError,
    TrainingFailure,
    DeviceError,
    WeightsError,
);
