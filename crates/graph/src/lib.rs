//! What an architecture **is**: operators, the RON spec, the valid graph, shapes, cost and identity.
//!
//! A file is an [`ArchitectureSpec`]; [`Graph::new`] checks it once, and a [`Graph`] that exists is valid:
//! acyclic, every shape agrees, one input, one classifier. Nothing here touches a file, a clock or chance.

mod cost;
mod difference;
mod error;
mod graph;
mod id;
pub mod ops;
pub mod prototypes;
pub mod schema;
mod shape;
mod spec;
mod ties;

pub use cost::{Cost, NodeCost};
pub use difference::{Change, Pair, difference};
pub use error::GraphError;
pub use graph::{Graph, Node};
pub use id::ArchitectureId;
pub use ops::{Activation, Norm, Op};
pub use shape::{MAX_CHANNELS, MAX_SIDE, Shape};
pub use spec::{ArchitectureSpec, Expectation, INPUT, NodeSpec};
pub use ties::Ties;
