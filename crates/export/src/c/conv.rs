//! Convolutions that are not grouped: their numbers as `conv.c` reads them.

use std::fmt::Display;

use netsynth_graph::program::{GROUP, MAX_LANES};

use super::place;
use super::text::{array, float};
use crate::plan::{Activation, Conv, Plan, Step, Window};
use crate::quantised::{Quantised, QuantisedConv, QuantisedStep};

/// The functions that convolutions call, in floats or in 8-bit integers.
pub(super) fn functions(is_integer: bool) -> String {
    let lanes = match is_integer {
        true => include_str!("integer_lanes.c"),
        false => include_str!("float_lanes.c"),
    };
    [include_str!("specialised.c"), lanes, include_str!("conv.c")].concat()
}

/// A convolution's numbers in floats, and its call.
pub(super) fn in_floats(plan: &Plan, step: &Step, conv: &Conv) -> (String, String) {
    let (low, high) = match conv.activation {
        Activation::Relu => ("0.0f", "FLT_MAX"),
        Activation::Relu6 => ("0.0f", "6.0f"),
        Activation::Linear | Activation::Swish | Activation::Sigmoid => ("-FLT_MAX", "FLT_MAX"),
    };
    let number = step.output;
    let arrays = array(
        "float",
        &format!("weight_{number}"),
        laid_out(conv, &conv.numbers.weight, 1).into_iter().map(float),
    ) + &array(
        "float",
        &format!("start_{number}"),
        behind(conv.numbers.bias.iter().copied().map(float), "0.0f"),
    );
    let after = match conv.activation {
        Activation::Linear | Activation::Relu | Activation::Relu6 => None,
        Activation::Swish | Activation::Sigmoid => {
            Some(format!("{}(y[i])", super::float::name(conv.activation)))
        }
    };
    let numbers =
        Numbers { of: "float", arrays, border: "0.0f".to_owned(), end: format!("{low}, {high}"), after };
    numbers.written(plan, step, conv)
}

/// A convolution's numbers in 8-bit integers, and its call.
pub(super) fn in_integers(
    plan: &Plan,
    integers: &Quantised,
    step: &Step,
    conv: &Conv,
    (quantised, constants): (&QuantisedStep, &QuantisedConv),
) -> (String, String) {
    let number = step.output;
    let zero = integers.scales[step.inputs[0]].zero;
    // The border's inputs are the zero point: every window is whole, and what the zero point adds is known.
    let channels = constants.bias.iter().zip(constants.weight.chunks_exact(conv.numbers.taps()));
    let starts = channels.map(|(bias, weights)| {
        let sum: i32 = weights.iter().copied().map(i32::from).sum();
        format!("START({}, {sum})", bias - zero * sum)
    });
    let multipliers = constants.multiplier.iter().copied().map(float);
    let arrays =
        array("int8_t", &format!("weight_{number}"), laid_out(conv, &constants.weight, GROUP).into_iter())
            + &array("int32_t", &format!("start_{number}"), behind(starts, "0"))
            + &array("float", &format!("multiplier_{number}"), behind(multipliers, "0.0f"));
    let offset = quantised.before.zero;
    let (low, high) = (quantised.clamp.0 - offset, quantised.clamp.1 - offset);
    let end = format!("multiplier_{number}, {}, {}, {offset}", float(low as f32), float(high as f32));
    let after = quantised.table.as_ref().map(|_| format!("table_{number}[y[i] + 128]"));
    Numbers { of: "int8_t", arrays, border: zero.to_string(), end, after }.written(plan, step, conv)
}

/// Weights by the window's rows, by groups of inputs, by outputs, and by the inputs of a group.
fn laid_out<W: Copy + Default>(conv: &Conv, weight: &[W], group: usize) -> Vec<W> {
    let (rows, columns) = conv.window.size;
    let outputs = conv.numbers.bias.len();
    let inputs = conv.numbers.taps() / (rows * columns);
    let mut found = Vec::with_capacity(weight.len());
    for row in 0..rows {
        for first in (0..columns * inputs).step_by(group) {
            for output in 0..outputs {
                found.extend((first..first + group).map(|at| match at < columns * inputs {
                    true => weight[((output * inputs + at % inputs) * rows + row) * columns + at / inputs],
                    false => W::default(),
                }));
            }
        }
    }
    found.extend(std::iter::repeat_n(W::default(), group * MAX_LANES.saturating_sub(outputs)));
    found
}

/// Numbers of outputs, with more behind them where they are few.
fn behind<T: Display>(numbers: impl ExactSizeIterator<Item = T>, more: &str) -> impl Iterator<Item = String> {
    let n_more = MAX_LANES.saturating_sub(numbers.len());
    numbers.map(|number| number.to_string()).chain(std::iter::repeat_n(more.to_owned(), n_more))
}

/// What is written of a convolution in one kind of numbers.
struct Numbers {
    /// The type of inputs and outputs.
    of: &'static str,
    /// The definitions of its arrays.
    arrays: String,
    /// What is read beyond the border.
    border: String,
    /// What ends its constants: how sums become outputs.
    end: String,
    /// What each output `y[i]` becomes afterwards, if anything.
    after: Option<String>,
}

impl Numbers {
    /// The definitions, and the call.
    fn written(self, plan: &Plan, step: &Step, conv: &Conv) -> (String, String) {
        let Self { of, arrays, border, end, after } = self;
        let number = step.output;
        let (mut from, mut to) = (plan.values[step.inputs[0]].shape, plan.values[number].shape);
        if conv.window == Window::POINT {
            // All pixels are one row.
            for shape in [&mut from, &mut to] {
                (shape.height, shape.width) = (1, shape.height * shape.width);
            }
        }
        let ((rows, columns), Window { stride, padding, .. }) = (conv.window.size, conv.window);
        let constants = format!(
            "static const struct conv conv_{number} = {{\n    {}, {}, {}, {}, {}, {}, {rows}, {columns}, {stride}, {padding}, {border},\n    \
         weight_{number}, start_{number}, {{{end}}}\n}};\n\n",
            from.height, from.width, from.channels, to.height, to.width, to.channels,
        );
        let to_place = place(plan, number);
        let mut call = format!(
            "    conv(&conv_{number}, {}, arena + {}, {to_place});\n",
            place(plan, step.inputs[0]),
            step.lines
        );
        let mut after_function = String::new();
        if let Some(after) = after {
            let body = format!(
                "    int i;\n    for (i = 0; i < NUMBERS; i++) {{\n        y[i] = {after};\n    }}\n"
            );
            let numbers = [("NUMBERS", to.elements() as usize)];
            after_function =
                super::text::function(&format!("step_{number}"), &format!("{of} *y"), &numbers, &body);
            call.push_str(&format!("    step_{number}({to_place});\n"));
        }
        (arrays + &constants + &after_function, call)
    }
}
