//! A convolution with weights that do not change any more.

use std::sync::OnceLock;

use burn::tensor::Tensor;

use super::{
    ConvOptions, Weights, conv2d, direct_weights, forward, forward_weights, geometry, images, output_shape,
};
use crate::feature_map::{FeatureMap, Kind};
use crate::flex::{self, Operand};
use netsynth_graph::Activation;

/// A convolution for inference, with the weights put into the kernels' order once and for all.
///
/// Gives what [`conv2d`] gives, without gradients: for a single image the order of the weights would cost a third
/// of the time.
#[derive(Debug)]
pub struct PreparedConv {
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions,
    activation: Activation,
    /// Where the device has these kernels.
    packed: Option<Weights>,
    /// For images that are too small for Winograd's method, once there is one.
    direct: OnceLock<Weights>,
}

impl PreparedConv {
    /// Prepares the convolution; shapes as in [`conv2d`].
    pub fn new(
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        options: ConvOptions,
        activation: Activation,
    ) -> Self {
        let (weight, bias) = (weight.inner(), bias.map(Tensor::inner));
        let [_, inputs, kernel, _] = weight.dims();
        let packed = flex::covered(&weight).then(|| {
            // The order of the weights is the same for every size of image.
            let geometry = geometry([1, inputs * options.groups, kernel, kernel], &weight, options);
            forward_weights(&geometry, Operand::open(weight.clone()).as_slice())
        });
        Self { weight, bias, options, activation, packed, direct: OnceLock::new() }
    }

    /// The convolution of a batch.
    pub fn forward(&self, x: impl Into<FeatureMap>) -> FeatureMap {
        let x = x.into();
        let geometry = || geometry(x.dims(), &self.weight, self.options);
        let bias = self.bias.clone().filter(|_| self.packed.is_some()).map(Operand::open);
        let bias = bias.as_ref().map(Operand::as_slice);
        let kind = match (&self.packed, &x.kind) {
            (Some(packed), Kind::Plain(x)) if flex::covered(x) && !x.is_autodiff() => {
                let geometry = geometry();
                let weights = if geometry.is_winograd() && !geometry.is_winograd_image() {
                    let direct = || direct_weights(&geometry, Operand::open(self.weight.clone()).as_slice());
                    self.direct.get_or_init(direct)
                } else {
                    packed
                };
                Kind::Plain(images(geometry, x.clone(), weights, bias, self.activation))
            }
            (Some(packed), Kind::Blocked { blocks, batch }) if !blocks.is_autodiff() => {
                let geometry = geometry();
                let operand = Operand::open(blocks.clone());
                let (output, _) = forward(geometry, operand.as_slice(), packed, bias, self.activation, false);
                let output = output.into_tensor(output_shape(&geometry));
                Kind::Blocked { blocks: flex::untracked(output, false), batch: *batch }
            }
            _ => return conv2d(x, self.weight.clone(), self.bias.clone(), self.options, self.activation),
        };
        FeatureMap { kind }
    }
}
