//! Levels to numbers, as operators.

use netsynth_data::Normalisation;

use super::IMAGE;
use super::writer::{Writer, axes, int, ints};

/// The name of the image normalised. Levels are 0 to 255.
pub(super) fn normalised(writer: &mut Writer, normalisation: Normalisation, opset: i64) -> String {
    const NORMALISED: &str = "normalised";
    match normalisation {
        Normalisation::UnitInterval => {
            let most = writer.scalar("level.most", 1.0 / 255.0);
            writer.node("Mul", &[IMAGE, &most], NORMALISED, vec![])
        }
        Normalisation::PerImage => {
            let mean = mean(writer, IMAGE, "level.mean", opset);
            let centred = writer.node("Sub", &[IMAGE, &mean], "level.centred", vec![]);
            let squares = writer.node("Mul", &[&centred, &centred], "level.squares", vec![]);
            let variance = self::mean(writer, &squares, "level.variance", opset);
            let deviation = writer.node("Sqrt", &[&variance], "level.deviation", vec![]);
            // A flat image is not amplified.
            let least = writer.scalar("level.least deviation", 1.0);
            let divisor = writer.node("Max", &[&deviation, &least], "level.divisor", vec![]);
            writer.node("Div", &[&centred, &divisor], NORMALISED, vec![])
        }
        Normalisation::Dataset { mean, sd } => {
            let mean = writer.scalar("level.mean", mean);
            let scale = writer.scalar("level.scale", 1.0 / sd);
            let centred = writer.node("Sub", &[IMAGE, &mean], "level.centred", vec![]);
            writer.node("Mul", &[&centred, &scale], NORMALISED, vec![])
        }
    }
}

/// The mean over channels, rows and columns of each image.
fn mean(writer: &mut Writer, tensor: &str, name: &str, opset: i64) -> String {
    if opset < 18 {
        return writer.node(
            "ReduceMean",
            &[tensor],
            name,
            vec![ints("axes", &[1, 2, 3]), int("keepdims", 1)],
        );
    }
    let all = writer.initializer(axes(&format!("{name}.axes"), &[1, 2, 3]));
    writer.node("ReduceMean", &[tensor, &all], name, vec![int("keepdims", 1)])
}
