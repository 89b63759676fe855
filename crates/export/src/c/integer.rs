//! Steps in 8-bit integers, as [`Quantised`] computes them.

use super::text::{array, float, function};
use super::{call, concat, max_pool, of_one, pooling};
use crate::loops::sliding;
use crate::plan::{Conv, Kernel, Plan, Step, Window};
use crate::quantised::{Quantised, QuantisedConv, QuantisedStep};

/// A step's functions and constants, and its call.
pub(super) fn step(plan: &Plan, integers: &Quantised, step: &Step) -> (String, String) {
    let number = step.output;
    let quantised = &integers.steps[number - 1];
    let name = format!("step_{number}");
    let (from, to) = (&plan.values[step.inputs[0]], &plan.values[number]);
    let call = call(plan, step);
    let end = |steps: &str| end(number, quantised, steps);
    let term = |number: &str, input: usize| {
        let scale = integers.scales[step.inputs[input]];
        format!("(float)({number} - ({})) * {}", scale.zero, float(integers.factor(step, quantised, input)))
    };
    let mean = |window: &Window, steps: String| {
        let body = include_str!("mean_pool.c").replace("WIDE", "int32_t").replace("END", &end(&steps));
        // A number that may be negative is no constant of an enum beside lengths.
        let body = body.replace("ZERO", &format!("({})", integers.scales[step.inputs[0]].zero));
        of_one(step, "int8_t", &pooling(plan, step, window), &body)
    };
    let (functions, call) = match &step.kernel {
        Kernel::Conv(conv) => {
            let Some(constants) = &quantised.conv else { unreachable!("a convolution has integers") };
            if conv.groups == 1 {
                super::conv::in_integers(plan, integers, step, conv, (quantised, constants))
            } else {
                let zero = integers.scales[step.inputs[0]].zero;
                let steps = "(float)sum * multiplier_N[c]";
                let body = include_str!("integer_grouped.c").replace("ZERO", &format!("({zero})"));
                let body = body.replace(&format!("END({steps})"), &end(steps));
                (grouped(&name, plan, step, conv, constants, &body), call)
            }
        }
        Kernel::Sum(_) => {
            let parameters: Vec<String> =
                (0..step.inputs.len()).map(|input| format!("const int8_t *x{input}")).collect();
            let terms: Vec<String> =
                (0..step.inputs.len()).map(|input| term(&format!("x{input}[i]"), input)).collect();
            let body = format!(
                "    int i;\n    for (i = 0; i < NUMBERS; i++) {{\n        y[i] = {};\n    }}\n",
                end(&terms.join(" + "))
            );
            let parameters = format!("{}, int8_t *y", parameters.join(", "));
            (function(&name, &parameters, &[("NUMBERS", to.shape.elements() as usize)], &body), call)
        }
        Kernel::Concat => concat(plan, step, "int8_t", |number, input| end(&term(number, input))),
        Kernel::MaxPool(window) => (max_pool(plan, step, "int8_t", window), call),
        Kernel::AvgPool(window) => {
            let factor = float(integers.factor(step, quantised, 0));
            (mean(window, format!("(float)sum / (float)count * {factor}")), call)
        }
        Kernel::GlobalAvgPool => {
            let count = (from.shape.height * from.shape.width) as f32;
            let multiplier = float(integers.factor(step, quantised, 0) / count);
            let whole = mean(&Window::whole(from.shape), format!("(float)sum * {multiplier}"));
            // The count is in the multiplier.
            let is_count = |line: &&str| !line.contains("const int count");
            (whole.lines().filter(is_count).map(|line| format!("{line}\n")).collect(), call)
        }
        Kernel::Gate => {
            let zeros = [0, 1].map(|input| integers.scales[step.inputs[input]].zero);
            let multiplier = integers.factor(step, quantised, 0) * integers.scales[step.inputs[1]].step();
            let product = format!("(x[i] - ({})) * (gate[i % CHANNELS] - ({}))", zeros[0], zeros[1]);
            let body = format!(
                "    int i;\n    for (i = 0; i < NUMBERS; i++) {{\n        y[i] = {};\n    }}\n",
                end(&format!("(float)({product}) * {}", float(multiplier)))
            );
            let constants = [("NUMBERS", to.shape.elements() as usize), ("CHANNELS", to.shape.channels)];
            (function(&name, "const int8_t *x, const int8_t *gate, int8_t *y", &constants, &body), call)
        }
    };
    let table = quantised.table.as_ref();
    let table =
        table.map_or(String::new(), |table| array("int8_t", &format!("table_{number}"), table.iter()));
    (table + &functions, call)
}

/// Steps of the output as an integer.
fn end(number: usize, quantised: &QuantisedStep, steps: &str) -> String {
    let (least, most) = quantised.clamp;
    let rounded = format!("rounded({steps}, {least}, {most}, {})", quantised.before.zero);
    match quantised.table {
        None => rounded,
        Some(_) => format!("table_{number}[{rounded} + 128]"),
    }
}

/// A convolution of several groups.
fn grouped(
    name: &str,
    plan: &Plan,
    step: &Step,
    conv: &Conv,
    integers: &QuantisedConv,
    body: &str,
) -> String {
    let (from, to) = (&plan.values[step.inputs[0]], &plan.values[step.output]);
    let (inputs, outputs) = (from.shape.channels / conv.groups, to.shape.channels / conv.groups);
    let taps = conv.window.size.0 * conv.window.size.1;
    let number = step.output.to_string();
    // As the loops read them: by output, row, column and input.
    let weight = (0..to.shape.channels).flat_map(|output| {
        (0..taps).flat_map(move |tap| (0..inputs).map(move |input| (output * inputs + input) * taps + tap))
    });
    let mut constants = sliding(&conv.window, from.shape, to.shape).to_vec();
    constants.extend([("IN", inputs), ("OUT", outputs), ("GROUPS", conv.groups)]);
    let arrays = array("int8_t", &format!("weight_{number}"), weight.map(|at| integers.weight[at]))
        + &array("int32_t", &format!("bias_{number}"), integers.bias.iter())
        + &array("float", &format!("multiplier_{number}"), integers.multiplier.iter().copied().map(float));
    let body = body.replace("_N", &format!("_{number}"));
    arrays + &function(name, "const int8_t *x, int8_t *y", &constants, &body)
}
