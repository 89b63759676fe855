//! A network as a Rust crate without the standard library, without dependencies and without unsafe code.

mod mathematics;
mod step;

use std::fmt::Write;

use netsynth_data::Normalisation;

use crate::file::{File, Program};
use crate::interface::Interface;
use crate::plan::{Activation, Plan};
use crate::samples::Sample;

/// A network as a crate; `samples` are images with the logits that its test asks for.
pub fn rust(plan: &Plan, interface: &Interface, samples: &[Sample]) -> Program {
    let (weights, biases) = plan.parameters();
    let files = vec![
        File::text("Cargo.toml", MANIFEST.to_owned()),
        File::text("src/lib.rs", library(plan, interface)),
        File::text("tests/samples.rs", test(samples)),
        File::text("examples/classify.rs", EXAMPLE.to_owned()),
    ];
    Program {
        files,
        arena_bytes: 4 * plan.arena,
        constant_bytes: 4 * (weights + biases),
        transformed_bytes: 0,
    }
}

const MANIFEST: &str = "[package]
name = \"network\"
version = \"0.1.0\"
edition = \"2021\"
publish = false

[workspace]
";

const EXAMPLE: &str = "//! Says what an image shows: numbers on standard input, as many as the network reads, in any white space.

use std::io::Read;

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).expect(\"standard input is text\");
    let numbers: Vec<f32> = text.split_whitespace().map(|word| word.parse().expect(\"a number\")).collect();
    let image: &[f32; network::INPUT] = numbers.as_slice().try_into().expect(\"as many numbers as network::INPUT\");
    let logits = network::classify(image);
    for (label, logit) in network::LABELS.iter().zip(logits) {
        println!(\"{label}: {logit}\");
    }
}
";

fn library(plan: &Plan, interface: &Interface) -> String {
    let shape = plan.input();
    let levels = match interface.normalisation {
        Some(_) => format!(
            "{} Row by row, the colours of a pixel together; then {}.",
            interface.reads(shape.channels),
            interface.normalised()
        ),
        None => interface.reads(shape.channels),
    };
    let (weights, biases) = plan.parameters();
    let mut text = format!(
        "//! The network {:?}, written by netsynth {}: {weights} weights, {biases} biases.\n\n#![no_std]\n#![forbid(unsafe_code)]\n\n\
         /// Numbers of an image: {} rows of {} pixels of {} channels.\npub const INPUT: usize = {};\n\
         /// Classes that are told apart.\npub const CLASSES: usize = {};\n\
         /// Numbers of the memory that changes.\npub const ARENA: usize = {};\n\
         /// The names of the classes, in the order of the logits.\npub const LABELS: [&str; CLASSES] = {:?};\n\n\
         /// The memory that changes.\npub type Arena = [f32; ARENA];\n\n\
         /// The logits of an image. The arena is on the stack.\n///\n/// {}\n\
         pub fn classify(image: &[f32; INPUT]) -> [f32; CLASSES] {{\n    classify_in(&mut [0.0; ARENA], image)\n}}\n\n\
         /// The same in memory that the caller has.\n\
         pub fn classify_in(arena: &mut Arena, image: &[f32; INPUT]) -> [f32; CLASSES] {{\n    read_image(arena, image);\n",
        plan.name,
        env!("CARGO_PKG_VERSION"),
        shape.height,
        shape.width,
        shape.channels,
        shape.elements(),
        plan.classes(),
        plan.arena,
        interface.labels,
        levels.replace(['\n', '\r'], " "),
    );
    let mut functions = String::new();
    for step in &plan.steps {
        let (function, call) = step::written(plan, step);
        functions.push_str(&function);
        text.push_str(&call);
    }
    let output = plan.values[plan.output()].offset;
    let _ = write!(
        text,
        "    let mut logits = [0.0; CLASSES];\n    logits.copy_from_slice(&arena[{output}..{output} + CLASSES]);\n    logits\n}}\n\n"
    );
    text.push_str(&image_function(plan, interface));
    text.push_str(&functions);
    for kind in [Activation::Relu, Activation::Relu6, Activation::Swish, Activation::Sigmoid] {
        if plan.steps.iter().any(|one| one.kernel.activation() == kind) {
            text.push_str(mathematics::activation(kind));
        }
    }
    let is_exponential = |kind| matches!(kind, Activation::Swish | Activation::Sigmoid);
    if plan.steps.iter().any(|one| is_exponential(one.kernel.activation())) {
        text.push_str(mathematics::EXPONENTIAL);
    }
    if interface.normalisation == Some(Normalisation::PerImage) {
        text.push_str(mathematics::SQUARE_ROOT);
    }
    text
}

/// The function that writes an image into the arena.
fn image_function(plan: &Plan, interface: &Interface) -> String {
    let (before, number) = match interface.normalisation {
        None => ("", "*level".to_owned()),
        Some(Normalisation::UnitInterval) => ("", format!("level * {:?}", 1.0_f32 / 255.0)),
        Some(Normalisation::Dataset { mean, sd }) => ("", format!("(level - {mean:?}) * {:?}", 1.0 / sd)),
        Some(Normalisation::PerImage) => (PER_IMAGE, "(level - mean as f32) * scale".to_owned()),
    };
    let start = plan.values[0].offset;
    format!(
        "fn read_image(arena: &mut Arena, image: &[f32; INPUT]) {{\n{before}    \
         for (number, level) in arena[{start}..{start} + INPUT].iter_mut().zip(image) {{\n        *number = {number};\n    }}\n}}\n\n"
    )
}

const PER_IMAGE: &str =
    "    let mean = image.iter().map(|&level| f64::from(level)).sum::<f64>() / INPUT as f64;
    let square = |level: &f32| (f64::from(*level) - mean) * (f64::from(*level) - mean);
    let deviation = square_root(image.iter().map(square).sum::<f64>() / INPUT as f64);
    let scale = 1.0 / deviation.max(1.0) as f32;
";

fn test(samples: &[Sample]) -> String {
    let mut text = String::from(
        "//! The network gives the logits that it had where it was trained, but for the order of sums.\n\nuse network::{classify, CLASSES, INPUT};\n\n",
    );
    let _ = writeln!(text, "const SAMPLES: [([f32; INPUT], [f32; CLASSES]); {}] = [", samples.len());
    for Sample { image, logits } in samples {
        let _ = writeln!(text, "    ({image:?}, {logits:?}),");
    }
    text.push_str(
        "];\n\n#[test]\nfn the_logits_of_samples_are_known() {\n    for (image, expected) in &SAMPLES {\n        let logits = classify(image);\n        \
         for (one, other) in logits.iter().zip(expected) {\n            \
         assert!((one - other).abs() <= 1e-3 * (1.0 + other.abs()), \"{logits:?} {expected:?}\");\n        }\n    }\n}\n",
    );
    text
}
