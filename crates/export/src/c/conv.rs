//! Convolutions: their numbers as `conv.c` and `depthwise.c` read them.

use std::fmt::Display;

use netsynth_graph::Shape;
use netsynth_graph::program::{GROUP, MAX_LANES};

use super::place;
use super::text::{array, float, lines};
use super::winograd;
use crate::plan::{Activation, Conv, Kernel, Plan, Step, Window};
use crate::quantised::{Quantised, QuantisedConv, QuantisedStep};

/// The functions that a plan's convolutions call, in floats or in 8-bit integers.
pub(super) fn functions(plan: &Plan, is_integer: bool) -> String {
    let is_there = |is_depthwise: bool| {
        plan.steps.iter().any(|step| match &step.kernel {
            Kernel::Conv(conv) => is_alone(plan, step, conv) == is_depthwise,
            _ => false,
        })
    };
    let mut found = String::new();
    if is_there(false) || is_there(true) {
        found.push_str(match is_integer {
            true => include_str!("integer_lanes.c"),
            false => include_str!("float_lanes.c"),
        });
    }
    if is_there(false) {
        found.push_str(include_str!("lines.c"));
        found.push_str(include_str!("tiles.c"));
        found.push_str(&match is_integer {
            true => [
                "\n#if defined(IS_IN_ROWS)",
                include_str!("integer_rows.c"),
                "\n#elif defined(IS_IN_PAIRS)",
                include_str!("integer_pairs.c"),
                "\n#else",
                include_str!("tile.c"),
                "#endif\n",
            ]
            .concat(),
            false => include_str!("tile.c").to_owned(),
        });
        found.push_str(include_str!("conv.c"));
        if !is_integer {
            found.push_str(&winograd::functions(plan));
        }
    }
    if is_there(true) {
        found.push_str(include_str!("windows.c"));
        if is_integer {
            found.push_str(include_str!("integer_channels.c"));
            found.push_str(include_str!("integer_columns.c"));
        }
        found.push_str(include_str!("depthwise.c"));
    }
    found.push('\n');
    found
}

/// Whether each channel is alone: a convolution of its own kind.
fn is_alone(plan: &Plan, step: &Step, conv: &Conv) -> bool {
    conv.is_alone(plan.values[step.inputs[0]].shape, plan.values[step.output].shape)
}

/// A convolution's numbers in floats, and its call.
pub(super) fn in_floats(plan: &Plan, step: &Step, conv: &Conv) -> (String, String) {
    let (low, high) = match conv.activation {
        Activation::Relu => ("0.0f", "FLT_MAX"),
        Activation::Relu6 => ("0.0f", "6.0f"),
        Activation::Linear | Activation::Swish | Activation::Sigmoid => ("-FLT_MAX", "FLT_MAX"),
    };
    let number = step.output;
    let layout = Layout::of(plan, step, conv, 1);
    let weight = layout.laid_out(&conv.numbers.weight).into_iter().map(float);
    let biases = conv.numbers.bias.iter().copied().map(float);
    let arrays = array("float", &format!("weight_{number}"), weight)
        + &array("float", &format!("start_{number}"), layout.behind(biases, "0.0f"));
    let after = match conv.activation {
        Activation::Linear | Activation::Relu | Activation::Relu6 => None,
        Activation::Swish | Activation::Sigmoid => {
            Some(format!("{}(y[i])", super::float::name(conv.activation)))
        }
    };
    let numbers = Numbers {
        of: "float",
        arrays,
        border: "0.0f".to_owned(),
        paired: 0,
        end: format!("{low}, {high}"),
        after,
        by_frequencies: winograd::is_winograd(plan, step, conv),
    };
    numbers.written(plan, step, conv)
}

/// A convolution's numbers in 8-bit integers, and its call.
pub(super) fn in_integers(
    plan: &Plan,
    integers: &Quantised,
    step: &Step,
    conv: &Conv,
    (quantised, constants): (&QuantisedStep, &QuantisedConv),
) -> (String, String) {
    let number = step.output;
    let zero = integers.scales[step.inputs[0]].zero;
    let layout = Layout::of(plan, step, conv, GROUP);
    // The border's inputs are the zero point: every window is whole, and what the zero point adds is known.
    let channels = constants.bias.iter().zip(constants.weight.chunks_exact(conv.numbers.taps()));
    let starts: Vec<(i32, i32)> = channels
        .map(|(bias, weights)| {
            let sum: i32 = weights.iter().copied().map(i32::from).sum();
            (bias - zero * sum, sum)
        })
        .collect();
    let paired = layout.paired(&starts, &constants.weight);
    let start = starts.iter().map(|&(start, sum)| match layout.is_alone {
        true => start.to_string(),
        false => format!("START({start}, {sum})"),
    });
    let multipliers = constants.multiplier.iter().copied().map(float);
    let weight = layout.laid_out(&constants.weight);
    let arrays = lines(
        "ALIGNED int8_t",
        &format!("weight_{number}"),
        weight.len(),
        &layout.in_pairs(&weight, paired),
        4,
    ) + &array("int32_t", &format!("start_{number}"), layout.behind(start, "0"))
        + &array("float", &format!("multiplier_{number}"), layout.behind(multipliers, "0.0f"));
    let (low, high) = quantised.ends();
    let end = format!("multiplier_{number}, {low}, {high}, {}", quantised.before.zero);
    let after = quantised.table.as_ref().map(|_| format!("table_{number}[y[i] + 128]"));
    let border = zero.to_string();
    Numbers { of: "int8_t", arrays, border, paired, end, after, by_frequencies: false }
        .written(plan, step, conv)
}

/// How weights lie.
struct Layout {
    /// Whether each channel is alone: by taps, and by channels. Else by parts, by the window's rows, by groups of inputs, by
    /// outputs, and by the inputs of a group.
    is_alone: bool,
    parts: usize,
    /// Inputs of a part.
    inputs: usize,
    /// Outputs of a part.
    outputs: usize,
    rows: usize,
    columns: usize,
    /// Inputs of a group.
    group: usize,
}

impl Layout {
    fn of(plan: &Plan, step: &Step, conv: &Conv, group: usize) -> Self {
        let (from, to) = (plan.values[step.inputs[0]].shape, plan.values[step.output].shape);
        let (rows, columns) = conv.window.size;
        Self {
            is_alone: is_alone(plan, step, conv),
            parts: conv.groups,
            inputs: from.channels / conv.groups,
            outputs: to.channels / conv.groups,
            rows,
            columns,
            group,
        }
    }

    /// How many outputs are read behind the last.
    fn n_behind(&self) -> usize {
        if self.is_alone { 0 } else { MAX_LANES.saturating_sub(self.outputs) }
    }

    /// Weights as they are read, of `[outputs, inputs, rows, columns]`.
    fn laid_out<W: Copy + Default>(&self, weight: &[W]) -> Vec<W> {
        let Self { parts, inputs, outputs, rows, columns, group, .. } = *self;
        if self.is_alone {
            return crate::run::by_tap(weight, 1, 1, rows * columns);
        }
        let mut found = Vec::with_capacity(weight.len());
        for part in weight.chunks_exact(weight.len() / parts) {
            for row in 0..rows {
                for first in (0..columns * inputs).step_by(group) {
                    for output in 0..outputs {
                        found.extend((first..first + group).map(|at| match at < columns * inputs {
                            true => {
                                part[((output * inputs + at % inputs) * rows + row) * columns + at / inputs]
                            }
                            false => W::default(),
                        }));
                    }
                }
            }
        }
        found.extend(std::iter::repeat_n(W::default(), group * self.n_behind()));
        found
    }

    /// Numbers of outputs, with more behind them where they are few.
    fn behind<T: Display>(
        &self,
        numbers: impl Iterator<Item = T>,
        more: &str,
    ) -> impl Iterator<Item = String> {
        let more = std::iter::repeat_n(more.to_owned(), self.n_behind());
        numbers.map(|number| number.to_string()).chain(more)
    }

    /// How many of a part's outputs are written in pairs: of each two sums the second must fit in 24 bits, whatever the inputs.
    fn paired(&self, starts: &[(i32, i32)], weight: &[i8]) -> usize {
        let fits = |((start, _), weights): (&(i32, i32), &[i8])| {
            let ends = |x: i64, other: i64| {
                let product = |&w: &i8| if w > 0 { x * i64::from(w) } else { other * i64::from(w) };
                i64::from(*start) + weights.iter().map(product).sum::<i64>()
            };
            let limit = 1 << 23;
            ends(127, -128) < limit && ends(-128, 127) >= -limit
        };
        let sums = starts.iter().zip(weight.chunks_exact(weight.len() / starts.len()));
        match !self.is_alone
            && sums.enumerate().all(|(at, sum)| (at % self.outputs).is_multiple_of(2) || fits(sum))
        {
            true => self.outputs / 2 * 2,
            false => 0,
        }
    }

    /// Weights as they lie, those of two outputs for a group of inputs as one pair.
    fn in_pairs(&self, weight: &[i8], paired: usize) -> Vec<String> {
        let joined = |weights: &[i8]| {
            let weights: Vec<String> = weights.iter().map(i8::to_string).collect();
            weights.join(", ")
        };
        let of_group = |weights: &[i8]| {
            let (pairs, others) = weights.split_at(paired * self.group);
            let pairs = pairs.chunks_exact(2 * self.group).map(|pair| format!("PAIR({})", joined(pair)));
            pairs.chain(others.chunks(2 * self.group).map(joined)).collect::<Vec<_>>()
        };
        let (groups, behind) = weight.split_at(weight.len() - self.group * self.n_behind());
        match self.is_alone {
            true => weight.chunks(2 * self.group).map(joined).collect(),
            false => {
                let groups = groups.chunks_exact(self.outputs * self.group).flat_map(of_group);
                groups.chain(behind.chunks(2 * self.group).map(joined)).collect()
            }
        }
    }
}

/// What is written of a convolution in one kind of numbers.
struct Numbers {
    /// The type of inputs and outputs.
    of: &'static str,
    /// The definitions of its arrays.
    arrays: String,
    /// What is read beyond the border.
    border: String,
    /// How many outputs' weights are written in pairs.
    paired: usize,
    /// What ends its constants: how sums become outputs.
    end: String,
    /// What each output `y[i]` becomes afterwards, if anything.
    after: Option<String>,
    /// Whether `winograd.c` computes it where it can.
    by_frequencies: bool,
}

impl Numbers {
    /// The definitions, and the call.
    fn written(self, plan: &Plan, step: &Step, conv: &Conv) -> (String, String) {
        let Self { of, arrays, border, paired, end, after, by_frequencies } = self;
        let number = step.output;
        let (mut from, mut to) = (plan.values[step.inputs[0]].shape, plan.values[number].shape);
        let elements = to.elements();
        let is_alone = is_alone(plan, step, conv);
        if conv.window == Window::POINT && conv.groups == 1 {
            // All pixels are one row.
            for shape in [&mut from, &mut to] {
                (shape.height, shape.width) = (1, shape.height * shape.width);
            }
        }
        let ((rows, columns), Window { stride, padding, .. }) = (conv.window.size, conv.window);
        let plane = |shape: Shape, channels: usize| format!("{}, {}, {channels}", shape.height, shape.width);
        let window = format!("{rows}, {columns}, {stride}, {padding}, {border}");
        let end = format!("weight_{number}, start_{number}, {{{end}}}");
        let place_of = |value: usize| place(plan, value);
        let (constants, mut call) = if is_alone {
            let input = plane(from, from.channels);
            let constants = format!(
                "static const struct depthwise conv_{number} = {{\n    {input}, {}, {}, {window},\n    {end}\n}};\n\n",
                to.height, to.width
            );
            let places = [place_of(step.inputs[0]), place_of(number)].join(", ");
            (constants, format!("    depthwise(&conv_{number}, {places});\n"))
        } else {
            let (input, output) =
                (plane(from, from.channels / conv.groups), plane(to, to.channels / conv.groups));
            let mut constants = format!(
                "static const struct conv conv_{number} = {{\n    {}, {input}, {output}, {window}, {paired},\n    {end}\n}};\n\n",
                conv.groups
            );
            let (x, kept, y) =
                (place_of(step.inputs[0]), format!("arena + {}", step.lines), place_of(number));
            let mut call = format!("    conv(&conv_{number}, {x}, {kept}, {y});\n");
            if by_frequencies {
                constants.push_str(&winograd::weights(plan, step));
                call = format!(
                    "#ifdef HAS_WINOGRAD\n    winograd(&conv_{number}, transformed_{number}, {x}, {y});\n#else\n{call}#endif\n"
                );
            }
            (constants, call)
        };
        let mut after_function = String::new();
        if let Some(after) = after {
            let body = format!(
                "    int i;\n    for (i = 0; i < NUMBERS; i++) {{\n        y[i] = {after};\n    }}\n"
            );
            let numbers = [("NUMBERS", elements as usize)];
            after_function =
                super::text::function(&format!("step_{number}"), &format!("{of} *y"), &numbers, &body);
            call.push_str(&format!("    step_{number}({});\n", place_of(number)));
        }
        (arrays + &constants + &after_function, call)
    }
}
