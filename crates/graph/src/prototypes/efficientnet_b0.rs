use super::{Chain, depthwise, normed};
use crate::ops::{Add, Dropout, GlobalAvgPool, SqueezeExcite};
use crate::{Activation, NodeSpec, Op};

pub(super) const ABOUT: &str =
    "EfficientNet-B0 (Tan and Le 2019) as Keras builds it, without its stochastic depth";

/// A stage of inverted residual blocks with channel attention.
struct Stage {
    n_blocks: usize,
    kernel: usize,
    stride: usize,
    expansion: usize,
    channels: usize,
}

const STAGES: [Stage; 7] = [
    Stage { n_blocks: 1, kernel: 3, stride: 1, expansion: 1, channels: 16 },
    Stage { n_blocks: 2, kernel: 3, stride: 2, expansion: 6, channels: 24 },
    Stage { n_blocks: 2, kernel: 5, stride: 2, expansion: 6, channels: 40 },
    Stage { n_blocks: 3, kernel: 3, stride: 2, expansion: 6, channels: 80 },
    Stage { n_blocks: 3, kernel: 5, stride: 1, expansion: 6, channels: 112 },
    Stage { n_blocks: 4, kernel: 5, stride: 2, expansion: 6, channels: 192 },
    Stage { n_blocks: 1, kernel: 3, stride: 1, expansion: 6, channels: 320 },
];

pub(super) fn nodes(n_classes: usize) -> Vec<NodeSpec> {
    let mut chain = Chain::new();
    chain.then("stem", normed(32, 3, 2, Activation::Swish));
    let mut channels = 32;
    for (number, stage) in (1..).zip(STAGES) {
        for block in 1..=stage.n_blocks {
            let stride = if block == 1 { stage.stride } else { 1 };
            inverted_residual(&mut chain, &format!("s{number}.b{block}"), channels, &stage, stride);
            channels = stage.channels;
        }
    }
    chain.then("top", normed(1280, 1, 1, Activation::Swish));
    chain.then("pool", Op::GlobalAvgPool(GlobalAvgPool {}));
    chain.then("dropout", Op::Dropout(Dropout { rate: 0.2 }));
    chain.classes(n_classes)
}

fn inverted_residual(chain: &mut Chain, name: &str, channels: usize, stage: &Stage, stride: usize) {
    let input = chain.end.clone();
    let wide = channels * stage.expansion;
    if stage.expansion > 1 {
        chain.then(&format!("{name}.expand"), normed(wide, 1, 1, Activation::Swish));
    }
    chain.then(&format!("{name}.depthwise"), depthwise(wide, stage.kernel, stride, Activation::Swish));
    // A quarter of the block's input, not of what it is expanded to.
    let attention = SqueezeExcite { reduced: (channels / 4).max(1), activation: Activation::Swish };
    chain.then(&format!("{name}.attention"), Op::SqueezeExcite(attention));
    chain.then(&format!("{name}.project"), normed(stage.channels, 1, 1, Activation::Linear));
    if stride == 1 && channels == stage.channels {
        let inner = chain.end.clone();
        chain.joining(&format!("{name}.sum"), &[&inner, &input], Op::Add(Add::default()));
    }
}
