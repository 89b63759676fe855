use netsynth_graph::schema::SchemaError;
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
    /// The run is there already.
    #[error("the run {path} exists")]
    #[diagnostic(help("choose another --name; nothing in a run is ever overwritten"))]
    Exists {
        /// The folder.
        path: String,
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
    /// A file of the run is not what it should be.
    #[error("{path}: {source}")]
    #[diagnostic(help("the file was changed after the run wrote it; restore it from a copy of the run"))]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: SchemaError,
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
    /// A trial's choices are not of the run's space.
    #[error("{path}: {source}")]
    #[diagnostic(help("the run was made with another search space"))]
    OtherSpace {
        /// The file.
        path: String,
        /// What does not fit.
        source: SpaceError,
    },
}
