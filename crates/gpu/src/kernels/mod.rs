//! What runs on the device, one operator a file.
//!
//! Activations lie as `[trainings, channels, images, height, width]`: a channel of one training is one run of
//! numbers, whatever its images, so statistics and pixel tiles need no index arithmetic between images.
//! Parameters lie flat, `[trainings, parameters]`. Every kernel has the training in `CUBE_POS_Z` or in its index.
//!
//! No kernel uses atomic additions: sums over images are made in parts of a fixed order, so results repeat to the
//! bit on one device.

#![allow(missing_docs, reason = "a kernel's macro expands to public items without documentation")]
#![allow(
    clippy::too_many_arguments,
    clippy::needless_range_loop,
    clippy::assign_op_pattern,
    clippy::manual_div_ceil,
    clippy::manual_range_contains,
    reason = "a kernel takes buffers and sizes one by one, and its language has no iterators and few methods"
)]

pub(crate) mod adam;
pub(crate) mod batch;
pub(crate) mod conv;
pub(crate) mod conv_weight;
pub(crate) mod dense;
pub(crate) mod elementwise;
pub(crate) mod loss;
pub(crate) mod norm;
pub(crate) mod norm_gradient;
pub(crate) mod pool;
pub(crate) mod weight_tile;
pub(crate) mod window;
