use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::Shape;

/// Random zeros while training (Srivastava et al. 2014), nothing afterwards.
///
/// # Shapes
/// The output has the input's shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    /// The share of numbers that becomes zero, at least 0 and below 1.
    pub rate: f64,
}

impl Dropout {
    pub(super) fn infer(&self, input: Shape) -> Result<Shape, Refusal> {
        if (0.0..1.0).contains(&self.rate) {
            Ok(input)
        } else {
            Err(Refusal::new(
                format!("its rate is {}", self.rate),
                "give a rate of at least 0.0 and below 1.0",
            ))
        }
    }
}
