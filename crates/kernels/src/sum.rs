//! Residual sums of any number of inputs.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use netsynth_graph::Activation;

use crate::composition;
use crate::elementwise;
use crate::feature_map::{FeatureMap, Kind};
use crate::flex::{self, Operand, Operator, floats};
use crate::simd::LANES;

/// The most inputs one operator takes; longer sums are sums of sums.
const WIDEST: usize = 8;

/// The sum of feature maps of one shape, with activation.
///
/// # Shapes
/// - inputs and output: `[batch, channels, height, width]`
pub fn sum(inputs: Vec<FeatureMap>, activation: Activation) -> FeatureMap {
    let dims: Vec<_> = inputs.iter().map(FeatureMap::dims).collect();
    assert!(dims.windows(2).all(|pair| pair[0] == pair[1]), "the inputs of a sum must have one shape");
    assert!(!inputs.is_empty(), "a sum has at least one input");
    if inputs.iter().any(|input| matches!(input.kind, Kind::Plain(_))) {
        let inputs: Vec<_> = inputs.into_iter().map(FeatureMap::into_tensor).collect();
        let whole_vectors = dims[0].iter().product::<usize>() % LANES == 0;
        let fused = whole_vectors && inputs.iter().all(|input| flex::covered(input) && !input.is_autodiff());
        let output = if fused { images(inputs, activation) } else { composition::sum(inputs, activation) };
        return FeatureMap { kind: Kind::Plain(output) };
    }
    let batch = dims[0][0];
    let mut blocks: Vec<Tensor<5>> = inputs.into_iter().filter_map(into_blocks).collect();
    while blocks.len() > WIDEST {
        let rest = blocks.split_off(WIDEST);
        blocks = std::iter::once(fused(blocks, Activation::Linear)).chain(rest).collect();
    }
    FeatureMap { kind: Kind::Blocked { blocks: fused(blocks, activation), batch } }
}

/// The sum outside training.
fn images(inputs: Vec<Tensor<4>>, activation: Activation) -> Tensor<4> {
    let shape = inputs[0].dims();
    let operands: Vec<Operand> = inputs.into_iter().map(Operand::open).collect();
    let slices: Vec<&[f32]> = operands.iter().map(Operand::as_slice).collect();
    flex::untracked(elementwise::sum(&slices, activation).into_tensor(shape), false)
}

fn into_blocks(map: FeatureMap) -> Option<Tensor<5>> {
    match map.kind {
        Kind::Blocked { blocks, .. } => Some(blocks),
        Kind::Plain(_) => None,
    }
}

fn fused(inputs: Vec<Tensor<5>>, activation: Activation) -> Tensor<5> {
    match inputs.len() {
        1 => fused_of::<1>(inputs, activation),
        2 => fused_of::<2>(inputs, activation),
        3 => fused_of::<3>(inputs, activation),
        4 => fused_of::<4>(inputs, activation),
        5 => fused_of::<5>(inputs, activation),
        6 => fused_of::<6>(inputs, activation),
        7 => fused_of::<7>(inputs, activation),
        _ => fused_of::<WIDEST>(inputs, activation),
    }
}

fn fused_of<const N: usize>(inputs: Vec<Tensor<5>>, activation: Activation) -> Tensor<5> {
    let operands: Vec<Operand> = inputs.into_iter().map(Operand::open).collect();
    let shape = operands[0].values.layout().shape().clone();
    let slices: Vec<&[f32]> = operands.iter().map(Operand::as_slice).collect();
    // The derivative of a swish needs its input, that of the others can do with their output.
    let first = if activation == Activation::Swish { Activation::Linear } else { activation };
    let before = elementwise::sum(&slices, first).into_tensor(shape.clone());
    let output = match activation {
        Activation::Swish => elementwise::activate(floats(&before), activation).into_tensor(shape),
        _ => before.clone(),
    };
    let saved = (activation != Activation::Linear).then_some(before);
    let operands: [Operand; N] = operands.try_into().ok().expect("as many inputs as were counted");
    flex::record(operands, output, || SumBackward { activation, saved })
}

#[derive(Clone, Debug)]
struct SumBackward {
    activation: Activation,
    saved: Option<FlexTensor>,
}

impl<const N: usize> Operator<N> for SumBackward {
    fn backward(self, gradient: FlexTensor, wanted: [bool; N]) -> [Option<FlexTensor>; N] {
        let gradient = match &self.saved {
            None => gradient,
            Some(saved) => {
                elementwise::activation_gradient(floats(&gradient), floats(saved), self.activation)
                    .into_tensor(gradient.layout().shape().clone())
            }
        };
        wanted.map(|wanted| wanted.then(|| gradient.clone()))
    }
}
