//! Levels to numbers, as operators.

use netsynth_data::Normalisation;

use super::writer::Writer;

/// The name of the levels, 0 to 255, normalised.
pub(super) fn normalised(
    writer: &mut Writer,
    levels: &str,
    normalisation: Normalisation,
    opset: i64,
) -> String {
    const NORMALISED: &str = "normalised";
    match normalisation {
        Normalisation::UnitInterval => {
            let most = writer.scalar("level.most", 1.0 / 255.0);
            writer.node("Mul", &[levels, &most], NORMALISED, vec![])
        }
        Normalisation::PerImage => {
            let mean = mean(writer, levels, "level.mean", opset);
            let centred = writer.node("Sub", &[levels, &mean], "level.centred", vec![]);
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
            let centred = writer.node("Sub", &[levels, &mean], "level.centred", vec![]);
            writer.node("Mul", &[&centred, &scale], NORMALISED, vec![])
        }
    }
}

/// The mean over channels, rows and columns of each image.
fn mean(writer: &mut Writer, tensor: &str, name: &str, opset: i64) -> String {
    writer.reduced("ReduceMean", tensor, name, &[1, 2, 3], true, opset)
}
