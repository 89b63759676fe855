use crate::ops::Refusal;

/// Why a spec is not a network. Each names the node, what is wrong with it, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum GraphError {
    /// The input image cannot be.
    #[error("the input's shape {reason}")]
    #[diagnostic(help("give `input` the channels, height and width of the images you train on"))]
    Input {
        /// What is wrong with it.
        reason: String,
    },
    /// More nodes than a network may have.
    #[error("it has {found} nodes, more than the {limit} a network may have")]
    #[diagnostic(help("check that this is the file you meant"))]
    TooManyNodes {
        /// Nodes in the spec.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A node has a name that no node can have.
    #[error("the node name {node:?} {reason}")]
    #[diagnostic(help("give it a short plain name, such as `stem`"))]
    Name {
        /// The name, or its beginning.
        node: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two nodes share a name, or a node has the name of the input.
    #[error("node `{node}`: the name is taken")]
    #[diagnostic(help("give every node a name of its own; `input` is the image"))]
    NameTaken {
        /// The name.
        node: String,
    },
    /// A node reads a node that does not exist.
    #[error("node `{node}` reads `{input}`, which does not exist")]
    #[diagnostic(help("{remedy}"))]
    UnknownInput {
        /// The reader.
        node: String,
        /// The missing name.
        input: String,
        /// The nearest name there is.
        remedy: String,
    },
    /// Nodes read each other in a circle.
    #[error("node `{node}` reads its own output through {}", path.join(" <- "))]
    #[diagnostic(help("remove one of these wires: a network has no loops"))]
    Cycle {
        /// A node of the circle.
        node: String,
        /// The circle, each read by the one before.
        path: Vec<String>,
    },
    /// An operator refuses its inputs.
    #[error("node `{node}` ({op}) reads {inputs}: {}", refusal.reason)]
    #[diagnostic(help("{}", refusal.remedy))]
    Refused {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// What it reads, with shapes.
        inputs: String,
        /// Why not.
        refusal: Refusal,
    },
    /// A node's output is too large to compute.
    #[error("node `{node}`: its output {reason}")]
    #[diagnostic(help("use fewer channels or a smaller image"))]
    TooLarge {
        /// The node.
        node: String,
        /// The shape and the limit.
        reason: String,
    },
    /// A node that nothing reads is not the classifier, or there are two ends.
    #[error("nothing reads node `{node}`, and the network already ends in `{classifier}`")]
    #[diagnostic(help("wire `{node}` into a later node, or remove it"))]
    Unread {
        /// The loose end.
        node: String,
        /// The classifier.
        classifier: String,
    },
    /// The network does not end in a classifier.
    #[error("the network ends in `{node}` ({op}), which is no classifier")]
    #[diagnostic(help("end it with a Dense node of one unit for each class and activation Linear"))]
    NoClassifier {
        /// The last node.
        node: String,
        /// Its operator.
        op: &'static str,
    },
    /// There is nothing in it.
    #[error("the network has no nodes")]
    #[diagnostic(help("add nodes that lead from `input` to a Dense classifier"))]
    Empty,
}

impl GraphError {
    /// The node the error is about, so that a reader of the file can be shown its line.
    pub fn node(&self) -> Option<&str> {
        match self {
            GraphError::Input { .. } | GraphError::TooManyNodes { .. } | GraphError::Empty => None,
            GraphError::Name { node, .. }
            | GraphError::NameTaken { node }
            | GraphError::UnknownInput { node, .. }
            | GraphError::Cycle { node, .. }
            | GraphError::Refused { node, .. }
            | GraphError::TooLarge { node, .. }
            | GraphError::Unread { node, .. }
            | GraphError::NoClassifier { node, .. } => Some(node),
        }
    }
}
