use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activation, Refusal};
use crate::shape::MAX_CHANNELS;
use crate::{NodeCost, Shape};

/// Channel attention (Hu et al. 2018): the plane means pass a small two-layer network with a sigmoid at its
/// end, and the result scales each channel.
///
/// # Shapes
/// The output has the input's shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqueezeExcite {
    /// Units of the hidden layer.
    pub reduced: usize,
    /// Nonlinearity of the hidden layer.
    #[serde(default = "relu")]
    pub activation: Activation,
}

fn relu() -> Activation {
    Activation::Relu
}

impl SqueezeExcite {
    pub(super) fn infer(&self, input: Shape) -> Result<Shape, Refusal> {
        if self.reduced == 0 || self.reduced > MAX_CHANNELS {
            return Err(Refusal::new(
                format!("its hidden layer has {} units", self.reduced),
                format!("give `reduced` between 1 and {MAX_CHANNELS}"),
            ));
        }
        Ok(input)
    }

    pub(super) fn cost(&self, shape: Shape) -> NodeCost {
        let (channels, reduced) = (shape.channels as u64, self.reduced as u64);
        let parameters = 2 * channels * reduced + reduced + channels;
        NodeCost { parameters, trainable_parameters: parameters, macs: 2 * channels * reduced }
    }
}
