//! Which convolutions `winograd.c` computes in floats, and the memory that it needs for them.

use netsynth_graph::Shape;
use netsynth_graph::program::MAX_LANES;

use crate::plan::{Conv, Kernel, Plan, Step};

/// As in `winograd.c`: what a tile has, the tiles of a block, and the vectors of outputs that are mixed at once.
const FREQUENCIES: usize = 36;
const TILES: usize = 12;
const VECTORS: usize = 3;

/// Whether a convolution is computed by frequencies where processors have vectors.
pub(super) fn is_winograd(plan: &Plan, step: &Step, conv: &Conv) -> bool {
    let (from, to) = shapes(plan, step);
    conv.is_winograd(from, to)
}

/// The convolutions that are computed by frequencies.
fn convs(plan: &Plan) -> impl Iterator<Item = &Step> {
    plan.steps.iter().filter(|step| match &step.kernel {
        Kernel::Conv(conv) => is_winograd(plan, step, conv),
        Kernel::Sum(_)
        | Kernel::Concat
        | Kernel::MaxPool(_)
        | Kernel::AvgPool(_)
        | Kernel::GlobalAvgPool
        | Kernel::Gate => false,
    })
}

fn shapes(plan: &Plan, step: &Step) -> (Shape, Shape) {
    (plan.values[step.inputs[0]].shape, plan.values[step.output].shape)
}

/// The most inputs of a convolution that is computed by frequencies, if there is one.
fn most_inputs(plan: &Plan) -> Option<usize> {
    convs(plan).map(|step| shapes(plan, step).0.channels).max()
}

/// The numbers of a convolution's weights at all frequencies, at most: vectors of outputs are whole.
fn transformed_numbers(plan: &Plan, step: &Step) -> usize {
    let (from, to) = shapes(plan, step);
    FREQUENCIES * from.channels * to.channels.next_multiple_of(MAX_LANES)
}

/// The bytes that all convolutions by frequencies need, at most: of weights, and of a block.
pub(super) fn bytes(plan: &Plan) -> usize {
    let weights: usize = convs(plan).map(|step| transformed_numbers(plan, step)).sum();
    let block = most_inputs(plan).map_or(0, |inputs| FREQUENCIES * TILES * (inputs + VECTORS * MAX_LANES));
    size_of::<f32>() * (weights + block)
}

/// The functions that a plan's convolutions by frequencies call.
pub(super) fn functions(plan: &Plan) -> String {
    match most_inputs(plan) {
        None => String::new(),
        Some(inputs) => format!("\nenum {{ MOST_INPUTS = {inputs} }};\n{}", include_str!("winograd.c")),
    }
}

/// What holds a convolution's weights at all frequencies.
pub(super) fn weights(plan: &Plan, step: &Step) -> String {
    let number = step.output;
    format!(
        "#ifdef HAS_WINOGRAD\nstatic float transformed_{number}[{}];\n#endif\n\n",
        transformed_numbers(plan, step)
    )
}

/// The function that transforms all weights, once, and its call; nothing where no convolution needs it.
pub(super) fn preparation(plan: &Plan) -> (String, &'static str) {
    let transforms: String = convs(plan)
        .map(|step| format!("    transform_weights(&conv_{0}, transformed_{0});\n", step.output))
        .collect();
    if transforms.is_empty() {
        return (String::new(), "");
    }
    let function = format!(
        "#ifdef HAS_WINOGRAD\nstatic void prepare(void)\n{{\n    static int is_prepared;\n    if (is_prepared) {{\n        return;\n    }}\n\
         {transforms}    is_prepared = 1;\n}}\n#else\n#define prepare()\n#endif\n\n"
    );
    (function, "    prepare();\n")
}
