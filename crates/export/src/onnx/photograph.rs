//! A photograph of any size to levels of the network's size, as operators.
//!
//! It becomes gray, rows are resized and then columns, each by a matrix of Catmull-Rom weights that the model computes from
//! the photograph's size, and both are rounded to levels: as netsynth prepares images, with the 16-bit weights of
//! `fast_image_resize`. `Resize` has no such filter at opsets below 18, and other roundings above.

use netsynth_data::Crop;
use netsynth_graph::Shape;

use super::IMAGE;
use super::schema::AttributeProto;
use super::schema::tensor_proto::DataType;
use super::writer::{Writer, axes, floats, int, ints, whole_number};

/// The name of the levels of the part of the photograph that the crop keeps, `[batch, channels, height, width]`.
///
/// A face, and a box of a file, are cut out before: what is given is all kept.
pub(super) fn levels(writer: &mut Writer, crop: &Crop, input: Shape) -> String {
    let colours = writer.node("Cast", &[IMAGE], "photograph.colours", vec![to_float()]);
    let planes = match input.channels {
        1 => gray(writer, &colours),
        _ => planes(writer, &colours),
    };
    let shape = writer.node("Shape", &[IMAGE], "photograph.shape", vec![]);
    let [height, width] = [("height", 1), ("width", 2)].map(|(name, axis)| side(writer, &shape, name, axis));
    let [rows, columns] = parts(writer, crop, &height, &width);

    let weights = weights(writer, "rows", &height, &rows, input.height);
    let resized = writer.node("MatMul", &[&weights, &planes], "rows.resized", vec![]);
    let resized = to_levels(writer, &resized, "rows");
    let weights = self::weights(writer, "columns", &width, &columns, input.width);
    let weights = writer.node("Transpose", &[&weights], "columns.across", vec![ints("perm", &[1, 0])]);
    let resized = writer.node("MatMul", &[&resized, &weights], "columns.resized", vec![]);
    to_levels(writer, &resized, "columns")
}

fn to_float() -> AttributeProto {
    int("to", DataType::Float as i64)
}

fn planes(writer: &mut Writer, pixels: &str) -> String {
    writer.node("Transpose", &[pixels], "photograph.planes", vec![ints("perm", &[0, 3, 1, 2])])
}

/// Luma as netsynth rounds it: thousandths are whole numbers, which 32-bit floats hold.
fn gray(writer: &mut Writer, colours: &str) -> String {
    let shares = writer.initializer(floats("gray.shares", &[3, 1], &[299.0, 587.0, 114.0]));
    let half = writer.scalar("gray.half", 500.0);
    let thousand = writer.scalar("gray.thousand", 1000.0);
    let sum = writer.node("MatMul", &[colours, &shares], "gray.sum", vec![]);
    // Runtimes are slow where the last axis has one number.
    let sum = planes(writer, &sum);
    let sum = writer.node("Add", &[&sum, &half], "gray.sum and half", vec![]);
    let gray = writer.node("Div", &[&sum, &thousand], "gray.exact", vec![]);
    writer.node("Floor", &[&gray], "gray", vec![])
}

/// How many pixels the photograph has along an axis.
struct Side {
    whole: String,
    /// The same as a float.
    real: String,
}

fn side(writer: &mut Writer, shape: &str, name: &str, axis: i64) -> Side {
    let axis = writer.initializer(whole_number(&format!("{name}.axis"), axis));
    let whole = writer.node("Gather", &[shape, &axis], &format!("{name}.whole"), vec![int("axis", 0)]);
    let real = writer.node("Cast", &[&whole], name, vec![to_float()]);
    Side { whole, real }
}

/// What is kept along an axis: the names of its first pixel and of its length.
struct Part {
    start: String,
    length: String,
}

/// What is kept of rows and of columns.
fn parts(writer: &mut Writer, crop: &Crop, height: &Side, width: &Side) -> [Part; 2] {
    match crop {
        Crop::Whole | Crop::Face { .. } | Crop::Boxes { .. } => {
            let start = writer.scalar("part.start", 0.0);
            [height, width].map(|side| Part { start: start.clone(), length: side.real.clone() })
        }
        Crop::Centre => {
            let half = writer.scalar("part.half", 0.5);
            let length = writer.node("Min", &[&height.real, &width.real], "part.side", vec![]);
            [height, width].map(|side| {
                let name = &side.real;
                let rest = writer.node("Sub", &[name, &length], &format!("{name}.rest"), vec![]);
                let before = writer.node("Mul", &[&rest, &half], &format!("{name}.half of rest"), vec![]);
                let start = writer.node("Floor", &[&before], &format!("{name}.start"), vec![]);
                Part { start, length: length.clone() }
            })
        }
        Crop::Box { left, top, width, height } => {
            [("top", top, "height", height), ("left", left, "width", width)].map(
                |(start, first, length, count)| Part {
                    start: writer.scalar(&format!("part.{start}"), *first as f32),
                    length: writer.scalar(&format!("part.{length}"), *count as f32),
                },
            )
        }
    }
}

/// A matrix `[size, pixels of the side]`: what each pixel adds to each of `size` others, which lie evenly over the part.
fn weights(writer: &mut Writer, axis: &str, side: &Side, part: &Part, size: usize) -> String {
    let named = |name: &str| format!("{axis}.{name}");
    let zero = writer.initializer(whole_number(&named("zero"), 0));
    let one = writer.initializer(whole_number(&named("one"), 1));
    let pixels = writer.node("Range", &[&zero, &side.whole, &one], &named("pixels"), vec![]);
    let pixels = writer.node("Cast", &[&pixels], &named("pixels real"), vec![to_float()]);

    // How far the middle of a pixel is from that of a new one, in pixels of the wider of both grids. Twice, and as many times
    // as there are new pixels, it is a whole number: so a division is all that is rounded.
    let count = writer.scalar(&named("count"), size as f32);
    let twice = writer.scalar(&named("twice count"), 2.0 * size as f32);
    let two = writer.scalar(&named("two"), 2.0);
    let half = writer.scalar(&named("half"), 0.5);
    let odd: Vec<f32> = (0..size).map(|new| (2 * new + 1) as f32).collect();
    let new_middles = writer.initializer(floats(&named("new middles"), &[size, 1], &odd));
    let new_middles = writer.node("Mul", &[&new_middles, &part.length], &named("targets"), vec![]);
    let inside = writer.node("Sub", &[&pixels, &part.start], &named("inside"), vec![]);
    let middles = writer.node("Add", &[&inside, &half], &named("middles"), vec![]);
    let middles = writer.node("Mul", &[&middles, &twice], &named("sources"), vec![]);
    let apart = writer.node("Sub", &[&middles, &new_middles], &named("apart"), vec![]);
    let apart = writer.node("Abs", &[&apart], &named("apart either way"), vec![]);
    let wider = writer.node("Max", &[&part.length, &count], &named("wider"), vec![]);
    let unit = writer.node("Mul", &[&wider, &two], &named("unit"), vec![]);
    let distance = writer.node("Div", &[&apart, &unit], &named("distance"), vec![]);
    // From a distance of 2 on there is nothing: the polynomial is 0 there.
    let distance = writer.node("Min", &[&distance, &two], &named("distance to 2"), vec![]);

    let is_near = writer.scalar(&named("near"), 1.0);
    let is_near = writer.node("Less", &[&distance, &is_near], &named("is near"), vec![]);
    let near = polynomial(writer, &named("near"), &distance, [1.5, -2.5, 0.0, 1.0]);
    let far = polynomial(writer, &named("far"), &distance, [-0.5, 2.5, -4.0, 2.0]);
    let curve = writer.node("Where", &[&is_near, &near, &far], &named("curve"), vec![]);
    let all_pixels = writer.initializer(axes(&named("all pixels"), &[1]));
    let sum = writer.node("ReduceSum", &[&curve, &all_pixels], &named("sum"), vec![int("keepdims", 1)]);
    let shares = writer.node("Div", &[&curve, &sum], &named("shares"), vec![]);
    in_16_bits(writer, axis, &shares)
}

/// A polynomial of the third degree, its highest coefficient first.
fn polynomial(writer: &mut Writer, name: &str, x: &str, coefficients: [f32; 4]) -> String {
    let [mut value, rest @ ..] =
        [3, 2, 1, 0].map(|power| writer.scalar(&format!("{name}.{power}"), coefficients[3 - power]));
    for (power, coefficient) in [2, 1, 0].into_iter().zip(rest) {
        let product = writer.node("Mul", &[&value, x], &format!("{name}.to {power}"), vec![]);
        value = writer.node("Add", &[&product, &coefficient], &format!("{name}.and {power}"), vec![]);
    }
    value
}

/// Weights as 16-bit integers over the largest power of two, to the 21st, for which the largest weight is one.
fn in_16_bits(writer: &mut Writer, axis: &str, weights: &str) -> String {
    let named = |name: &str| format!("{axis}.{name}");
    let powers: Vec<f32> = (1..=21).map(|power| (1 << power) as f32).collect();
    let powers = writer.initializer(floats(&named("powers"), &[powers.len()], &powers));
    let least = writer.scalar(&named("least power"), 1.0);
    let bound = writer.scalar(&named("bound"), 32767.5);
    let all = vec![int("keepdims", 0)];
    let largest = writer.node("ReduceMax", &[weights], &named("largest"), all.clone());
    let scaled = writer.node("Mul", &[&powers, &largest], &named("scaled"), vec![]);
    let fits = writer.node("Less", &[&scaled, &bound], &named("fits"), vec![]);
    let fitting = writer.node("Where", &[&fits, &powers, &least], &named("fitting"), vec![]);
    let scale = writer.node("ReduceMax", &[&fitting], &named("scale"), all);
    let integers = writer.node("Mul", &[weights, &scale], &named("exact integers"), vec![]);
    let integers = writer.node("Round", &[&integers], &named("integers"), vec![]);
    writer.node("Div", &[&integers, &scale], &named("weights"), vec![])
}

/// Rounded to levels, 0 to 255.
fn to_levels(writer: &mut Writer, sums: &str, axis: &str) -> String {
    let named = |name: &str| format!("{axis}.{name}");
    let half = writer.scalar(&named("half level"), 0.5);
    let least = writer.scalar(&named("least level"), 0.0);
    let most = writer.scalar(&named("most level"), 255.0);
    let sums = writer.node("Add", &[sums, &half], &named("sums and half"), vec![]);
    let levels = writer.node("Floor", &[&sums], &named("whole"), vec![]);
    writer.node("Clip", &[&levels, &least, &most], &named("levels"), vec![])
}
