//! What is **remembered**: the run folder.
//!
//! ```text
//! runs/NAME/plan.ron provenance.ron               what was asked, and with what it was answered
//! runs/NAME/generators/000.ron ...                G_0, G_1, ...
//! runs/NAME/trials/00042/architecture.ron         the network
//! runs/NAME/trials/00042/candidate.ron            its choices, and what was expected of it
//! runs/NAME/trials/00042/rung-0.ron ...           what each rung measured
//! runs/NAME/front.ron front.csv                   derived from the trials
//! runs/NAME/variants/nano-a/...                   the picks, trained for good
//! ```
//! A file appears whole or not at all, and none is overwritten but the derived ones.

mod error;
mod file;
mod folder;
mod front;
mod trial;

pub use error::StoreError;
pub use folder::{RunFolder, next_name};
pub use front::{FrontFile, FrontRow};
pub use trial::CandidateFile;
