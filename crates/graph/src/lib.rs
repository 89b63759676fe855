//! What an architecture **is**: operators, the RON spec, the valid graph, shapes, cost and identity.
//!
//! A file is an [`ArchitectureSpec`]; [`Graph::new`] checks it once, and a [`Graph`] that exists is valid:
//! acyclic, every shape agrees, one input, one classifier. Nothing here touches a file, a clock or chance.
//!
//! ```
//! use netsynth_graph::{ArchitectureSpec, Graph};
//!
//! let text = r#"(schema: 1, name: "tiny", input: (channels: 1, height: 8, width: 8), nodes: [
//!     (name: "stem", from: ["input"], op: Conv(channels: 4, stride: 2, norm: Batch, activation: Relu)),
//!     (name: "pool", from: ["stem"], op: GlobalAvgPool()),
//!     (name: "classes", from: ["pool"], op: Dense(units: 2)),
//! ])"#;
//! let graph = Graph::new(&ArchitectureSpec::from_ron(text)?)?;
//! // The convolution has 4 * 9 weights and, with its norm folded, 4 biases; the classifier 4 * 2 weights and 2 biases.
//! assert_eq!(graph.cost().parameters, 40 + 10);
//! assert_eq!(graph.cost().macs, 4 * 9 * 4 * 4 + 4 * 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cost;
mod difference;
mod error;
mod graph;
mod id;
pub mod ops;
pub mod program;
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
