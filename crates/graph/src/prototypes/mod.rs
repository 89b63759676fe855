//! Published networks with specs that are too long to write by hand, for any image and number of classes.
//!
//! They are built as Keras builds them, so that their known parameter counts can be checked. Keras counts four numbers
//! a channel of batch norm where a deployed network folds them into the convolution before.

mod efficientnet_b0;
mod micro_exp_net;
mod mobilenet_v1;
mod resnet50;

use crate::ops::{Conv, Dense};
use crate::{Activation, ArchitectureSpec, Expectation, INPUT, NodeSpec, Norm, Op, Shape};

/// A published network that is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prototype {
    /// ResNet-50 (He et al. 2016), v1: the stride of a stage is in its first 1x1 convolution.
    ResNet50,
    /// MobileNetV1 (Howard et al. 2017), width 1.
    MobileNetV1,
    /// EfficientNet-B0 (Tan and Le 2019).
    EfficientNetB0,
    /// MicroExpNet (Çuğu, Şener and Akbaş 2017).
    MicroExpNet,
}

impl Prototype {
    /// All of them.
    pub const ALL: [Prototype; 4] =
        [Prototype::ResNet50, Prototype::MobileNetV1, Prototype::EfficientNetB0, Prototype::MicroExpNet];

    /// The name that commands and specs have for it.
    pub fn name(self) -> &'static str {
        match self {
            Prototype::ResNet50 => "resnet50",
            Prototype::MobileNetV1 => "mobilenet-v1",
            Prototype::EfficientNetB0 => "efficientnet-b0",
            Prototype::MicroExpNet => "micro-exp-net",
        }
    }

    /// The network for images of this shape and so many classes.
    pub fn spec(self, input: Shape, n_classes: usize) -> ArchitectureSpec {
        let (about, nodes) = match self {
            Prototype::ResNet50 => (resnet50::ABOUT, resnet50::nodes(n_classes)),
            Prototype::MobileNetV1 => (mobilenet_v1::ABOUT, mobilenet_v1::nodes(n_classes)),
            Prototype::EfficientNetB0 => (efficientnet_b0::ABOUT, efficientnet_b0::nodes(n_classes)),
            Prototype::MicroExpNet => (micro_exp_net::ABOUT, micro_exp_net::nodes(n_classes)),
        };
        let mut spec = ArchitectureSpec::new(self.name(), input, nodes);
        spec.about = about.to_owned();
        spec.expect = self.expectations(input, n_classes);
        spec
    }

    /// What is published for exactly this image and number of classes.
    fn expectations(self, input: Shape, n_classes: usize) -> Vec<Expectation> {
        const IMAGENET: (Shape, usize) = (Shape { channels: 3, height: 224, width: 224 }, 1000);
        const FACES: (Shape, usize) = (Shape { channels: 1, height: 48, width: 48 }, 7);
        let counted = |source: &str, parameters| {
            vec![Expectation {
                source: source.to_owned(),
                parameters: Some(parameters),
                macs: None,
                accuracy: None,
            }]
        };
        match (self, (input, n_classes)) {
            (Prototype::ResNet50, IMAGENET) => {
                counted("Keras applications, with four batch norm numbers a channel", 25_636_712)
            }
            (Prototype::MobileNetV1, IMAGENET) => {
                counted("Keras applications, with four batch norm numbers a channel", 4_253_864)
            }
            (Prototype::EfficientNetB0, IMAGENET) => counted(
                "Keras applications, with four batch norm numbers a channel and seven of the input's normalisation",
                5_330_571,
            ),
            (Prototype::EfficientNetB0, FACES) => vec![Expectation {
                source: "Lee, Wang, Wong 2021, Table 1 (parameters inferred, accuracy stated, CK+ 7 classes)"
                    .to_owned(),
                parameters: Some(4_060_000),
                macs: None,
                accuracy: Some(0.806),
            }],
            _ => Vec::new(),
        }
    }
}

/// Nodes in a row: each reads the one before, if no other is named.
struct Chain {
    nodes: Vec<NodeSpec>,
    end: String,
}

impl Chain {
    fn new() -> Self {
        Self { nodes: Vec::new(), end: INPUT.to_owned() }
    }

    /// A node that reads the end and is the new end.
    fn then(&mut self, name: &str, op: Op) {
        let end = self.end.clone();
        self.joining(name, &[&end], op);
    }

    /// A node that reads these and is the new end.
    fn joining(&mut self, name: &str, from: &[&str], op: Op) {
        let from = from.iter().map(|&node| node.to_owned()).collect();
        self.nodes.push(NodeSpec { name: name.to_owned(), from, op });
        self.end = name.to_owned();
    }

    /// Ends with a linear classifier.
    fn classes(mut self, n_classes: usize) -> Vec<NodeSpec> {
        self.then("classes", Op::Dense(Dense { units: n_classes, activation: Activation::Linear }));
        self.nodes
    }
}

/// A convolution with batch norm.
fn normed(channels: usize, kernel: usize, stride: usize, activation: Activation) -> Op {
    Op::Conv(Conv { channels, kernel, stride, groups: 1, bias: true, norm: Norm::Batch, activation })
}

/// A convolution of each channel by itself, with batch norm.
fn depthwise(channels: usize, kernel: usize, stride: usize, activation: Activation) -> Op {
    Op::Conv(Conv { channels, kernel, stride, groups: channels, bias: true, norm: Norm::Batch, activation })
}
