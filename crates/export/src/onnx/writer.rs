//! Nodes and constants of a model.

use super::schema::attribute_proto::AttributeType;
use super::schema::tensor_proto::DataType;
use super::schema::tensor_shape_proto::{Dimension as DimensionProto, dimension};
use super::schema::{
    AttributeProto, NodeProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};
use crate::quantised::Scale;

/// The nodes and constants of a model, as they come.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) nodes: Vec<NodeProto>,
    pub(super) initializers: Vec<TensorProto>,
}

/// A length of a shape.
#[derive(Clone)]
pub(super) enum Dimension {
    /// Known.
    Fixed(usize),
    /// The user's, by name.
    Free(&'static str),
}

impl Writer {
    /// A node with one output.
    pub(super) fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attribute: Vec<AttributeProto>,
    ) -> String {
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![output.to_owned()],
            // Every output has a name of its own, so its node can have it too.
            name: Some(output.to_owned()),
            op_type: Some(op.to_owned()),
            attribute,
            ..NodeProto::default()
        });
        output.to_owned()
    }

    pub(super) fn initializer(&mut self, tensor: TensorProto) -> String {
        let name = tensor.name.clone().unwrap_or_default();
        self.initializers.push(tensor);
        name
    }

    /// A number.
    pub(super) fn scalar(&mut self, name: &str, value: f32) -> String {
        self.initializer(floats(name, &[], &[value]))
    }

    /// A mean, or another reduction, over some axes, which stay with length 1 or go.
    pub(super) fn reduced(
        &mut self,
        op: &str,
        tensor: &str,
        name: &str,
        over: &[usize],
        stay: bool,
        opset: i64,
    ) -> String {
        let keepdims = int("keepdims", stay.into());
        if opset < 18 {
            return self.node(op, &[tensor], name, vec![ints("axes", over), keepdims]);
        }
        let over: Vec<i64> = over.iter().map(|&axis| axis as i64).collect();
        let over = self.initializer(axes(&format!("{name}.axes"), &over));
        self.node(op, &[tensor, &over], name, vec![keepdims])
    }

    /// A tensor as integers and back; `name` is the value's.
    ///
    /// The integers are unsigned, 128 more than the plan's: onnxruntime makes signed ones unsigned on x86, but not those with
    /// several readers, and then computes the operators between the two in floats.
    pub(super) fn quantised(&mut self, real: &str, name: &str, scale: Scale) -> String {
        let step = self.scalar(&format!("{name}.step"), scale.step());
        let zero = tensor(&format!("{name}.zero"), &[], DataType::Uint8, vec![(scale.zero + 128) as u8]);
        let zero = self.initializer(zero);
        let integers =
            self.node("QuantizeLinear", &[real, &step, &zero], &format!("{name}.integers"), vec![]);
        self.node("DequantizeLinear", &[&integers, &step, &zero], &format!("{name}.real"), vec![])
    }
}

pub(super) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        r#type: Some(AttributeType::Int.into()),
        i: Some(value),
        ..AttributeProto::default()
    }
}

pub(super) fn ints(name: &str, values: &[usize]) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        r#type: Some(AttributeType::Ints.into()),
        ints: values.iter().map(|&value| value as i64).collect(),
        ..AttributeProto::default()
    }
}

fn tensor(name: &str, dims: &[usize], data_type: DataType, raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        name: Some(name.to_owned()),
        dims: dims.iter().map(|&length| length as i64).collect(),
        data_type: Some(data_type.into()),
        raw_data: Some(raw_data),
        ..TensorProto::default()
    }
}

pub(super) fn floats(name: &str, dims: &[usize], values: &[f32]) -> TensorProto {
    tensor(name, dims, DataType::Float, values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

pub(super) fn bytes(name: &str, dims: &[usize], values: &[i8]) -> TensorProto {
    tensor(name, dims, DataType::Int8, values.iter().map(|value| value.to_le_bytes()[0]).collect())
}

pub(super) fn integers(name: &str, dims: &[usize], values: &[i32]) -> TensorProto {
    tensor(name, dims, DataType::Int32, values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

/// Axes or lengths of a tensor, as an input of a node.
pub(super) fn axes(name: &str, values: &[i64]) -> TensorProto {
    let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, &[values.len()], DataType::Int64, raw)
}

/// A number of pixels or an axis, as an input of a node.
pub(super) fn whole_number(name: &str, value: i64) -> TensorProto {
    tensor(name, &[], DataType::Int64, value.to_le_bytes().to_vec())
}

pub(super) fn strings(name: &str, values: &[String]) -> TensorProto {
    TensorProto {
        name: Some(name.to_owned()),
        dims: vec![values.len() as i64],
        data_type: Some(DataType::String.into()),
        string_data: values.iter().map(|value| value.clone().into_bytes()).collect(),
        ..TensorProto::default()
    }
}

/// An input or output of a model.
pub(super) fn value(name: &str, data_type: DataType, shape: Vec<Dimension>) -> ValueInfoProto {
    let dim = shape.into_iter().map(|length| {
        let value = match length {
            Dimension::Fixed(length) => dimension::Value::DimValue(length as i64),
            Dimension::Free(name) => dimension::Value::DimParam(name.to_owned()),
        };
        DimensionProto { value: Some(value), ..DimensionProto::default() }
    });
    let tensor = type_proto::Tensor {
        elem_type: Some(data_type.into()),
        shape: Some(TensorShapeProto { dim: dim.collect() }),
    };
    let of_tensor = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::default() };
    ValueInfoProto { name: Some(name.to_owned()), r#type: Some(of_tensor), ..ValueInfoProto::default() }
}
