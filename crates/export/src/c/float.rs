//! Steps in 32-bit floats.

use super::text::function;
use super::{call, concat, max_pool, of_one, pooling};
use crate::plan::{Activation, Kernel, Plan, Step, Window};

/// The functions of the activations that a plan has.
pub(super) fn activations(plan: &Plan) -> String {
    // A convolution has the ends of others in its numbers.
    let is_called = |step: &Step| {
        !matches!(
            (&step.kernel, step.kernel.activation()),
            (Kernel::Conv(_), Activation::Relu | Activation::Relu6)
        )
    };
    let used =
        |kind: Activation| plan.steps.iter().any(|step| step.kernel.activation() == kind && is_called(step));
    let kinds = [
        (Activation::Relu, "x > 0.0f ? x : 0.0f"),
        (Activation::Relu6, "x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x"),
        (Activation::Swish, "x / (1.0f + expf(-x))"),
        (Activation::Sigmoid, "1.0f / (1.0f + expf(-x))"),
    ];
    let functions = kinds.into_iter().filter(|(kind, _)| used(*kind)).map(|(kind, formula)| {
        format!("\nstatic float {}(float x)\n{{\n    return {formula};\n}}\n", name(kind))
    });
    functions.collect()
}

pub(super) fn name(activation: Activation) -> &'static str {
    match activation {
        Activation::Linear => "",
        Activation::Relu => "relu",
        Activation::Relu6 => "relu6",
        Activation::Swish => "swish",
        Activation::Sigmoid => "sigmoid",
    }
}

/// A step's functions and constants, and its call.
pub(super) fn step(plan: &Plan, step: &Step) -> (String, String) {
    let number = step.output;
    let name = format!("step_{number}");
    let (from, to) = (&plan.values[step.inputs[0]], &plan.values[number]);
    let call = call(plan, step);
    let mean = |window: &Window| {
        let body = include_str!("mean_pool.c");
        let body =
            body.replace("WIDE", "float").replace(" - ZERO", "").replace("END", "sum[i] / (float)count");
        of_one(step, "float", &pooling(plan, step, window), &body)
    };
    match &step.kernel {
        Kernel::Conv(conv) => super::conv::in_floats(plan, step, conv),
        Kernel::Sum(kind) => {
            let names: Vec<String> = (0..step.inputs.len()).map(|input| format!("x{input}")).collect();
            let parameters: Vec<String> = names.iter().map(|name| format!("const float *{name}")).collect();
            let terms: Vec<String> = names.iter().map(|name| format!("{name}[i]")).collect();
            let body = format!(
                "    int i;\n    for (i = 0; i < NUMBERS; i++) {{\n        y[i] = {}({});\n    }}\n",
                self::name(*kind),
                terms.join(" + ")
            );
            let parameters = format!("{}, float *y", parameters.join(", "));
            (function(&name, &parameters, &[("NUMBERS", to.shape.elements() as usize)], &body), call)
        }
        Kernel::Concat => concat(plan, step, "float", |number, _| number.to_owned()),
        Kernel::MaxPool(window) => (max_pool(plan, step, "float", window), call),
        Kernel::AvgPool(window) => (mean(window), call),
        Kernel::GlobalAvgPool => (mean(&Window::whole(from.shape)), call),
        Kernel::Gate => {
            let constants = [("NUMBERS", to.shape.elements() as usize), ("CHANNELS", to.shape.channels)];
            let body = "    int i;\n    for (i = 0; i < NUMBERS; i++) {\n        y[i] = x[i] * gate[i % CHANNELS];\n    }\n";
            (function(&name, "const float *x, const float *gate, float *y", &constants, body), call)
        }
    }
}
