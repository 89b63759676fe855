//! The kernels of a plan as operators.

use super::schema::AttributeProto;
use super::writer::{Writer, bytes, floats, int, integers, ints};
use crate::plan::{Activation, Conv, Kernel, Plan, Window};
use crate::quantised::{Quantised, QuantisedConv, Scale};

/// Writes a step; `values` are the names of those that are written. The name of its own, in real numbers.
pub(super) fn step(
    writer: &mut Writer,
    plan: &Plan,
    quantised: Option<&Quantised>,
    number: usize,
    values: &[String],
) -> String {
    let step = &plan.steps[number];
    // Numbers make names that nobody else has.
    let name = format!("{}:{}", step.output, plan.values[step.output].name);
    let inputs: Vec<&str> = step.inputs.iter().map(|&input| values[input].as_str()).collect();
    let before = match quantised {
        Some(_) => format!("{name}.exact"),
        None => name.clone(),
    };
    let (computed, activation) = match &step.kernel {
        Kernel::Conv(conv) => {
            let channels = plan.values[step.inputs[0]].shape.channels;
            let constants = match quantised {
                None => float_constants(writer, &name, conv, channels),
                Some(quantised) => match &quantised.steps[number].conv {
                    Some(integers) => integer_constants(
                        writer,
                        &name,
                        conv,
                        channels,
                        integers,
                        quantised.scales[step.inputs[0]],
                    ),
                    None => unreachable!("a convolution has integers"),
                },
            };
            let mut attributes = window_attributes(&conv.window);
            attributes.push(int("group", conv.groups as i64));
            let output = named(&before, conv.activation);
            (
                writer.node("Conv", &[inputs[0], &constants.0, &constants.1], &output, attributes),
                conv.activation,
            )
        }
        Kernel::Sum(activation) => {
            let last = inputs.len() - 1;
            let mut sum = inputs[0].to_owned();
            for (position, input) in inputs.iter().enumerate().skip(1) {
                let output = match position == last {
                    true => named(&before, *activation),
                    false => format!("{name}.of {}", position + 1),
                };
                sum = writer.node("Add", &[&sum, input], &output, vec![]);
            }
            (sum, *activation)
        }
        Kernel::Concat => (writer.node("Concat", &inputs, &before, vec![int("axis", 1)]), Activation::Linear),
        Kernel::MaxPool(window) => {
            (writer.node("MaxPool", &inputs, &before, window_attributes(window)), Activation::Linear)
        }
        Kernel::AvgPool(window) => {
            let mut attributes = window_attributes(window);
            attributes.push(int("count_include_pad", 0));
            (writer.node("AveragePool", &inputs, &before, attributes), Activation::Linear)
        }
        Kernel::GlobalAvgPool => {
            (writer.node("GlobalAveragePool", &inputs, &before, vec![]), Activation::Linear)
        }
        Kernel::Gate => (writer.node("Mul", &inputs, &before, vec![]), Activation::Linear),
    };
    let Some(quantised) = quantised else { return activated(writer, &computed, &name, activation) };
    let (early, late) = (quantised.steps[number].before, quantised.scales[step.output]);
    match activation {
        // Integers begin at 0 where this cuts off.
        Activation::Linear | Activation::Relu => {
            let computed = activated(writer, &computed, &before, activation);
            writer.quantised(&computed, &name, late)
        }
        // What is no end of the integers is computed on integers: a runtime that computes the operator before it in
        // integers would else not do so.
        Activation::Relu6 | Activation::Swish | Activation::Sigmoid => {
            let real = writer.quantised(&computed, &format!("{name}.before"), early);
            let activated = activated(writer, &real, &before, activation);
            writer.quantised(&activated, &name, late)
        }
    }
}

/// What a tensor is called before its activation; with none it has the step's own name.
fn named(name: &str, activation: Activation) -> String {
    match activation {
        Activation::Linear => name.to_owned(),
        Activation::Relu | Activation::Relu6 | Activation::Swish | Activation::Sigmoid => {
            format!("{name}.linear")
        }
    }
}

fn activated(writer: &mut Writer, tensor: &str, name: &str, activation: Activation) -> String {
    match activation {
        Activation::Linear => tensor.to_owned(),
        Activation::Relu => writer.node("Relu", &[tensor], name, vec![]),
        Activation::Relu6 => {
            let least = writer.scalar(&format!("{name}.least"), 0.0);
            let most = writer.scalar(&format!("{name}.most"), 6.0);
            writer.node("Clip", &[tensor, &least, &most], name, vec![])
        }
        Activation::Swish => {
            let sigmoid = writer.node("Sigmoid", &[tensor], &format!("{name}.sigmoid"), vec![]);
            writer.node("Mul", &[tensor, &sigmoid], name, vec![])
        }
        Activation::Sigmoid => writer.node("Sigmoid", &[tensor], name, vec![]),
    }
}

fn window_attributes(window: &Window) -> Vec<AttributeProto> {
    let (rows, columns) = window.size;
    vec![
        ints("kernel_shape", &[rows, columns]),
        ints("strides", &[window.stride; 2]),
        ints("pads", &[window.padding; 4]),
    ]
}

fn weight_shape(conv: &Conv, channels: usize) -> [usize; 4] {
    [conv.numbers.bias.len(), channels / conv.groups, conv.window.size.0, conv.window.size.1]
}

/// The names of weight and bias.
fn float_constants(writer: &mut Writer, name: &str, conv: &Conv, channels: usize) -> (String, String) {
    let weight = floats(&format!("{name}.weight"), &weight_shape(conv, channels), &conv.numbers.weight);
    let bias = floats(&format!("{name}.bias"), &[conv.numbers.bias.len()], &conv.numbers.bias);
    (writer.initializer(weight), writer.initializer(bias))
}

/// The names of weight and bias, made real of integers.
fn integer_constants(
    writer: &mut Writer,
    name: &str,
    conv: &Conv,
    channels: usize,
    constants: &QuantisedConv,
    input: Scale,
) -> (String, String) {
    let n_outputs = conv.numbers.bias.len();
    let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
    let bias_steps: Vec<f32> = constants.weight_scale.iter().map(|scale| scale * input.step()).collect();
    writer.initializer(bytes(
        &format!("{weight}.integers"),
        &weight_shape(conv, channels),
        &constants.weight,
    ));
    writer.initializer(floats(&format!("{weight}.step"), &[n_outputs], &constants.weight_scale));
    writer.initializer(bytes(&format!("{weight}.zero"), &[n_outputs], &vec![0; n_outputs]));
    writer.initializer(integers(&format!("{bias}.integers"), &[n_outputs], &constants.bias));
    writer.initializer(floats(&format!("{bias}.step"), &[n_outputs], &bias_steps));
    writer.initializer(integers(&format!("{bias}.zero"), &[n_outputs], &vec![0; n_outputs]));
    for constant in [&weight, &bias] {
        let parts = ["integers", "step", "zero"].map(|part| format!("{constant}.{part}"));
        writer.node(
            "DequantizeLinear",
            &parts.each_ref().map(String::as_str),
            constant,
            vec![int("axis", 0)],
        );
    }
    (weight, bias)
}
