//! How the CPU is **fast**: fused training operators as a Burn backend extension.
//!
//! Every operator takes and gives Burn tensors, takes part in autodiff, and looks at the device at run time: on the
//! Flex CPU backend it runs a kernel of this crate, on every other device Burn's own [`composition`]. Between
//! operators flows a [`FeatureMap`], which lays a batch out the way the device likes it.
//!
//! The instruction set is chosen at run time; `NETSYNTH_SIMD=portable` (or `avx2`, `avx512`, `neon`) asks for another
//! one, to measure it or to rule it out.
//!
//! Of a training step of Nano-B at batch 64 on one AVX-512 core (`perf record` on the `steps` benchmark), the
//! convolutions take 81 %, the normalisations' own passes 7 %, sums 4 %, adding up gradients where a value is used
//! several times 4 %, and page faults, Adam, the loss and Burn's bookkeeping the rest.
//!
//! A result has the same bits for any number of threads and from run to run on one machine.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use netsynth_kernels::{Activation, ConvOptions, FeatureMap, conv2d, global_avg_pool};
//!
//! let device = Device::flex();
//! let (images, weight) = (Tensor::<4>::ones([16, 1, 8, 8], &device), Tensor::<4>::ones([4, 1, 3, 3], &device));
//! let options = ConvOptions { stride: 2, padding: 1, groups: 1 };
//! let map = conv2d(FeatureMap::from_tensor(images), weight, None, options, Activation::Relu);
//! assert_eq!(map.dims(), [16, 4, 4, 4]);
//!
//! // Kernels at the upper and the left border meet two rows or columns of three; the corner meets four pixels.
//! let mean = (9 * 9 + 6 * 6 + 4) as f32 / 16.0;
//! assert_eq!(global_avg_pool(map).into_data().iter::<f32>().next(), Some(mean));
//! ```

#![allow(
    unsafe_code,
    reason = "kernels over raw memory and vector instructions; every block gives its reason"
)]
#![allow(clippy::needless_range_loop, reason = "register tiles are arrays that are indexed together")]

mod activation;
mod adam;
mod batch_norm;
mod buffer;
pub mod composition;
mod conv;
mod elementwise;
mod feature_map;
mod flex;
mod loss;
mod moments;
mod normal;
mod parallel;
mod peak;
mod pool;
mod simd;
mod sum;
#[cfg(test)]
mod tests;

pub use adam::{Adam, AdamOptions, Remembered};
pub use batch_norm::{BatchNormOutput, batch_norm, batch_norm_affine, conv_batch_norm, fold_affine};
pub use conv::{ConvOptions, PreparedConv, conv2d};
pub use feature_map::FeatureMap;
pub use loss::softmax_cross_entropy;
pub use netsynth_graph::Activation;
pub use peak::peak_gflops;
pub use pool::global_avg_pool;
pub use simd::instruction_sets;
pub use sum::sum;
