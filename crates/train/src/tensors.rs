//! Plain numbers to Burn tensors and back.

use burn::tensor::{Device, Tensor, TensorData};

pub(crate) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The numbers of a tensor in row order.
#[expect(clippy::expect_used, reason = "every tensor of this crate holds 32-bit floats")]
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("tensors hold 32-bit floats")
}
