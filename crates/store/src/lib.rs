//! What is **remembered**: the run folder.
//!
#![doc = "```text"]
#![doc = include_str!("layout.txt")]
#![doc = "```"]
//! A file appears whole or not at all, with its checksum, and none is overwritten but the derived ones.
//! [`search()`] writes a run; [`check_files`] and [`replay`] prove it.

mod audit;
mod end;
mod error;
mod fault;
mod file;
mod folder;
mod front;
mod record;
mod seal;
#[cfg(test)]
mod tests;
mod trial;
mod verify;

pub use audit::{Audit, Extent, Finalist, FromScratch, MAX_FINALISTS, audit_trainings, check_audit};
pub use end::EndFile;
pub use error::{StoreError, TextError};
pub use file::read_text;
pub use folder::RunFolder;
pub use front::{FrontFile, FrontRow, dominated_share};
pub use record::search;
pub use trial::{CandidateFile, RungFile, ScreeningFile};
pub use verify::{Finding, Problem, Replay, check_files, digest, replay};

/// The files of a run's folder, in lines for people.
pub const LAYOUT: &str = include_str!("layout.txt");
