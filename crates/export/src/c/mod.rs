//! A network as C99: `network.h`, `network.c` and a program that checks them, `test.c`.
//!
//! No heap, no recursion, nothing of a library but `sqrt` and `expf` where a network needs them. Weights are constants; all
//! activations lie in one static arena, at the offsets of the plan. Each step is a function whose loops have constant ends.

mod conv;
mod float;
mod integer;
mod test;
mod text;
mod winograd;

use netsynth_data::Normalisation;
use netsynth_graph::program::GROUP;

use crate::file::{File, Program};
use crate::interface::Interface;
use crate::loops::sliding;
use crate::plan::{Activation, Plan, Step, Window};
use crate::quantised::Quantised;
use crate::samples::Sample;
use text::{comment, float, function, literal, remark};

/// A network in C; `samples` are images with the logits that its test asks for.
pub fn c(plan: &Plan, integers: Option<&Quantised>, interface: &Interface, samples: &[Sample]) -> Program {
    let source = source(plan, integers, interface);
    Program {
        arena_bytes: arena_bytes(plan, integers),
        constant_bytes: text::constant_bytes(&source),
        transformed_bytes: transformed_bytes(plan, integers),
        files: vec![
            File::text("network.h", header(plan, integers, interface)),
            File::text("network.c", source),
            File::text("test.c", test::program(interface, integers.is_some(), samples)),
        ],
    }
}

/// A program that times a network in C: `time SECONDS` prints nanoseconds of the median run and of the run that 95 in 100 are at most as
/// long as, and how many runs there were. It needs POSIX.
pub fn timer(interface: &Interface) -> File {
    // Numbers far from those that a network is made for could take other times.
    let level = match interface.normalisation {
        Some(_) => "i * 37 % 251",
        None => "(float)(i * 37 % 251) / 250.0f",
    };
    File::text(
        "time.c",
        include_str!("time.c").replace("IMAGE", image_type(interface)).replace("LEVEL", level),
    )
}

/// The type of what the network is given: levels, or numbers where nothing is known of levels.
fn image_type(interface: &Interface) -> &'static str {
    match interface.normalisation {
        Some(_) => "unsigned char",
        None => "float",
    }
}

fn header(plan: &Plan, integers: Option<&Quantised>, interface: &Interface) -> String {
    let shape = plan.input();
    let (weights, biases) = plan.parameters();
    let numbers = match integers {
        None => "32-bit floats",
        Some(_) => "8-bit integers",
    };
    let levels = match interface.normalisation {
        Some(_) => format!(
            "{} Row by row, colours of a pixel together; then {}.",
            plain(&interface.reads(shape.channels)),
            plain(&interface.normalised())
        ),
        None => plain(&interface.reads(shape.channels)),
    };
    let memory = match transformed_bytes(plan, integers) {
        0 => "All the memory that changes, beside the stack.".to_owned(),
        bytes => format!(
            "All the memory that changes, beside the stack. On x86 and 64-bit ARM, unless NETWORK_SMALL is defined, at most {bytes} \
             bytes more, for transformed weights, which the first call writes."
        ),
    };
    let call = format!(
        "Writes the logits of an image and returns the number of the largest. {levels} Not to be called while it is at work."
    );
    format!(
        "/* The network {name} in {numbers}, written by netsynth {version}.\n   {weights} weights, {biases} biases. */\n\
         #ifndef NETWORK_H\n#define NETWORK_H\n\n\
         #define NETWORK_CHANNELS {channels}\n#define NETWORK_HEIGHT {height}\n#define NETWORK_WIDTH {width}\n\
         #define NETWORK_INPUT {input}\n#define NETWORK_CLASSES {classes}\n\
         {memory}#define NETWORK_ARENA_BYTES {arena}\n\n\
         /* The names of the classes, in UTF-8. */\nextern const char *const network_labels[NETWORK_CLASSES];\n\n\
         {call}\
         int network_classify(const {image} image[NETWORK_INPUT], float logits[NETWORK_CLASSES]);\n\n#endif\n",
        name = remark(&plan.name),
        version = env!("CARGO_PKG_VERSION"),
        channels = shape.channels,
        height = shape.height,
        width = shape.width,
        input = shape.elements(),
        classes = plan.classes(),
        arena = arena_bytes(plan, integers),
        memory = comment(&memory),
        call = comment(&call),
        image = image_type(interface),
    )
}

/// The bytes of the arena.
fn arena_bytes(plan: &Plan, integers: Option<&Quantised>) -> usize {
    let of_number = if integers.is_some() { size_of::<i8>() } else { size_of::<f32>() };
    of_number * arena_numbers(plan, integers)
}

/// The numbers of the arena: integers are read in groups, so that some may be read behind the last.
fn arena_numbers(plan: &Plan, integers: Option<&Quantised>) -> usize {
    match integers {
        None => plan.arena,
        Some(_) => plan.arena + GROUP - 1,
    }
}

/// The bytes that convolutions by frequencies need where processors have vectors, at most.
fn transformed_bytes(plan: &Plan, integers: Option<&Quantised>) -> usize {
    if integers.is_some() { 0 } else { winograd::bytes(plan) }
}

fn plain(text: &str) -> String {
    remark(text).replace(['_'], " ")
}

fn source(plan: &Plan, integers: Option<&Quantised>, interface: &Interface) -> String {
    let number = number_type(integers);
    let mut text = String::new();
    text.push_str("#include \"network.h\"\n\n");
    text.push_str("#include <float.h>\n#include <stdint.h>\n#include <string.h>\n");
    if uses_mathematics(plan, integers, interface) {
        text.push_str("#include <math.h>\n");
    }
    text.push_str(include_str!("specialised.c"));
    if integers.is_some() {
        text.push_str(include_str!("rounding.c"));
    } else {
        text.push_str(&float::activations(plan));
    }
    let labels: Vec<String> =
        interface.labels.iter().map(|label| format!("    {}", literal(label))).collect();
    text.push_str(&format!(
        "\nconst char *const network_labels[NETWORK_CLASSES] = {{\n{}\n}};\n\nstatic {number} arena[{}];\n\n",
        labels.join(",\n"),
        arena_numbers(plan, integers)
    ));
    text.push_str(&conv::functions(plan, integers.is_some()));
    let mut calls = String::new();
    for step in &plan.steps {
        let output = &plan.values[step.output];
        text.push_str(&format!("/* {}: {} of {} */\n", step.output, remark(&output.name), output.shape));
        let (functions, call) = match integers {
            None => float::step(plan, step),
            Some(integers) => integer::step(plan, integers, step),
        };
        text.push_str(&functions);
        calls.push_str(&call);
    }
    let (preparation, prepare) = match integers {
        None => winograd::preparation(plan),
        Some(_) => (String::new(), ""),
    };
    text.push_str(&preparation);
    text.push_str(&image_function(integers, interface));
    let output = &plan.values[plan.output()];
    let logit = match integers {
        None => format!("arena[{} + c]", output.offset),
        Some(integers) => {
            let scale = integers.scales[plan.output()];
            format!("(float)(arena[{} + c] - ({})) * {}", output.offset, scale.zero, float(scale.step()))
        }
    };
    text.push_str(&format!(
        "int network_classify(const {image} image[NETWORK_INPUT], float logits[NETWORK_CLASSES])\n{{\n    int c, best = 0;\n{prepare}    \
         read_image(image, arena + {input});\n{calls}    for (c = 0; c < NETWORK_CLASSES; c++) {{\n        logits[c] = {logit};\n        \
         if (logits[c] > logits[best]) {{\n            best = c;\n        }}\n    }}\n    return best;\n}}\n",
        image = image_type(interface),
        input = plan.values[0].offset,
    ));
    text
}

fn number_type(integers: Option<&Quantised>) -> &'static str {
    match integers {
        None => "float",
        Some(_) => "int8_t",
    }
}

fn uses_mathematics(plan: &Plan, integers: Option<&Quantised>, interface: &Interface) -> bool {
    let is_exponential = |step: &Step| match step.kernel.activation() {
        Activation::Linear | Activation::Relu | Activation::Relu6 => false,
        // Of integers it is a table.
        Activation::Swish | Activation::Sigmoid => integers.is_none(),
    };
    interface.normalisation == Some(Normalisation::PerImage) || plan.steps.iter().any(is_exponential)
}

/// The function that writes an image into the arena.
fn image_function(integers: Option<&Quantised>, interface: &Interface) -> String {
    let (level, number) = (image_type(interface), number_type(integers));
    let end = |value: &str| match integers {
        None => value.to_owned(),
        Some(integers) => {
            let scale = integers.scales[0];
            format!(
                "rounded({value} * {}, {}, {}, {})",
                float(1.0 / scale.step()),
                -128 - scale.zero,
                127 - scale.zero,
                scale.zero
            )
        }
    };
    let (before, value) = match interface.normalisation {
        None => (String::new(), "image[i]".to_owned()),
        Some(Normalisation::UnitInterval) => {
            (String::new(), format!("((float)image[i] * {})", float(1.0 / 255.0)))
        }
        Some(Normalisation::Dataset { mean, sd }) => {
            (String::new(), format!("(((float)image[i] - {}) * {})", float(mean), float(1.0 / sd)))
        }
        Some(Normalisation::PerImage) => {
            (PER_IMAGE.to_owned(), "(((float)image[i] - mean) * scale)".to_owned())
        }
    };
    let declared = match before.is_empty() {
        true => "    int i;\n".to_owned(),
        false => before,
    };
    let body = format!(
        "{declared}    for (i = 0; i < NETWORK_INPUT; i++) {{\n        y[i] = {};\n    }}\n",
        end(&value)
    );
    format!("static void read_image(const {level} *image, {number} *y)\n{{\n{body}}}\n\n")
}

/// Mean and deviation of an image of levels; their sums are exact.
const PER_IMAGE: &str = "    int i;
    unsigned long long sum = 0, squares = 0;
    double deviation;
    float mean, scale;
    for (i = 0; i < NETWORK_INPUT; i++) {
        sum += image[i];
        squares += (unsigned long long)image[i] * image[i];
    }
    mean = (float)((double)sum / NETWORK_INPUT);
    deviation = sqrt((double)(squares * NETWORK_INPUT - sum * sum)) / NETWORK_INPUT;
    scale = 1.0f / (float)(deviation > 1.0 ? deviation : 1.0);
";

/// Where a value is in C.
fn place(plan: &Plan, value: usize) -> String {
    format!("arena + {}", plan.values[value].offset)
}

/// The call of a step's one function.
fn call(plan: &Plan, step: &Step) -> String {
    let places: Vec<String> =
        step.inputs.iter().chain([&step.output]).map(|&value| place(plan, value)).collect();
    format!("    step_{}({});\n", step.output, places.join(", "))
}

/// Channels that are pooled side by side, at most: as many as there are in a vector.
const MAX_BLOCK: usize = 16;

/// The constants of a window that slides over a step's input, channel by channel.
fn pooling(plan: &Plan, step: &Step, window: &Window) -> Vec<(&'static str, usize)> {
    let (from, to) = (plan.values[step.inputs[0]].shape, plan.values[step.output].shape);
    let channels = [("CHANNELS", to.channels), ("BLOCK", to.channels.min(MAX_BLOCK))];
    [&sliding(window, from, to)[..], &channels].concat()
}

/// A function of one value of numbers of this type.
fn of_one(step: &Step, number: &str, constants: &[(&'static str, usize)], body: &str) -> String {
    function(&format!("step_{}", step.output), &format!("const {number} *x, {number} *y"), constants, body)
}

fn max_pool(plan: &Plan, step: &Step, number: &str, window: &Window) -> String {
    let body = include_str!("max_pool.c").replace("NUMBER", number);
    of_one(step, number, &pooling(plan, step, window), &body)
}

/// A function and a call for each of the values that are joined; `end` gives what becomes of a number `x[...]` of an input.
fn concat(plan: &Plan, step: &Step, number: &str, end: impl Fn(&str, usize) -> String) -> (String, String) {
    let to = plan.values[step.output].shape;
    let (mut functions, mut calls, mut start) = (String::new(), String::new(), 0);
    for (input, &value) in step.inputs.iter().enumerate() {
        let channels = plan.values[value].shape.channels;
        let constants = [
            ("PIXELS", to.height * to.width),
            ("CHANNELS", channels),
            ("ALL", to.channels),
            ("START", start),
        ];
        let body = include_str!("concat.c").replace("END", &end("x[pixel * CHANNELS + c]", input));
        let name = format!("step_{}_{input}", step.output);
        functions.push_str(&function(&name, &format!("const {number} *x, {number} *y"), &constants, &body));
        calls.push_str(&format!("    {name}({}, {});\n", place(plan, value), place(plan, step.output)));
        start += channels;
    }
    (functions, calls)
}
