use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activation, Refusal};
use crate::shape::MAX_CHANNELS;
use crate::{NodeCost, Shape};

/// A matrix product with bias, then activation. The last one is the classifier: it is linear, and its units
/// are the classes.
///
/// # Shapes
/// `c x h x w -> units x 1 x 1`; the input is read as one vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Output numbers.
    pub units: usize,
    /// Nonlinearity.
    #[serde(default)]
    pub activation: Activation,
}

impl Dense {
    pub(super) fn infer(&self, _input: Shape) -> Result<Shape, Refusal> {
        if self.units == 0 || self.units > MAX_CHANNELS {
            return Err(Refusal::new(
                format!("it has {} units", self.units),
                format!("give `units` between 1 and {MAX_CHANNELS}"),
            ));
        }
        Ok(Shape::vector(self.units))
    }

    pub(super) fn cost(&self, input: Shape) -> NodeCost {
        let weights = input.elements() * self.units as u64;
        let parameters = weights + self.units as u64;
        NodeCost { parameters, trainable_parameters: parameters, macs: weights }
    }
}
