use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activation, Norm, Refusal};
use crate::{NodeCost, Shape};

/// Sum of two or more activations, then norm, then activation.
///
/// # Shapes
/// Every input has the same shape, and so has the output.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// Normalisation of the sum.
    #[serde(default)]
    pub norm: Norm,
    /// Nonlinearity after the norm.
    #[serde(default)]
    pub activation: Activation,
}

pub(super) fn infer(inputs: &[Shape]) -> Result<Shape, Refusal> {
    match inputs {
        [] | [_] => Err(Refusal::new(
            format!("it has {} input, and a sum needs at least two", inputs.len()),
            "list every summand in `from`",
        )),
        [first, rest @ ..] => match rest.iter().find(|shape| *shape != first) {
            None => Ok(*first),
            Some(other) if other.same_resolution(first) => Err(Refusal::new(
                "its inputs have different numbers of channels",
                "give them the same number of channels, or put a 1x1 Conv before the odd one",
            )),
            Some(_) => Err(Refusal::new(
                "its inputs have different resolutions",
                "bring them to one resolution with a strided 1x1 Conv or a pool",
            )),
        },
    }
}

impl Add {
    pub(super) fn cost(&self, output: Shape) -> NodeCost {
        let parameters = match self.norm {
            Norm::None => 0,
            // A scale and a shift a channel: a norm after a sum folds into no convolution.
            Norm::Batch => 2 * output.channels as u64,
        };
        NodeCost { parameters, trainable_parameters: parameters, macs: 0 }
    }
}
