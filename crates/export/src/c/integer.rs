//! Steps in 8-bit integers, as [`Quantised`] computes them.

use super::text::{array, float, function};
use super::{call, concat, max_pool, of_one, pooling};
use crate::plan::{Kernel, Plan, Step, Window};
use crate::quantised::{Quantised, QuantisedStep};

/// A step's functions and constants, and its call.
pub(super) fn step(plan: &Plan, integers: &Quantised, step: &Step) -> (String, String) {
    let number = step.output;
    let quantised = &integers.steps[number - 1];
    let name = format!("step_{number}");
    let (from, to) = (&plan.values[step.inputs[0]], &plan.values[number]);
    let call = call(plan, step);
    let end = |steps: &str| end(number, quantised, steps);
    let terms = |numbers: &[(String, usize)]| terms(integers, step, quantised, numbers);
    let mean = |window: &Window, steps: String| {
        let body = include_str!("mean_pool.c").replace("WIDE", "int32_t").replace("END", &end(&steps));
        // A number that may be negative is no constant of an enum beside lengths.
        let body = body.replace("ZERO", &format!("({})", integers.scales[step.inputs[0]].zero));
        of_one(step, "int8_t", &pooling(plan, step, window), &body)
    };
    let (functions, call) = match &step.kernel {
        Kernel::Conv(conv) => {
            let Some(constants) = &quantised.conv else { unreachable!("a convolution has integers") };
            super::conv::in_integers(plan, integers, step, conv, (quantised, constants))
        }
        Kernel::Sum(_) => {
            let parameters: Vec<String> =
                (0..step.inputs.len()).map(|input| format!("const int8_t *x{input}")).collect();
            let numbers: Vec<(String, usize)> =
                (0..step.inputs.len()).map(|input| (format!("x{input}[i]"), input)).collect();
            let body = format!(
                "    int i;\n    for (i = 0; i < NUMBERS; i++) {{\n        y[i] = {};\n    }}\n",
                looked_up(number, quantised, &terms(&numbers))
            );
            let parameters = format!("{}, int8_t *y", parameters.join(", "));
            (function(&name, &parameters, &[("NUMBERS", to.shape.elements() as usize)], &body), call)
        }
        Kernel::Concat => concat(plan, step, "int8_t", |x, input| {
            looked_up(number, quantised, &terms(&[(x.to_owned(), input)]))
        }),
        Kernel::MaxPool(window) => (max_pool(plan, step, "int8_t", window), call),
        Kernel::AvgPool(window) => {
            let factor = float(integers.factor(step, quantised, 0));
            (mean(window, format!("(float)sum[i] / (float)count * {factor}")), call)
        }
        Kernel::GlobalAvgPool => {
            let count = (from.shape.height * from.shape.width) as f32;
            let multiplier = float(integers.factor(step, quantised, 0) / count);
            let whole = mean(&Window::whole(from.shape), format!("(float)sum[i] * {multiplier}"));
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
    let (low, high) = quantised.ends();
    let rounded = format!("rounded({steps}, {low}, {high}, {})", quantised.before.zero);
    looked_up(number, quantised, &rounded)
}

/// An integer, or what a table has for it.
fn looked_up(number: usize, quantised: &QuantisedStep, integer: &str) -> String {
    match quantised.table {
        None => integer.to_owned(),
        Some(_) => format!("table_{number}[{integer} + 128]"),
    }
}

/// Where a sum's least and largest exponent may lie apart so that it is exact in a float, and so in 32 bits.
const MAX_SPREAD: i32 = 12;

/// The sum of the numbers of these inputs as an integer. Steps are powers of two: the sum is one of integers, of which bits are cut
/// off, unless they lie far apart.
fn terms(
    integers: &Quantised,
    step: &Step,
    quantised: &QuantisedStep,
    numbers: &[(String, usize)],
) -> String {
    let scales: Vec<_> = numbers.iter().map(|(_, input)| integers.scales[step.inputs[*input]]).collect();
    let (low, high) = quantised.ends();
    let zero = quantised.before.zero;
    let least = scales.iter().map(|scale| scale.exponent).min().unwrap_or(0).min(quantised.before.exponent);
    let most = scales.iter().map(|scale| scale.exponent).max().unwrap_or(0).max(quantised.before.exponent);
    if most - least > MAX_SPREAD || numbers.len() > 8 {
        let terms = numbers.iter().zip(&scales).map(|((number, input), scale)| {
            let factor = float(integers.factor(step, quantised, *input));
            format!("(float)({number} - ({})) * {factor}", scale.zero)
        });
        let steps = terms.collect::<Vec<_>>().join(" + ");
        return format!("rounded({steps}, {low}, {high}, {zero})");
    }
    let terms = numbers.iter().zip(&scales).map(|((number, _), scale)| {
        let factor = 1 << (scale.exponent - least);
        if factor == 1 { number.clone() } else { format!("{number} * {factor}") }
    });
    let offset: i32 = scales.iter().map(|scale| -scale.zero << (scale.exponent - least)).sum();
    let steps = terms.collect::<Vec<_>>().join(" + ");
    format!("cut({steps} + {offset}, {}, {low}, {high}, {zero})", quantised.before.exponent - least)
}
