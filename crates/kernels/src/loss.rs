//! Softmax cross-entropy.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::buffer::Buffer;
use crate::composition;
use crate::flex::{self, Operand, Operator, floats};

/// The mean over the batch of the cross-entropy between target probabilities and softmax(logits).
///
/// The targets may be label-smoothed or mixed; no gradient flows to them.
///
/// # Shapes
/// - logits, targets: `[batch, classes]`
/// - output: `[1]`
pub fn softmax_cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    assert_eq!(logits.dims(), targets.dims(), "logits and targets must have one shape");
    let targets = targets.inner();
    if !flex::covered(&logits) || !flex::covered(&targets) {
        return composition::softmax_cross_entropy(logits, targets);
    }
    let [batch, classes] = logits.dims();
    let (logits, targets) = (Operand::open(logits), Operand::open(targets));
    let mut gradient = Buffer::stale(batch * classes);
    let mut loss = 0.0;
    let rows = logits.as_slice().chunks_exact(classes).zip(targets.as_slice().chunks_exact(classes));
    for ((logits, targets), gradient) in rows.zip(gradient.chunks_exact_mut(classes)) {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        let weight: f32 = targets.iter().sum();
        for ((gradient, logit), target) in gradient.iter_mut().zip(logits).zip(targets) {
            let log_probability = logit - largest - total.ln();
            loss -= f64::from(target * log_probability);
            *gradient = (weight * log_probability.exp() - target) / batch as f32;
        }
    }
    let mut output = Buffer::stale(1);
    output[0] = (loss / batch as f64) as f32;
    let gradient = gradient.into_tensor([batch, classes]);
    flex::record([logits], output.into_tensor([1]), || LossBackward { gradient })
}

#[derive(Clone, Debug)]
struct LossBackward {
    gradient: FlexTensor,
}

impl Operator<1> for LossBackward {
    fn backward(self, gradient: FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let factor = floats(&gradient)[0];
        let mut output = Buffer::stale(self.gradient.layout().num_elements());
        output.iter_mut().zip(floats(&self.gradient)).for_each(|(to, from)| *to = from * factor);
        [Some(output.into_tensor(self.gradient.layout().shape().clone()))]
    }
}
