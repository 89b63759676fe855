//! What is **remembered**: the run folder.
//!
#![doc = "```text"]
#![doc = include_str!("layout.txt")]
#![doc = "```"]
//! A file appears whole or not at all, with its checksum, and none is overwritten but the derived ones. [`Entry`] names
//! every file. [`search()`] writes a run; [`check_files`] and [`replay`] verify it.
//!
//! ```
//! use netsynth_store::{Entry, Fold, NetworkFile, RunFolder, RunKind, TrainedNetwork, check_files};
//!
//! #[derive(serde::Serialize)]
//! struct Plan {
//!     schema: u32,
//!     kind: RunKind,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runs = tempfile::tempdir()?;
//! let folder = RunFolder::begin(&runs.path().join("faces"))?;
//! // A folder that has a plan is a run.
//! folder.commit(&Plan { schema: 1, kind: RunKind::Training })?;
//! assert_eq!(folder.kind()?, RunKind::Training);
//!
//! let network = TrainedNetwork::Training { seed: None, fold: Fold::from_index(1) };
//! let weights = Entry::Network(network, NetworkFile::Weights);
//! folder.write_file(weights, b"bytes")?;
//! assert!(folder.path().join("folds/02/weights.safetensors").is_file());
//!
//! let (n_files, findings) = check_files(&RunFolder::open(folder.path())?)?;
//! // The plan, the weights with their checksum, and the lock.
//! assert_eq!((n_files, findings), (4, Vec::new()));
//! # Ok(())
//! # }
//! ```

mod arrivals;
mod atomic;
mod attempted;
mod attempts;
mod audit;
mod certificates;
mod checksum;
mod contents;
mod document;
mod end;
mod error;
mod failure;
mod fold;
mod front;
mod history;
mod layout;
mod learned;
mod listing;
mod record;
mod replay;
mod run_folder;
mod run_kind;
mod run_name;
#[cfg(test)]
mod tests;
mod text;
mod trained;
mod trial;
mod verify;

pub use attempted::{AttemptList, Attempted};
pub use attempts::{AttemptFile, AttemptFolder, Attempts};
pub use audit::{
    Audit, CONFIDENCE, Extent, Finalist, FromScratch, MAX_FINALISTS, audit_trainings, check_audit, finalists,
};
pub use certificates::{Certificates, CertifiedTrial};
pub use checksum::sha256;
pub use document::digest;
pub use end::EndFile;
pub use error::{StoreError, TextError};
pub use fold::Fold;
pub use front::{FrontFile, FrontRow, dominated_share};
pub use layout::{Entry, NetworkFile, TrainedNetwork, TrialFile};
pub use learned::{LearnedFile, LearnedSearch, LearnedTrial};
pub use record::search;
pub use replay::{Replay, replay};
pub use run_folder::RunFolder;
pub use run_kind::RunKind;
pub use run_name::NewRun;
pub use text::read_text;
pub use trained::{FailureFile, Outcome};
pub use trial::{CandidateFile, RungFile, ScreeningFile, trial_weights};
pub use verify::{FileProblem, Finding, check_files};

/// The files of a run's folder, one line each with what it holds.
pub const LAYOUT: &str = include_str!("layout.txt");
