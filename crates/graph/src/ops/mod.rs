//! The operators a network is made of, one file each.
//!
//! An operator knows its output shape and its cost. Norm and activation are fields of `Conv` and `Add`, not
//! nodes: a spec reads like the figure of a paper, and the fused kernel falls out of it.

mod add;
mod concat;
mod conv;
mod dense;
mod dropout;
mod pool;
mod squeeze_excite;

pub use add::Add;
pub use concat::Concat;
pub use conv::Conv;
pub use dense::Dense;
pub use dropout::Dropout;
pub use pool::{GlobalAvgPool, Pool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use squeeze_excite::SqueezeExcite;

use crate::{NodeCost, Shape};

/// A pointwise nonlinearity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Activation {
    /// None: the identity.
    #[default]
    Linear,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)` (MobileNet).
    Relu6,
    /// `x * sigmoid(x)`, also called SiLU (EfficientNet).
    Swish,
}

/// What normalises a node's output before its activation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Norm {
    /// Nothing.
    #[default]
    None,
    /// Batch normalisation over batch, rows and columns (Ioffe and Szegedy 2015).
    Batch,
}

/// One operator of an architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Op {
    /// Two-dimensional convolution, then norm, then activation.
    Conv(Conv),
    /// Sum of two or more activations of one shape, then norm, then activation.
    Add(Add),
    /// Channels of two or more activations, one after the other.
    Concat(Concat),
    /// Largest value of a window.
    MaxPool(Pool),
    /// Mean value of a window; the border does not count.
    AvgPool(Pool),
    /// Mean of each channel's plane.
    GlobalAvgPool(GlobalAvgPool),
    /// Channel attention (Hu et al. 2018).
    SqueezeExcite(SqueezeExcite),
    /// Random zeros while training, nothing afterwards.
    Dropout(Dropout),
    /// A matrix product; the last one is the classifier.
    Dense(Dense),
}

/// Why an operator refuses its inputs, and what the user can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, with the shapes.
    pub reason: String,
    /// What would make it right.
    pub remedy: String,
}

impl Refusal {
    fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: remedy.into() }
    }
}

impl Op {
    /// The operator's name as a spec writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Conv(_) => "Conv",
            Op::Add(_) => "Add",
            Op::Concat(_) => "Concat",
            Op::MaxPool(_) => "MaxPool",
            Op::AvgPool(_) => "AvgPool",
            Op::GlobalAvgPool(_) => "GlobalAvgPool",
            Op::SqueezeExcite(_) => "SqueezeExcite",
            Op::Dropout(_) => "Dropout",
            Op::Dense(_) => "Dense",
        }
    }

    /// The output's shape, or why these inputs cannot be.
    pub fn infer(&self, inputs: &[Shape]) -> Result<Shape, Refusal> {
        match self {
            Op::Conv(conv) => conv.infer(single(inputs)?),
            Op::Add(_) => add::infer(inputs),
            Op::Concat(_) => concat::infer(inputs),
            Op::MaxPool(pool) | Op::AvgPool(pool) => pool.infer(single(inputs)?),
            Op::GlobalAvgPool(_) => Ok(Shape::vector(single(inputs)?.channels)),
            Op::SqueezeExcite(attention) => attention.infer(single(inputs)?),
            Op::Dropout(dropout) => dropout.infer(single(inputs)?),
            Op::Dense(dense) => dense.infer(single(inputs)?),
        }
    }

    /// Parameters and multiply-accumulates, given inputs that [`Op::infer`] accepted.
    pub fn cost(&self, inputs: &[Shape], output: Shape) -> NodeCost {
        match self {
            Op::Conv(conv) => conv.cost(inputs[0], output),
            Op::Add(add) => add.cost(output),
            Op::SqueezeExcite(attention) => attention.cost(output),
            Op::Dense(dense) => dense.cost(inputs[0]),
            Op::Concat(_) | Op::MaxPool(_) | Op::AvgPool(_) | Op::GlobalAvgPool(_) | Op::Dropout(_) => {
                NodeCost::default()
            }
        }
    }

    /// Whether the order of the inputs means nothing.
    pub(crate) fn is_symmetric(&self) -> bool {
        matches!(self, Op::Add(_))
    }
}

fn single(inputs: &[Shape]) -> Result<Shape, Refusal> {
    match inputs {
        [input] => Ok(*input),
        _ => Err(Refusal::new(
            format!("it takes one input and has {}", inputs.len()),
            "join them with an Add or a Concat first",
        )),
    }
}
