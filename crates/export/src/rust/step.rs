//! Steps as functions whose loops have constant ends.

use std::fmt::Write;

use crate::loops::sliding;
use crate::plan::{Activation, Conv, Kernel, Plan, Step, Window};
use crate::run::by_tap;

/// Outputs that are summed at once, at most.
const MAX_BLOCK: usize = 64;

fn activated(activation: Activation, x: &str) -> String {
    match activation {
        Activation::Linear => x.to_owned(),
        Activation::Relu => format!("relu({x})"),
        Activation::Relu6 => format!("relu6({x})"),
        Activation::Swish => format!("swish({x})"),
        Activation::Sigmoid => format!("sigmoid({x})"),
    }
}

/// A step's constants and function, and its call.
pub(super) fn written(plan: &Plan, step: &Step) -> (String, String) {
    let number = step.output;
    let (from, to) = (&plan.values[step.inputs[0]], &plan.values[number]);
    let place = |input: usize| plan.values[step.inputs[input]].offset;
    let length = to.shape.elements() as usize;
    let places = [("X", place(0)), ("Y", to.offset)];
    let sliding = |window: &Window| sliding(window, from.shape, to.shape);
    let pool = |window: &Window, first: &str, next: &str, end: &str| {
        let constants = [&places[..], &sliding(window), &[("CHANNELS", to.shape.channels)]].concat();
        let body = include_str!("pool.txt").replace("FIRST", first).replace("NEXT", next).replace("END", end);
        (String::new(), constants, body)
    };
    let mean =
        |window: &Window| pool(window, "0.0", "found + x", "found / (rows.len() * columns.len()) as f32");
    let (data, constants, body) = match &step.kernel {
        Kernel::Conv(conv) => {
            let (data, more) = convolution(number, conv, from.shape.channels);
            let body = include_str!("conv.txt").replace("_N", &format!("_{number}"));
            let body = body.replace("ACTIVATED(sum)", &activated(conv.activation, "sum"));
            (data, [&places[..], &sliding(&conv.window), &more].concat(), body)
        }
        Kernel::Sum(kind) => {
            let terms: Vec<String> =
                (0..step.inputs.len()).map(|input| format!("arena[{} + i]", place(input))).collect();
            let sum = activated(*kind, &terms.join(" + "));
            let body = format!("    for i in 0..{length} {{\n        arena[Y + i] = {sum};\n    }}\n");
            (String::new(), vec![("Y", to.offset)], body)
        }
        Kernel::Concat => {
            let (mut body, mut start) =
                (format!("    for pixel in 0..{} {{\n", to.shape.height * to.shape.width), 0);
            for (input, &value) in step.inputs.iter().enumerate() {
                let channels = plan.values[value].shape.channels;
                let _ = writeln!(
                    body,
                    "        arena.copy_within({x} + pixel * {channels}..{x} + (pixel + 1) * {channels}, Y + pixel * {all} + {start});",
                    x = place(input),
                    all = to.shape.channels,
                );
                start += channels;
            }
            body.push_str("    }\n");
            (String::new(), vec![("Y", to.offset)], body)
        }
        Kernel::MaxPool(window) => pool(window, "f32::NEG_INFINITY", "found.max(x)", "found"),
        Kernel::AvgPool(window) => mean(window),
        Kernel::GlobalAvgPool => mean(&Window::whole(from.shape)),
        Kernel::Gate => {
            let body = format!(
                "    for i in 0..{length} {{\n        arena[Y + i] = arena[X + i] * arena[{} + i % {}];\n    }}\n",
                place(1),
                to.shape.channels
            );
            (String::new(), places.to_vec(), body)
        }
    };
    let constants: String =
        constants.iter().map(|(name, value)| format!("    const {name}: usize = {value};\n")).collect();
    let about = format!("{:?}: {}", to.name, to.shape);
    (
        format!("{data}// {about}\nfn step_{number}(arena: &mut Arena) {{\n{constants}{body}}}\n\n"),
        format!("    step_{number}(arena);\n"),
    )
}

/// A convolution's numbers as the loops read them, by group, row, column, input and output; and its own constants.
fn convolution(number: usize, conv: &Conv, channels: usize) -> (String, [(&'static str, usize); 5]) {
    let (inputs, outputs) = (channels / conv.groups, conv.numbers.bias.len() / conv.groups);
    let taps = conv.window.size.0 * conv.window.size.1;
    let weight = by_tap(&conv.numbers.weight, conv.groups, inputs, taps);
    let data = format!(
        "static WEIGHT_{number}: [f32; {}] = {weight:?};\nstatic BIAS_{number}: [f32; {}] = {:?};\n",
        weight.len(),
        conv.numbers.bias.len(),
        conv.numbers.bias
    );
    let n_blocks = outputs.div_ceil(MAX_BLOCK);
    let constants = [
        ("GROUPS", conv.groups),
        ("IN", inputs),
        ("OUT", outputs),
        ("BLOCK", outputs.div_ceil(n_blocks)),
        ("BLOCKS", n_blocks),
    ];
    (data, constants)
}
