//! A network as an ONNX model, in 32-bit floats or with 8-bit integers between QuantizeLinear and DequantizeLinear.

mod operators;
mod preprocessing;
#[rustfmt::skip]
mod schema;
mod writer;

use std::ops::RangeInclusive;

use prost::Message;

use crate::interface::Interface;
use crate::plan::Plan;
use crate::quantised::Quantised;
use operators::step;
use preprocessing::normalised;
use schema::tensor_proto::DataType;
use schema::{GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto};
use writer::{Dimension, Writer, strings};

/// The versions of the operator set that a model can be written for.
pub const OPSETS: RangeInclusive<i64> = 13..=20;

/// The version that it is written for if nobody asks for another.
pub const OPSET: i64 = 18;

/// How a model is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnnxOptions {
    /// The version of the operator set, of [`OPSETS`].
    pub opset: i64,
    /// Whether normalisation and labels are operators of the model, and not only said in its metadata.
    pub whole: bool,
}

impl Default for OnnxOptions {
    fn default() -> Self {
        Self { opset: OPSET, whole: true }
    }
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
/// Input `image`: `[batch, channels, height, width]`. Outputs `logits` and `probabilities`: `[batch, classes]`; if the model is
/// whole, `label`: `[batch]`, the name of the most probable class.
pub fn onnx(
    plan: &Plan,
    integers: Option<&Quantised>,
    interface: &Interface,
    options: OnnxOptions,
) -> Vec<u8> {
    let mut writer = Writer::default();
    let shape = plan.input();
    let whole = options.whole.then_some(interface.normalisation).flatten();
    let mut image = match whole {
        Some(normalisation) => normalised(&mut writer, normalisation, options.opset),
        None => IMAGE.to_owned(),
    };
    if let Some(integers) = integers {
        image = writer.quantised(&image, "0:input", integers.scales[0]);
    }
    let mut values = vec![image];
    for number in 0..plan.steps.len() {
        let output = step(&mut writer, plan, integers, number, &values);
        values.push(output);
    }
    writer.node("Flatten", &[&values[plan.output()]], LOGITS, vec![writer::int("axis", 1)]);
    writer.node("Softmax", &[LOGITS], PROBABILITIES, vec![writer::int("axis", 1)]);
    let batch = || Dimension::Free("batch");
    let classes = Dimension::Fixed(plan.classes());
    let planes = [shape.channels, shape.height, shape.width].map(Dimension::Fixed);
    let [channels, height, width] = planes;
    let mut outputs = vec![
        writer::value(LOGITS, DataType::Float, vec![batch(), classes.clone()]),
        writer::value(PROBABILITIES, DataType::Float, vec![batch(), classes]),
    ];
    if options.whole {
        let best = vec![writer::int("axis", 1), writer::int("keepdims", 0)];
        writer.node("ArgMax", &[LOGITS], CLASS, best);
        writer.initializer(strings(LABELS, &interface.labels));
        writer.node("Gather", &[LABELS, CLASS], LABEL, vec![writer::int("axis", 0)]);
        outputs.push(writer::value(LABEL, DataType::String, vec![batch()]));
    }
    let graph = GraphProto {
        name: Some(plan.name.clone()),
        node: writer.nodes,
        initializer: writer.initializers,
        input: vec![writer::value(IMAGE, DataType::Float, vec![batch(), channels, height, width])],
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
        doc_string: Some(described(plan, interface, whole.is_some())),
        opset_import: vec![OperatorSetIdProto { domain: Some(String::new()), version: Some(options.opset) }],
        graph: Some(graph),
        metadata_props: metadata(plan, interface, whole.is_some()),
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

/// What the model reads and gives, in sentences.
fn described(plan: &Plan, interface: &Interface, is_whole: bool) -> String {
    let normalised = interface.normalised();
    match (interface.normalisation, is_whole) {
        (None, _) => interface.reads(plan.input().channels),
        (Some(_), true) => format!("{} In the model {normalised}.", interface.reads(plan.input().channels)),
        (Some(_), false) => {
            format!("It reads normalised images: of levels 0 to 255, {normalised}. {}", interface.preparation)
        }
    }
}

fn metadata(plan: &Plan, interface: &Interface, is_whole: bool) -> Vec<StringStringEntryProto> {
    let entry = |key: &str, value: String| StringStringEntryProto {
        key: Some(format!("netsynth.{key}")),
        value: Some(value),
    };
    vec![
        entry("labels", interface.labels.join("\n")),
        entry("preprocessing", described(plan, interface, is_whole)),
    ]
}
