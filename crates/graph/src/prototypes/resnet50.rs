use super::{Chain, normed};
use crate::ops::{Add, GlobalAvgPool, Pool};
use crate::{Activation, NodeSpec, Norm, Op};

pub(super) const ABOUT: &str = "ResNet-50 v1 (He et al. 2016) as Keras builds it";

/// Bottlenecks and inner channels of each stage; a stage puts out four times as many.
const STAGES: [(usize, usize); 4] = [(3, 64), (4, 128), (6, 256), (3, 512)];

pub(super) fn nodes(n_classes: usize) -> Vec<NodeSpec> {
    let mut chain = Chain::new();
    chain.then("stem", normed(64, 7, 2, Activation::Relu));
    chain.then("stem.pool", Op::MaxPool(Pool { kernel: 3, stride: 2 }));
    for (stage, (n_blocks, channels)) in (1..).zip(STAGES) {
        for block in 1..=n_blocks {
            let stride = if block == 1 && stage > 1 { 2 } else { 1 };
            bottleneck(&mut chain, &format!("s{stage}.b{block}"), channels, stride, block == 1);
        }
    }
    chain.then("pool", Op::GlobalAvgPool(GlobalAvgPool {}));
    chain.classes(n_classes)
}

fn bottleneck(chain: &mut Chain, name: &str, channels: usize, stride: usize, is_first: bool) {
    let input = chain.end.clone();
    chain.then(&format!("{name}.conv1"), normed(channels, 1, stride, Activation::Relu));
    chain.then(&format!("{name}.conv2"), normed(channels, 3, 1, Activation::Relu));
    chain.then(&format!("{name}.conv3"), normed(4 * channels, 1, 1, Activation::Linear));
    let inner = chain.end.clone();
    let shortcut = if is_first {
        let project = format!("{name}.project");
        chain.joining(&project, &[&input], normed(4 * channels, 1, stride, Activation::Linear));
        project
    } else {
        input
    };
    let sum = Op::Add(Add { norm: Norm::None, activation: Activation::Relu });
    chain.joining(&format!("{name}.sum"), &[&inner, &shortcut], sum);
}
