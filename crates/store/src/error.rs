use miette::Diagnostic;
use netsynth_graph::GraphError;
use netsynth_graph::schema::SchemaError;
use netsynth_search::SearchError;
use netsynth_space::SpaceError;

/// Why a run folder cannot be written or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum StoreError {
    /// The system refuses.
    #[error("{path}: {source}")]
    #[diagnostic(help("check that the disk has room and that the folder can be written"))]
    System {
        /// The file or folder.
        path: String,
        /// What it says.
        source: std::io::Error,
    },
    /// A file cannot be read as text.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Text(#[from] TextError),
    /// The run is there already.
    #[error("the run {path} exists")]
    #[diagnostic(help(
        "choose another --name, or go on with that search: `netsynth resume {path}`; nothing in a run is overwritten"
    ))]
    Exists {
        /// The folder.
        path: String,
    },
    /// Something that is no run has the run's name.
    #[error("{path} exists and is no run of netsynth")]
    #[diagnostic(help("choose another --name"))]
    Occupied {
        /// What is there.
        path: String,
    },
    /// What should hold the runs is no folder.
    #[error("{path} is no folder, and runs are kept in one")]
    #[diagnostic(help("put a folder in its place, or work in another folder"))]
    NoFolder {
        /// What is there.
        path: String,
    },
    /// A name that is not one folder's.
    #[error("the name {name:?} cannot be a run's")]
    #[diagnostic(help(
        "use letters, digits, `-`, `_` and `.`, at most 100 of them, and begin with a letter or a digit"
    ))]
    Name {
        /// The name.
        name: String,
    },
    /// Another process writes there.
    #[error("another netsynth is at work on {path}")]
    #[diagnostic(help("wait until it is done, or stop it with Ctrl-C; then `netsynth resume {path}`"))]
    Locked {
        /// The folder.
        path: String,
    },
    /// An earlier search teaches this one nothing.
    #[error("nothing can be learned from it: {0}")]
    #[diagnostic(help(
        "learn from searches of the same space around the same prototype; their images may have another size"
    ))]
    Untaught(String),
    /// A measurement of an asynchronous search is not there, and later ones are.
    #[error("the measurement that came as number {} is not there, and later ones such as that of trial {trial} are", place + 1)]
    #[diagnostic(help(
        "restore it from a copy of the run; what followed from it cannot be made again in the order in which it came"
    ))]
    NoPlace {
        /// The trial of a later one.
        trial: usize,
        /// How many came before.
        place: usize,
    },
    /// There is no run.
    #[error("{path} is no run folder: it has no plan.ron")]
    #[diagnostic(help(
        "give a folder that `netsynth search` or `netsynth train` wrote, such as runs/search-001"
    ))]
    NoRun {
        /// The folder.
        path: String,
    },
    /// A file's checksum is not that of its content.
    #[error("{path} is damaged: its checksum is not that of its content")]
    #[diagnostic(help(
        "restore it from a copy of the run. A file below generators/, screening/ (or newborns/), prototype/ or trials/ may also be deleted: \
         `netsynth resume` makes it again, and keeps all others; one below audit/ `netsynth audit` makes again"
    ))]
    Damaged {
        /// The file.
        path: String,
    },
    /// A file was written at another place of a run.
    #[error("{path} was written as {written}: it was moved or copied here")]
    #[diagnostic(help("put every file back where it was written, or restore them from a copy of the run"))]
    Moved {
        /// The file.
        path: String,
        /// Where it was written.
        written: String,
    },
    /// A file's lines end in another way than they were written.
    #[error("{path} was changed at the ends of its lines, as git does where `core.autocrlf` is set")]
    #[diagnostic(help(
        "put the line ends back (`dos2unix`), set `* -text` in .gitattributes and check the run out again, or restore it from a copy of the \
         run"
    ))]
    LineEnds {
        /// The file.
        path: String,
    },
    /// A file was saved in another encoding.
    #[error("{path} was saved in another encoding, as editors do: as UTF-16, or with a byte order mark")]
    #[diagnostic(help(
        "save it as UTF-8 without a byte order mark (`dos2unix` does), or restore it from a copy of the run"
    ))]
    Encoding {
        /// The file.
        path: String,
    },
    /// Something in a run's folder is neither a file nor a folder.
    #[error("{path} is a link or a pipe, or lies too deep, and nothing is written to a run that has such")]
    #[diagnostic(help("put what it leads to in its place, or remove it"))]
    Odd {
        /// What it is.
        path: String,
    },
    /// A file of the run is not what it should be.
    #[error("{path}: {source}")]
    #[diagnostic(help("the file was changed after the run wrote it; restore it from a copy of the run"))]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: SchemaError,
    },
    /// A file of the run holds a number that no run has written.
    #[error("{path}: {reason}")]
    #[diagnostic(help("the file was changed after the run wrote it; restore it from a copy of the run"))]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A candidate's choices make no network, which is a defect.
    #[error("{path}: {source}")]
    #[diagnostic(help("this is a defect of netsynth: please report it with the search space"))]
    Decode {
        /// The trial's folder.
        path: String,
        /// Why there is no network.
        source: Box<netsynth_graph::GraphError>,
    },
    /// A file is there, and this program would write another.
    #[error("{path} is not what this netsynth makes of the run's plan and trials")]
    #[diagnostic(help(
        "go on with the version of netsynth, on the kind of machine, that provenance.ron names; \
         `netsynth verify` says which files differ"
    ))]
    Differs {
        /// The file.
        path: String,
    },
    /// A trial's choices are not of the run's space.
    #[error("{path}: {source}")]
    #[diagnostic(help(
        "the run was made with another search space: restore search-space.ron, prototype.ron and this file from one copy \
         of the run"
    ))]
    OtherSpace {
        /// The file.
        path: String,
        /// What does not fit.
        source: SpaceError,
    },
    /// A trial's network is none.
    #[error("{path}: {source}")]
    #[diagnostic(help("the file was changed after the run wrote it; restore it from a copy of the run"))]
    NoNetwork {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: Box<GraphError>,
    },
    /// The search itself cannot go on.
    #[error("{0}")]
    #[diagnostic(help("{}", remedy(.0)))]
    Search(Box<SearchError>),
}

impl StoreError {
    /// Whether it is of one file alone, so that whoever looks at all files finds it.
    pub fn is_of_a_file(&self) -> bool {
        matches!(
            self,
            StoreError::Damaged { .. }
                | StoreError::Moved { .. }
                | StoreError::LineEnds { .. }
                | StoreError::Encoding { .. }
                | StoreError::Text(_)
        )
    }
}

fn remedy(error: &SearchError) -> String {
    error.help().map(|help| help.to_string()).unwrap_or_default()
}

impl From<SearchError> for StoreError {
    fn from(error: SearchError) -> Self {
        StoreError::Search(Box::new(error))
    }
}

/// Why a file cannot be read as a document.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{path}: {reason}")]
#[diagnostic(help("check that this is the file you meant, and that it may be read"))]
pub struct TextError {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}
