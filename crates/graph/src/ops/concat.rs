use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::Shape;

/// Channels of two or more activations, one after the other.
///
/// # Shapes
/// Inputs of one resolution; the output has the sum of their channels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Concat {}

pub(super) fn infer(inputs: &[Shape]) -> Result<Shape, Refusal> {
    match inputs {
        [] | [_] => Err(Refusal::new(
            format!("it has {} input, and joining needs at least two", inputs.len()),
            "list every input in `from`",
        )),
        [first, rest @ ..] => {
            if rest.iter().all(|shape| shape.same_resolution(first)) {
                Ok(Shape { channels: inputs.iter().map(|shape| shape.channels).sum(), ..*first })
            } else {
                Err(Refusal::new(
                    "its inputs have different resolutions",
                    "bring them to one resolution with a strided 1x1 Conv or a pool",
                ))
            }
        }
    }
}
