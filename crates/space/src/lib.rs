//! What may **vary**: prototype + search space -> decisions -> a candidate graph.
//!
//! A [`SearchSpaceSpec`] states by rule what may vary around a prototype; [`SearchSpace::new`] finds the decisions
//! (widths that sums tie together are one decision, links are enumerated); a [`Genome`] holds a choice for each,
//! and [`SearchSpace::decode`] turns any genome into a valid graph.
//!
//! ```
//! use netsynth_graph::{ArchitectureSpec, Graph};
//! use netsynth_space::{SearchSpace, SearchSpaceSpec};
//!
//! let prototype = r#"(schema: 1, name: "tiny", input: (channels: 1, height: 8, width: 8), nodes: [
//!     (name: "stem", from: ["input"], op: Conv(channels: 4, activation: Relu)),
//!     (name: "pool", from: ["stem"], op: GlobalAvgPool()),
//!     (name: "classes", from: ["pool"], op: Dense(units: 2)),
//! ])"#;
//! let prototype = Graph::new(&ArchitectureSpec::from_ron(prototype)?)?;
//! let spec = r#"(schema: 1, name: "around tiny", prototype: "tiny", widths: (least: 0.5, most: 2.0), kernels: [1, 3])"#;
//! let space = SearchSpace::new(&SearchSpaceSpec::from_ron(spec)?, &prototype)?;
//!
//! // The width of `stem`, from 2 to 8, and its kernel.
//! assert_eq!(space.decisions().len(), 2);
//! let largest = space.decisions().genome(|_, decision| decision.domain.choices() - 1);
//! assert_eq!(space.decode(&largest, "largest")?.node(0).shape.channels, 8);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blocks;
mod decision;
mod decisions;
mod decode;
mod descent;
mod drafts;
mod error;
mod genome;
mod shape;
mod space;
mod spec;
mod sums;
mod survey;
mod template;

pub use decision::{Decision, Domain, Kind};
pub use decisions::Decisions;
pub use error::SpaceError;
pub use genome::{Genome, NamedGenome};
pub use shape::Shape;
pub use space::{Counted, SearchSpace, Space};
pub use spec::{Links, SearchSpaceSpec, Widths};
pub use survey::{Spread, Survey, survey};
