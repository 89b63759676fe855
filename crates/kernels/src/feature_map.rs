//! The value that flows between the fused operators.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::buffer::Buffer;
use crate::flex::{self, Operand, Operator};
use crate::simd::LANES;

/// A batch of feature maps, laid out for the device it is on.
///
/// On the CPU it is a Burn tensor of shape `[batch / 16, channels, height, width, 16]`: sixteen images share every
/// pixel, so each vector instruction does the same work for sixteen images, with no remainder at any width, stride
/// or channel count, and the border of a plane costs nothing. A batch that is no multiple of sixteen is filled up;
/// the fill takes part in nothing that can be seen. On every other device, and for single images outside training,
/// it is the tensor it was made from.
#[derive(Clone, Debug)]
pub struct FeatureMap {
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// `[batch, channels, height, width]`
    Plain(Tensor<4>),
    /// `[batch / LANES, channels, height, width, LANES]`
    Blocked { blocks: Tensor<5>, batch: usize },
}

/// Outside training a smaller batch is better off image by image.
const SMALLEST_BATCH: usize = 8;

impl FeatureMap {
    /// The feature map of a `[batch, channels, height, width]` tensor; differentiable.
    pub fn from_tensor(tensor: Tensor<4>) -> Self {
        let [batch, channels, height, width] = tensor.dims();
        if !flex::covered(&tensor) || !(tensor.is_autodiff() || batch >= SMALLEST_BATCH) {
            return Self { kind: Kind::Plain(tensor) };
        }
        let operand = Operand::open(tensor);
        let pixels = channels * height * width;
        let mut blocks = Buffer::stale(batch.div_ceil(LANES) * pixels * LANES);
        interleave(operand.as_slice(), batch, pixels, &mut blocks);
        let output = blocks.into_tensor([batch.div_ceil(LANES), channels, height, width, LANES]);
        let blocks =
            flex::record([operand], output, || FromTensor { shape: [batch, channels, height, width] });
        Self { kind: Kind::Blocked { blocks, batch } }
    }

    /// The `[batch, channels, height, width]` tensor; differentiable.
    pub fn into_tensor(self) -> Tensor<4> {
        match self.kind {
            Kind::Plain(tensor) => tensor,
            Kind::Blocked { blocks, batch } => {
                let [_, channels, height, width, _] = blocks.dims();
                let pixels = channels * height * width;
                let operand = Operand::open(blocks);
                let mut tensor = Buffer::stale(batch * pixels);
                deinterleave(operand.as_slice(), batch, pixels, &mut tensor);
                let output = tensor.into_tensor([batch, channels, height, width]);
                flex::record([operand], output, || IntoTensor { shape: [batch, channels, height, width] })
            }
        }
    }

    /// `[batch, channels, height, width]`
    pub fn dims(&self) -> [usize; 4] {
        match &self.kind {
            Kind::Plain(tensor) => tensor.dims(),
            Kind::Blocked { blocks, batch } => {
                let [_, channels, height, width, _] = blocks.dims();
                [*batch, channels, height, width]
            }
        }
    }
}

impl From<Tensor<4>> for FeatureMap {
    fn from(tensor: Tensor<4>) -> Self {
        Self::from_tensor(tensor)
    }
}

impl From<FeatureMap> for Tensor<4> {
    fn from(map: FeatureMap) -> Self {
        map.into_tensor()
    }
}

#[derive(Clone, Debug)]
struct FromTensor {
    shape: [usize; 4],
}

impl Operator<1> for FromTensor {
    fn backward(self, gradient: FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let [batch, channels, height, width] = self.shape;
        let mut tensor = Buffer::stale(batch * channels * height * width);
        deinterleave(flex::floats(&gradient), batch, channels * height * width, &mut tensor);
        [Some(tensor.into_tensor(self.shape))]
    }
}

#[derive(Clone, Debug)]
struct IntoTensor {
    shape: [usize; 4],
}

impl Operator<1> for IntoTensor {
    fn backward(self, gradient: FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let [batch, channels, height, width] = self.shape;
        let blocks = batch.div_ceil(LANES);
        let mut buffer = Buffer::stale(blocks * channels * height * width * LANES);
        interleave(flex::floats(&gradient), batch, channels * height * width, &mut buffer);
        [Some(buffer.into_tensor([blocks, channels, height, width, LANES]))]
    }
}

/// `[batch][pixels]` to `[batch / LANES][pixels][LANES]`, zeros where there is no image.
fn interleave(images: &[f32], batch: usize, pixels: usize, blocks: &mut [f32]) {
    for (block, to) in blocks.chunks_exact_mut(pixels * LANES).enumerate() {
        for lane in 0..LANES {
            let image = block * LANES + lane;
            let to = to[lane..].iter_mut().step_by(LANES);
            if image < batch {
                to.zip(&images[image * pixels..]).for_each(|(to, from)| *to = *from);
            } else {
                to.for_each(|to| *to = 0.0);
            }
        }
    }
}

/// The inverse of [`interleave`].
fn deinterleave(blocks: &[f32], batch: usize, pixels: usize, images: &mut [f32]) {
    for (image, to) in images.chunks_exact_mut(pixels).enumerate().take(batch) {
        let from = blocks[image / LANES * pixels * LANES + image % LANES..].iter().step_by(LANES);
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    }
}
