use crate::template::MAX_WIDTH_FACTOR;

/// Why a search space cannot be built, or a genome is not of it.
#[derive(Debug, Clone, PartialEq, thiserror::Error, miette::Diagnostic)]
pub enum SpaceError {
    /// The width factors make no range around the prototype.
    #[error("widths from {least} to {most} in steps of {step} do not contain the prototype's width")]
    #[diagnostic(help("give 0 < least <= 1 <= most <= {MAX_WIDTH_FACTOR} and a step of at least 1"))]
    Widths {
        /// Smallest factor.
        least: f64,
        /// Largest factor.
        most: f64,
        /// Channels a step.
        step: usize,
    },
    /// A kernel list that a "same" convolution cannot have, or without the prototype's.
    #[error("kernels {kernels:?}: {reason}")]
    #[diagnostic(help("list odd sides in rising order, the prototype's among them, such as [1, 3, 5]"))]
    Kernels {
        /// The list.
        kernels: Vec<usize>,
        /// What is wrong.
        reason: String,
    },
    /// More than a space may have.
    #[error("{found} {what}, more than the {limit} a search space may have")]
    #[diagnostic(help("take a smaller prototype, or a larger `step` of widths"))]
    TooLarge {
        /// How many there are.
        found: usize,
        /// Of what.
        what: String,
        /// The most there may be.
        limit: usize,
    },
    /// The prototype has something that cannot vary.
    #[error("node `{node}` of the prototype {reason}")]
    #[diagnostic(help("{remedy}"))]
    Prototype {
        /// The node.
        node: String,
        /// What cannot be.
        reason: String,
        /// What to change.
        remedy: String,
    },
    /// Nothing varies.
    #[error("nothing varies in this space")]
    #[diagnostic(help("give `widths`, `kernels`, `least_depth` or `links`"))]
    Empty,
    /// A stored genome names a decision or a value that the space does not have.
    #[error("the genome does not fit the space: {reason}")]
    #[diagnostic(help("use the search space that the run was made with"))]
    Genome {
        /// Which decision, and why.
        reason: String,
    },
}
