use super::{Chain, depthwise, normed};
use crate::ops::{Dropout, GlobalAvgPool};
use crate::{Activation, NodeSpec, Op};

pub(super) const ABOUT: &str = "MobileNetV1 of width 1 (Howard et al. 2017) as Keras builds it";

/// Output channels and stride of each depthwise separable block.
const BLOCKS: [(usize, usize); 13] = [
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
];

pub(super) fn nodes(n_classes: usize) -> Vec<NodeSpec> {
    let mut chain = Chain::new();
    chain.then("stem", normed(32, 3, 2, Activation::Relu6));
    let mut channels = 32;
    for (block, (out, stride)) in (1..).zip(BLOCKS) {
        chain.then(&format!("b{block}.depthwise"), depthwise(channels, 3, stride, Activation::Relu6));
        chain.then(&format!("b{block}.pointwise"), normed(out, 1, 1, Activation::Relu6));
        channels = out;
    }
    chain.then("pool", Op::GlobalAvgPool(GlobalAvgPool {}));
    chain.then("dropout", Op::Dropout(Dropout { rate: 0.001 }));
    chain.classes(n_classes)
}
