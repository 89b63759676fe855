use super::Chain;
use crate::ops::{Conv, Dense, Dropout};
use crate::{Activation, NodeSpec, Norm, Op};

pub(super) const ABOUT: &str =
    "MicroExpNet (Çuğu, Şener, Akbaş 2017) as its authors' program builds it, without distillation";

/// Units of the hidden layer in the smallest of its sizes, the one that the authors ship.
const HIDDEN: usize = 16;

pub(super) fn nodes(n_classes: usize) -> Vec<NodeSpec> {
    let mut chain = Chain::new();
    chain.then("conv1", plain(16, 8, 4));
    chain.then("conv2", plain(32, 4, 2));
    chain.then("hidden", Op::Dense(Dense { units: HIDDEN, activation: Activation::Relu }));
    chain.then("dropout", Op::Dropout(Dropout { rate: 0.5 }));
    chain.classes(n_classes)
}

fn plain(channels: usize, kernel: usize, stride: usize) -> Op {
    let activation = Activation::Relu;
    Op::Conv(Conv { channels, kernel, stride, groups: 1, bias: true, norm: Norm::None, activation })
}
