//! What may **vary**: prototype + search space -> decisions -> a candidate graph.
//!
//! A [`SearchSpaceSpec`] says by rule what may vary around a prototype; [`SearchSpace::new`] finds the decisions
//! (widths that sums tie together are one decision, links are enumerated); a [`Genome`] holds a choice for each,
//! and [`SearchSpace::decode`] turns any genome into a valid graph.

mod blocks;
mod decision;
mod decisions;
mod decode;
mod descent;
mod drafts;
mod error;
mod genome;
mod space;
mod spec;
mod stream;
mod sums;
mod survey;
mod template;

pub use decision::{Decision, Domain, Kind};
pub use decisions::Decisions;
pub use descent::descend;
pub use error::SpaceError;
pub use genome::{Genome, NamedGenome};
pub use space::{Counted, SearchSpace, Space};
pub use spec::{Links, SearchSpaceSpec, Widths};
pub use stream::{Stream, stream};
pub use survey::{Spread, Survey, survey};
