//! What is **remembered**: the run folder.
//!
//! ```text
//! runs/NAME/plan.ron provenance.ron               what was asked, and with what it was answered
//! runs/NAME/search-space.ron prototype.ron        what varies, around what
//! runs/NAME/generators/000.ron ...                G_0, G_1, ...
//! runs/NAME/trials/00042/architecture.ron         the network
//! runs/NAME/trials/00042/candidate.ron            its choices, and what was expected of it
//! runs/NAME/trials/00042/rung-0.ron ...           what each rung measured
//! runs/NAME/end.ron                               why there are no more trials
//! runs/NAME/front.ron front.csv report.html       derived from the trials
//! runs/NAME/variants/nano-a/...                   the picks, trained for good
//! runs/NAME/sessions/001.ron ...                  when and how long somebody worked on it; nothing depends on it
//! runs/NAME/lock                                  locked while somebody does
//! ```
//! A file appears whole or not at all, with its checksum, and none is overwritten but the derived ones.
//! [`search()`] writes a run; [`check_files`] and [`replay`] prove it.

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

pub use end::EndFile;
pub use error::{StoreError, TextError};
pub use file::read_text;
pub use folder::RunFolder;
pub use front::{FrontFile, FrontRow};
pub use record::search;
pub use trial::{CandidateFile, RungFile};
pub use verify::{Finding, Problem, Replay, check_files, reading_digest, replay};
