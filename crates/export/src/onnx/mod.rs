//! A network as an ONNX model, in 32-bit floats or with 8-bit integers between QuantizeLinear and DequantizeLinear.

mod normalisation;
mod operators;
mod photograph;
#[rustfmt::skip]
mod schema;
mod writer;

use std::ops::RangeInclusive;

use netsynth_data::Crop;
use prost::Message;

use crate::interface::Interface;
use crate::plan::Plan;
use crate::quantised::Quantised;
use normalisation::normalised;
use operators::step;
use schema::tensor_proto::DataType;
use schema::{GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto};
use writer::{Dimension, Writer, axes, int, strings};

/// The versions of the operator set that a model can be written for.
pub const OPSETS: RangeInclusive<i64> = 13..=20;

/// The version that it is written for if nobody asks for another.
pub const OPSET: i64 = 18;

/// How a model is written.
#[derive(Debug, Clone, PartialEq)]
pub struct OnnxOptions {
    /// The version of the operator set, of [`OPSETS`].
    pub opset: i64,
    /// What it reads.
    pub reads: Reads,
}

/// What a model reads, and so how much of the way from a photograph to a label is in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Reads {
    /// Pixels of a photograph of any size, red, green and blue as bytes. All is in the model: the crop unless it depends on
    /// what is seen, gray, the size, normalisation, labels.
    Photograph {
        /// What is kept of a photograph; a face, or a box of a file, is cut out before.
        crop: Crop,
        /// Whether it is looked at in its mirror image, too.
        flip_averaging: bool,
    },
    /// Gray or colour levels, 0 to 255, of the network's size: normalisation and labels are in the model.
    Levels,
    /// The numbers that the first operator reads: all of the way is only said in the model's metadata.
    Numbers,
}

/// The names of a model's input and outputs.
pub(crate) const IMAGE: &str = "image";
pub(crate) const LOGITS: &str = "logits";
const PROBABILITIES: &str = "probabilities";
const LABEL: &str = "label";
/// The names of what finds a label.
const LABELS: &str = "labels";
const CLASS: &str = "class";

/// An ONNX model of a network, as the bytes of its file.
///
/// # Shapes
/// Input `image`: `[batch, height, width, 3]` of a photograph, else `[batch, channels, height, width]`. Outputs `logits` and
/// `probabilities`: `[batch, classes]`; unless numbers are read, `label`: `[batch]`, the name of the most probable class.
pub fn onnx(
    plan: &Plan,
    integers: Option<&Quantised>,
    interface: &Interface,
    options: &OnnxOptions,
) -> Vec<u8> {
    let mut writer = Writer::default();
    let (shape, opset) = (plan.input(), options.opset);
    let levels = match &options.reads {
        Reads::Photograph { crop, .. } => photograph::levels(&mut writer, crop, shape),
        Reads::Levels | Reads::Numbers => IMAGE.to_owned(),
    };
    let normalisation = interface.normalisation.filter(|_| options.reads != Reads::Numbers);
    let mut image = match normalisation {
        Some(normalisation) => normalised(&mut writer, &levels, normalisation, opset),
        None => levels,
    };
    let is_mirrored = matches!(options.reads, Reads::Photograph { flip_averaging: true, .. });
    if is_mirrored {
        image = with_mirror_images(&mut writer, &image, shape.width);
    }
    if let Some(integers) = integers {
        image = writer.quantised(&image, "0:input", integers.scales[0]);
    }
    let mut values = vec![image];
    for number in 0..plan.steps.len() {
        let output = step(&mut writer, plan, integers, number, &values);
        values.push(output);
    }
    let scores = &values[plan.output()];
    if is_mirrored {
        both_ways(&mut writer, scores, plan.classes(), opset);
    } else {
        writer.node("Flatten", &[scores], LOGITS, vec![int("axis", 1)]);
    }
    writer.node("Softmax", &[LOGITS], PROBABILITIES, vec![int("axis", 1)]);
    let (free, fixed) = (Dimension::Free, Dimension::Fixed);
    let (data_type, lengths) = match options.reads {
        Reads::Photograph { .. } => (DataType::Uint8, [free("height"), free("width"), fixed(3)]),
        Reads::Levels | Reads::Numbers => {
            (DataType::Float, [shape.channels, shape.height, shape.width].map(fixed))
        }
    };
    let input = writer::value(IMAGE, data_type, [vec![free("batch")], lengths.to_vec()].concat());
    let of_classes = |name| writer::value(name, DataType::Float, vec![free("batch"), fixed(plan.classes())]);
    let mut outputs = vec![of_classes(LOGITS), of_classes(PROBABILITIES)];
    if options.reads != Reads::Numbers {
        let best = vec![int("axis", 1), int("keepdims", 0)];
        writer.node("ArgMax", &[LOGITS], CLASS, best);
        writer.initializer(strings(LABELS, &interface.labels));
        writer.node("Gather", &[LABELS, CLASS], LABEL, vec![int("axis", 0)]);
        outputs.push(writer::value(LABEL, DataType::String, vec![free("batch")]));
    }
    let graph = GraphProto {
        name: Some(plan.name.clone()),
        node: writer.nodes,
        initializer: writer.initializers,
        input: vec![input],
        output: outputs,
        ..GraphProto::default()
    };
    let model = ModelProto {
        // The first versions of the format that have these operator sets.
        ir_version: Some(match options.opset {
            ..=14 => 7,
            15..=18 => 8,
            _ => 9,
        }),
        producer_name: Some("netsynth".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        model_version: Some(1),
        doc_string: Some(described(plan, interface, &options.reads)),
        opset_import: vec![OperatorSetIdProto { domain: Some(String::new()), version: Some(options.opset) }],
        graph: Some(graph),
        metadata_props: metadata(plan, interface, &options.reads),
        ..ModelProto::default()
    };
    model.encode_to_vec()
}

/// The same model without the nodes that name labels, for runtimes without texts.
///
/// # Errors
/// The bytes are no model.
pub(crate) fn without_labels(model: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    let mut model = ModelProto::decode(model)?;
    if let Some(graph) = &mut model.graph {
        graph.node.retain(|node| ![CLASS, LABEL].contains(&node.name()));
        graph.initializer.retain(|tensor| tensor.name() != LABELS);
        graph.output.retain(|output| output.name() != LABEL);
    }
    Ok(model.encode_to_vec())
}

/// Images with their mirror images behind them, `[2 batch, channels, height, width]`.
fn with_mirror_images(writer: &mut Writer, images: &str, width: usize) -> String {
    let backwards: Vec<i64> = (0..width as i64).rev().collect();
    let backwards = writer.initializer(axes("mirrored.columns", &backwards));
    let mirrored = writer.node("Gather", &[images, &backwards], "mirrored", vec![int("axis", 3)]);
    writer.node("Concat", &[images, &mirrored], "both ways", vec![int("axis", 0)])
}

/// The logits that give the mean of the probabilities of images and their mirror images: logarithms of their sum.
fn both_ways(writer: &mut Writer, scores: &str, n_classes: usize, opset: i64) {
    let scores = writer.node("Flatten", &[scores], "both ways.scores", vec![int("axis", 1)]);
    let each = writer.node("LogSoftmax", &[&scores], "both ways.logarithms", vec![int("axis", 1)]);
    let lengths = writer.initializer(axes("both ways.lengths", &[2, -1, n_classes as i64]));
    let pairs = writer.node("Reshape", &[&each, &lengths], "both ways.pairs", vec![]);
    writer.reduced("ReduceLogSumExp", &pairs, LOGITS, &[0], false, opset);
}

/// What the model reads and gives, in sentences.
fn described(plan: &Plan, interface: &Interface, reads: &Reads) -> String {
    let (said, normalised) = (interface.reads(plan.input().channels), interface.normalised());
    match (interface.normalisation, reads) {
        (None, _) => said,
        (Some(_), Reads::Photograph { crop, flip_averaging }) => {
            let without_crop = match crop {
                Crop::Whole | Crop::Centre => "All of that is in the model",
                Crop::Box { .. } => "All of that is in the model, and a photograph has to hold these pixels",
                Crop::Face { .. } | Crop::Boxes { .. } => {
                    "All of that but the cutting out is in the model: it is given what is cut out"
                }
            };
            let mirrored = match flip_averaging {
                true => " Probabilities are means of the image's and its mirror image's.",
                false => "",
            };
            format!(
                "It reads photographs of any height and width, upright: red, green and blue of each pixel, 0 to 255. {} Then \
                 {normalised}. {without_crop}.{mirrored}",
                interface.preparation
            )
        }
        (Some(_), Reads::Levels) => format!("{said} In the model {normalised}."),
        (Some(_), Reads::Numbers) => {
            format!("It reads normalised images: of levels 0 to 255, {normalised}. {}", interface.preparation)
        }
    }
}

fn metadata(plan: &Plan, interface: &Interface, reads: &Reads) -> Vec<StringStringEntryProto> {
    let entry = |key: &str, value: String| StringStringEntryProto {
        key: Some(format!("netsynth.{key}")),
        value: Some(value),
    };
    vec![
        entry("labels", interface.labels.join("\n")),
        entry("preprocessing", described(plan, interface, reads)),
    ]
}
