//! A plan in 8-bit integers: scales found on training images, and the arithmetic.
//!
//! A value's numbers are `2^exponent (q - zero)` for q in -128..=127; a convolution's weights are `scale q` for q in
//! -127..=127, with a scale for each output channel and no zero point. Steps between values are powers of two, so that sums,
//! products and means are exact in 32-bit floats up to the one rounding at their end: every runtime that rounds to nearest
//! even gives the same integers, in whatever order it computes. Only what multiplies a convolution's 32-bit sum is another
//! number, and that is one multiplication.

use crate::plan::{Activation, Conv, Kernel, Plan, Step, activated};
use crate::run::run;

/// How a value's integers are read: `2^exponent (q - zero)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// The logarithm of a step.
    pub exponent: i32,
    /// The integer that means 0; it is even.
    pub zero: i32,
}

/// A plan's scales and integers.
#[derive(Debug, Clone)]
pub struct Quantised {
    /// How each value of the plan is read.
    pub scales: Vec<Scale>,
    /// What each step of the plan computes with.
    pub steps: Vec<QuantisedStep>,
}

/// What a step computes with, beside its kernel.
#[derive(Debug, Clone)]
pub struct QuantisedStep {
    /// The integers of a convolution.
    pub conv: Option<QuantisedConv>,
    /// How what is computed is read before a table; that of the output where there is none.
    pub before: Scale,
    /// The least and the largest integer that comes out before a table: an activation's ends.
    pub clamp: (i32, i32),
    /// What each integer from -128 on becomes, of an activation that is no clamp.
    pub table: Option<Vec<i8>>,
}

/// A convolution's integers.
#[derive(Debug, Clone)]
pub struct QuantisedConv {
    /// `[output channels, input channels / groups, rows, columns]`
    pub weight: Vec<i8>,
    /// A step of each output channel's weights.
    pub weight_scale: Vec<f32>,
    /// In steps of the input times the weights.
    pub bias: Vec<i32>,
    /// What each output channel's sum is multiplied by: steps of the sum in steps of the output.
    pub multiplier: Vec<f32>,
}

/// Why a network cannot be written in 8-bit integers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum QuantisationError {
    /// There is nothing to find scales on.
    #[error("8-bit integers need images to find their scales on, and there are none")]
    #[diagnostic(help(
        "export a network of a run whose data can be read; say where they are now with --data"
    ))]
    NoImages,
    /// A sum could leave 32 bits.
    #[error("`{step}` sums {taps} products, and a 32-bit sum of 8-bit products holds {limit}")]
    #[diagnostic(help("export it in 32-bit floats, without --int8"))]
    TooManyTaps {
        /// The step.
        step: String,
        /// Products in a sum.
        taps: usize,
        /// The most there may be.
        limit: usize,
    },
}

/// The most products that a 32-bit sum holds with room for a bias.
const MAX_TAPS: usize = (1 << 30) / (128 * 255);

/// How far below the least step that holds everything a step may lie, in powers of two: cutting off the largest numbers
/// can make all others finer.
const N_FINER: i32 = 3;

impl Scale {
    /// A step.
    pub fn step(self) -> f32 {
        power_of_two(self.exponent)
    }

    /// The scale with this step that has the range in its middle; numbers that are never negative begin at -128.
    fn around(range: (f32, f32), exponent: i32) -> Self {
        let (low, high) = range;
        if low >= 0.0 {
            return Self { exponent, zero: -128 };
        }
        let middle = (low + high) / 2.0 / power_of_two(exponent);
        // Even: a runtime may add the zero point before it rounds, and a half is then rounded the same way.
        Self { exponent, zero: 2 * (libm::rintf((-middle - 0.5) / 2.0) as i32).clamp(-64, 63) }
    }

    /// The least step that holds all of a range.
    fn holding((low, high): (f32, f32)) -> i32 {
        let width = high.max(0.0) - low.min(0.0);
        let exact = libm::log2f(width.max(1e-20) / 252.0);
        (libm::ceilf(exact) as i32).clamp(-60, 60)
    }

    /// The nearest integer, to the even one of two.
    pub fn quantise(self, x: f32) -> i8 {
        rounded(x * power_of_two(-self.exponent), self, (-128, 127))
    }

    /// What an integer means.
    pub fn real(self, q: i8) -> f32 {
        (i32::from(q) - self.zero) as f32 * self.step()
    }
}

/// 2 to this power, exactly.
pub(crate) fn power_of_two(exponent: i32) -> f32 {
    libm::ldexpf(1.0, exponent)
}

/// The integer nearest to a number of steps, to the even one of two, between the ends.
fn rounded(steps: f32, scale: Scale, (least, most): (i32, i32)) -> i8 {
    let (low, high) = ((least - scale.zero) as f32, (most - scale.zero) as f32);
    (libm::rintf(steps.clamp(low, high)) as i32 + scale.zero) as i8
}

impl QuantisedStep {
    /// The least and the largest number of steps from the zero point on that comes out before a table.
    pub fn ends(&self) -> (i32, i32) {
        (self.clamp.0 - self.before.zero, self.clamp.1 - self.before.zero)
    }
}

impl Quantised {
    /// Scales from what the plan computes on these images: of the steps that hold everything or cut off the largest numbers,
    /// the one with the least squared error.
    ///
    /// # Errors
    /// There is no image, or a sum could leave 32 bits.
    pub fn new(plan: &Plan, images: &[Vec<f32>]) -> Result<Self, QuantisationError> {
        if images.is_empty() {
            return Err(QuantisationError::NoImages);
        }
        refuse_long_sums(plan)?;
        let ranges = ranges(plan, images);
        let mut choice = Choice::new(&ranges);
        for image in images {
            let input = [&mut choice.0[0]];
            input.into_iter().for_each(|candidates| candidates.add(image));
            run(plan, image, &mut |step, before, after| {
                choice.0[1 + 2 * step].add(before);
                choice.0[2 + 2 * step].add(after);
            });
        }
        let chosen: Vec<Scale> = choice.0.into_iter().map(Candidates::best).collect();
        let mut scales = vec![chosen[0]];
        let mut steps = Vec::with_capacity(plan.steps.len());
        for (number, step) in plan.steps.iter().enumerate() {
            let (before, after) = (chosen[1 + 2 * number], chosen[2 + 2 * number]);
            let (quantised, scale) = quantised_step(step, &scales, before, after);
            scales.push(scale);
            steps.push(quantised);
        }
        Ok(Self { scales, steps })
    }

    /// The integer logits of one image.
    ///
    /// # Shapes
    /// `image` holds what the network reads, plane by plane.
    pub fn run(&self, plan: &Plan, image: &[f32]) -> Vec<i8> {
        let mut arena = vec![0_i8; plan.arena];
        let input = &plan.values[0];
        let pixels = crate::run::interleaved(image, input.shape);
        let quantised = pixels.iter().map(|&x| self.scales[0].quantise(x));
        arena[input.offset..input.offset + pixels.len()]
            .iter_mut()
            .zip(quantised)
            .for_each(|(at, q)| *at = q);
        for (step, quantised) in plan.steps.iter().zip(&self.steps) {
            let output = self.computed(plan, step, quantised, &arena);
            let offset = plan.values[step.output].offset;
            arena[offset..offset + output.len()].copy_from_slice(&output);
        }
        let output = &plan.values[plan.output()];
        arena[output.offset..output.offset + plan.classes()].to_vec()
    }

    /// What integer logits mean.
    pub fn logits(&self, plan: &Plan, integers: &[i8]) -> Vec<f32> {
        integers.iter().map(|&q| self.scales[plan.output()].real(q)).collect()
    }

    /// What an input of a step is multiplied by, so that it is in steps of the output.
    pub fn factor(&self, step: &Step, quantised: &QuantisedStep, input: usize) -> f32 {
        power_of_two(self.scales[step.inputs[input]].exponent - quantised.before.exponent)
    }

    fn computed(&self, plan: &Plan, step: &Step, quantised: &QuantisedStep, arena: &[i8]) -> Vec<i8> {
        let read = |input: usize| {
            let value = &plan.values[step.inputs[input]];
            &arena[value.offset..value.offset + value.shape.elements() as usize]
        };
        let zero = |input: usize| self.scales[step.inputs[input]].zero;
        let factor = |input: usize| self.factor(step, quantised, input);
        let end = |steps: f32| {
            let q = rounded(steps, quantised.before, quantised.clamp);
            quantised.table.as_ref().map_or(q, |table| table[(i32::from(q) + 128) as usize])
        };
        let (from, to) = (plan.values[step.inputs[0]].shape, plan.values[step.output].shape);
        match (&step.kernel, &quantised.conv) {
            (Kernel::Conv(conv), Some(integers)) => {
                let zero = zero(0);
                let sums = crate::run::sums(conv, &integers.weight, from, to, read(0), |q, weight| {
                    (i32::from(q) - zero) * i32::from(weight)
                });
                let channels = to.channels;
                sums.into_iter()
                    .enumerate()
                    .map(|(at, sum)| {
                        let channel = at % channels;
                        end((sum + integers.bias[channel]) as f32 * integers.multiplier[channel])
                    })
                    .collect()
            }
            (Kernel::Conv(_), None) => unreachable!("a convolution has integers"),
            (Kernel::Sum(_), _) => (0..read(0).len())
                .map(|at| {
                    let terms = (0..step.inputs.len())
                        .map(|input| (i32::from(read(input)[at]) - zero(input)) as f32 * factor(input));
                    end(terms.sum())
                })
                .collect(),
            (Kernel::Concat, _) => {
                let mut output = Vec::with_capacity(to.elements() as usize);
                for pixel in 0..to.height * to.width {
                    for (input, &value) in step.inputs.iter().enumerate() {
                        let channels = plan.values[value].shape.channels;
                        let numbers = &read(input)[pixel * channels..(pixel + 1) * channels];
                        output.extend(
                            numbers.iter().map(|&q| end((i32::from(q) - zero(input)) as f32 * factor(input))),
                        );
                    }
                }
                output
            }
            (Kernel::MaxPool(window), _) => {
                crate::run::pooled(window, from, to, read(0), &|numbers| numbers.max().unwrap_or(i8::MIN))
            }
            (Kernel::AvgPool(window), _) => crate::run::pooled(window, from, to, read(0), &|numbers| {
                let (sum, count) =
                    numbers.fold((0, 0), |(sum, count), q| (sum + i32::from(q) - zero(0), count + 1));
                end(sum as f32 / count as f32 * factor(0))
            }),
            (Kernel::GlobalAvgPool, _) => {
                let multiplier = factor(0) / (from.height * from.width) as f32;
                let whole = crate::plan::Window::whole(from);
                crate::run::pooled(&whole, from, to, read(0), &|numbers| {
                    end(numbers.map(|q| i32::from(q) - zero(0)).sum::<i32>() as f32 * multiplier)
                })
            }
            (Kernel::Gate, _) => {
                let multiplier = factor(0) * self.scales[step.inputs[1]].step();
                let gate = read(1);
                let product = |(at, &q): (usize, &i8)| {
                    (i32::from(q) - zero(0)) * (i32::from(gate[at % to.channels]) - zero(1))
                };
                read(0).iter().enumerate().map(|number| end(product(number) as f32 * multiplier)).collect()
            }
        }
    }
}

fn refuse_long_sums(plan: &Plan) -> Result<(), QuantisationError> {
    for step in &plan.steps {
        if let Kernel::Conv(conv) = &step.kernel
            && conv.numbers.taps() > MAX_TAPS
        {
            let step = plan.values[step.output].name.clone();
            return Err(QuantisationError::TooManyTaps { step, taps: conv.numbers.taps(), limit: MAX_TAPS });
        }
    }
    Ok(())
}

/// The least and the largest number of the image and, before and after its activation, of each step.
fn ranges(plan: &Plan, images: &[Vec<f32>]) -> Vec<(f32, f32)> {
    let mut ranges = vec![(0.0_f32, 0.0_f32); 1 + 2 * plan.steps.len()];
    let widen = |range: &mut (f32, f32), numbers: &[f32]| {
        for &x in numbers {
            *range = (range.0.min(x), range.1.max(x));
        }
    };
    for image in images {
        widen(&mut ranges[0], image);
        run(plan, image, &mut |step, before, after| {
            widen(&mut ranges[1 + 2 * step], before);
            widen(&mut ranges[2 + 2 * step], after);
        });
    }
    ranges
}

/// The scales that come into question for each range.
struct Choice(Vec<Candidates>);

/// Scales for one range, with the squared error of each.
struct Candidates(Vec<(Scale, f64)>);

impl Choice {
    fn new(ranges: &[(f32, f32)]) -> Self {
        let candidates = |&range: &(f32, f32)| {
            let coarsest = Scale::holding(range);
            let exponents = (coarsest - N_FINER..=coarsest).rev();
            Candidates(exponents.map(|exponent| (Scale::around(range, exponent), 0.0)).collect())
        };
        Self(ranges.iter().map(candidates).collect())
    }
}

impl Candidates {
    fn add(&mut self, numbers: &[f32]) {
        for (scale, error) in &mut self.0 {
            *error +=
                numbers.iter().map(|&x| f64::from(scale.real(scale.quantise(x)) - x).powi(2)).sum::<f64>();
        }
    }

    fn best(self) -> Scale {
        let [first, others @ ..] = self.0.as_slice() else { unreachable!("there are candidates") };
        others.iter().fold(*first, |best, other| if other.1 < best.1 { *other } else { best }).0
    }
}

/// What a step computes with, and the scale of its output.
fn quantised_step(step: &Step, scales: &[Scale], before: Scale, after: Scale) -> (QuantisedStep, Scale) {
    let activation = match &step.kernel {
        Kernel::Conv(conv) => conv.activation,
        Kernel::Sum(activation) => *activation,
        Kernel::Concat | Kernel::AvgPool(_) | Kernel::GlobalAvgPool | Kernel::Gate => Activation::Linear,
        // The largest integer is the largest number: nothing is rounded.
        Kernel::MaxPool(_) => {
            let scale = scales[step.inputs[0]];
            return (QuantisedStep { conv: None, before: scale, clamp: (-128, 127), table: None }, scale);
        }
    };
    let (before, after) = match activation {
        Activation::Linear | Activation::Relu | Activation::Relu6 => (after, after),
        Activation::Swish => (before, after),
        // All of 0 to 1.
        Activation::Sigmoid => (before, Scale { exponent: -8, zero: -128 }),
    };
    let six = libm::rintf(6.0 / before.step()) as i32;
    let clamp = match activation {
        Activation::Linear | Activation::Swish | Activation::Sigmoid => (-128, 127),
        Activation::Relu => (before.zero, 127),
        Activation::Relu6 => (before.zero, before.zero.saturating_add(six).min(127)),
    };
    let table = match activation {
        Activation::Linear | Activation::Relu | Activation::Relu6 => None,
        Activation::Swish | Activation::Sigmoid => {
            let image = |q: i8| after.quantise(activated(activation, before.real(q)));
            Some((i8::MIN..=i8::MAX).map(image).collect())
        }
    };
    let conv = match &step.kernel {
        Kernel::Conv(conv) => Some(quantised_conv(conv, scales[step.inputs[0]], before)),
        Kernel::Sum(_)
        | Kernel::Concat
        | Kernel::MaxPool(_)
        | Kernel::AvgPool(_)
        | Kernel::GlobalAvgPool
        | Kernel::Gate => None,
    };
    (QuantisedStep { conv, before, clamp, table }, after)
}

fn quantised_conv(conv: &Conv, input: Scale, output: Scale) -> QuantisedConv {
    let step = input.step();
    let channels = conv.numbers.weight.chunks_exact(conv.numbers.taps()).zip(&conv.numbers.bias);
    let weight_scale: Vec<f32> = channels
        .map(|(weights, bias)| {
            let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
            // The bias must fit, too.
            (largest / 127.0).max(bias.abs() / step / (1 << 29) as f32).max(1e-12)
        })
        .collect();
    let weight = conv.numbers.weight.iter().enumerate();
    let weight = weight
        .map(|(at, w)| libm::rintf(w / weight_scale[at / conv.numbers.taps()]).clamp(-127.0, 127.0) as i8);
    let bias =
        conv.numbers.bias.iter().zip(&weight_scale).map(|(b, scale)| libm::rintf(b / (step * scale)) as i32);
    QuantisedConv {
        weight: weight.collect(),
        bias: bias.collect(),
        // As runtimes compute it, in 32-bit floats; but for the first factor these are powers of two.
        multiplier: weight_scale.iter().map(|scale| step * scale / output.step()).collect(),
        weight_scale,
    }
}
