//! Global average pooling.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::buffer::Buffer;
use crate::composition;
use crate::feature_map::{FeatureMap, Kind};
use crate::flex::{self, Operand, Operator, floats};
use crate::simd::LANES;

/// The mean of every plane.
///
/// # Shapes
/// - x: `[batch, channels, height, width]`
/// - output: `[batch, channels]`
pub fn global_avg_pool(x: impl Into<FeatureMap>) -> Tensor<2> {
    match x.into().kind {
        Kind::Plain(x) => composition::global_avg_pool(x),
        Kind::Blocked { blocks, batch } => {
            let shape = blocks.dims();
            let [_, channels, height, width, _] = shape;
            let x = Operand::open(blocks);
            let mut output = Buffer::stale(batch * channels);
            for (index, plane) in x.as_slice().chunks_exact(height * width * LANES).enumerate() {
                let mut sums = [0.0; LANES];
                for pixel in plane.chunks_exact(LANES) {
                    sums.iter_mut().zip(pixel).for_each(|(sum, x)| *sum += x);
                }
                let (block, channel) = (index / channels, index % channels);
                for (image, sum) in (block * LANES..batch).zip(sums) {
                    output[image * channels + channel] = sum / (height * width) as f32;
                }
            }
            flex::record([x], output.into_tensor([batch, channels]), || PoolBackward { shape, batch })
        }
    }
}

#[derive(Clone, Debug)]
struct PoolBackward {
    shape: [usize; 5],
    batch: usize,
}

impl Operator<1> for PoolBackward {
    fn backward(self, gradient: FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let [blocks, channels, height, width, _] = self.shape;
        let gradient = floats(&gradient);
        let mut output = Buffer::stale(blocks * channels * height * width * LANES);
        for (index, plane) in output.chunks_exact_mut(height * width * LANES).enumerate() {
            let (block, channel) = (index / channels, index % channels);
            // Lanes without an image have no gradient: everything before them relies on it.
            let mut lanes = [0.0; LANES];
            for (image, lane) in (block * LANES..self.batch).zip(&mut lanes) {
                *lane = gradient[image * channels + channel] / (height * width) as f32;
            }
            plane.chunks_exact_mut(LANES).for_each(|pixel| pixel.copy_from_slice(&lanes));
        }
        [Some(output.into_tensor(self.shape))]
    }
}
