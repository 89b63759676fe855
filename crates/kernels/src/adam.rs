//! Adam over all parameters of a module, in place and in one pass over each.

use std::collections::BTreeMap;

use burn::backend::Flex;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Gradients, Tensor};

use crate::buffer::Buffer;
use crate::flex;
use crate::simd::{Kernel, Simd, launch};

/// The constants of [`Adam`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamOptions {
    /// Decay of the mean gradient.
    pub beta_1: f32,
    /// Decay of the mean squared gradient.
    pub beta_2: f32,
    /// Added to the root of the mean squared gradient.
    pub epsilon: f32,
    /// Decoupled weight decay, as in AdamW: what a weight loses a step is this times the learning rate.
    pub weight_decay: f32,
    /// L2 penalty as Keras counts it: the loss gains this times the square of every weight.
    pub l2: f32,
    /// Decay of an exponential moving average of the parameters, if one is kept. It rises to this from
    /// (1 + step) / (10 + step), so that a young average does not hang on to the first weights.
    pub average: Option<f32>,
}

impl Default for AdamOptions {
    /// Keras' constants, no decay, no average.
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, weight_decay: 0.0, l2: 0.0, average: None }
    }
}

impl AdamOptions {
    /// The decay of the average at the last of so many steps, if an average is kept.
    pub fn average_after(&self, steps: i32) -> Option<f32> {
        let steps = steps as f32;
        self.average.map(|decay| decay.min((1.0 + steps) / (10.0 + steps)))
    }
}

/// Adam (Kingma and Ba, arXiv 1412.6980), with decoupled decay (Loshchilov and Hutter, arXiv 1711.05101).
///
/// Both kinds of decay act on weights, that is on parameters of two dimensions and more; biases and the parameters
/// of a normalisation are left alone. Parameters without a gradient are not touched.
#[derive(Debug)]
pub struct Adam {
    options: AdamOptions,
    steps: i32,
    moments: BTreeMap<ParamId, Moments>,
}

/// What an optimiser remembers of a parameter, in row order.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// The mean gradient.
    pub first: Vec<f32>,
    /// The mean squared gradient.
    pub second: Vec<f32>,
    /// The averaged parameter, if an average is kept.
    pub average: Option<Vec<f32>>,
}

/// What is remembered of a parameter, flat.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one entry a parameter, and the larger variant is the rarer")]
enum Moments {
    Fused { first: Vec<f32>, second: Vec<f32>, average: Option<Vec<f32>> },
    Composed { first: Tensor<1>, second: Tensor<1>, average: Option<Tensor<1>> },
}

impl Adam {
    /// An optimiser that has seen nothing.
    pub fn new(options: AdamOptions) -> Self {
        Self { options, steps: 0, moments: BTreeMap::new() }
    }

    /// How many steps were made.
    pub fn steps(&self) -> i32 {
        self.steps
    }

    /// What is remembered of each parameter of a module, in the module's order; nothing of those that never had a gradient.
    pub fn remembered<M: Module>(&self, module: &M) -> Vec<Option<Remembered>> {
        let floats = |tensor: &Tensor<1>| -> Vec<f32> { tensor.to_data().iter::<f32>().collect() };
        let remembered = |seen: &Seen| {
            Some(match self.moments.get(&seen.id)? {
                Moments::Fused { first, second, average } => {
                    Remembered { first: first.clone(), second: second.clone(), average: average.clone() }
                }
                Moments::Composed { first, second, average } => Remembered {
                    first: floats(first),
                    second: floats(second),
                    average: average.as_ref().map(floats),
                },
            })
        };
        parameters(module).iter().map(remembered).collect()
    }

    /// An optimiser that has made so many steps and remembers this of each parameter of a module, in the module's order: it
    /// goes on as the one that was asked for it would have.
    pub fn recalling<M: Module>(
        options: AdamOptions,
        steps: i32,
        module: &M,
        remembered: Vec<Option<Remembered>>,
    ) -> Self {
        let moments = parameters(module).into_iter().zip(remembered).filter_map(|(seen, remembered)| {
            let Remembered { first, second, average } = remembered?;
            let moments = if seen.is_covered {
                Moments::Fused { first, second, average }
            } else {
                let tensor = |values: Vec<f32>| Tensor::<1>::from_floats(values.as_slice(), &seen.device);
                Moments::Composed {
                    first: tensor(first),
                    second: tensor(second),
                    average: average.map(tensor),
                }
            };
            Some((seen.id, moments))
        });
        Self { options, steps, moments: moments.collect() }
    }

    /// The module after one step down its gradients. `learning_rate` gives the rate of a parameter from its shape.
    pub fn step<M: Module>(
        &mut self,
        learning_rate: &dyn Fn(&[usize]) -> f64,
        module: M,
        gradients: Gradients,
    ) -> M {
        self.steps += 1;
        let options = AdamOptions { average: self.average_decay(), ..self.options };
        let rates_of = |shape: &[usize]| Rates::of(options, self.steps, learning_rate(shape), shape.len());
        module.map(&mut Update { rates_of: &rates_of, gradients, moments: &mut self.moments })
    }

    /// The decay of the average at the last step.
    pub fn average_decay(&self) -> Option<f32> {
        self.options.average_after(self.steps)
    }

    /// The module with the averaged parameters in place of its own; what has no average (the running statistics of
    /// a normalisation, for example) stays as it is.
    pub fn averaged<M: Module>(&self, module: M) -> M {
        module.map(&mut Averaged { moments: &self.moments })
    }
}

/// A parameter of a module.
struct Seen {
    id: ParamId,
    is_covered: bool,
    device: Device,
}

/// The parameters of a module, in its order.
fn parameters<M: Module>(module: &M) -> Vec<Seen> {
    struct Parameters(Vec<Seen>);
    impl ModuleVisitor for Parameters {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val().inner();
            self.0.push(Seen { id: param.id, is_covered: flex::covered(&tensor), device: tensor.device() });
        }
    }
    let mut parameters = Parameters(Vec::new());
    module.visit(&mut parameters);
    parameters.0
}

/// The factors of one step.
#[derive(Clone, Copy)]
struct Rates {
    options: AdamOptions,
    /// The learning rate over the first moment's bias correction.
    rate: f32,
    /// One over the root of the second moment's bias correction.
    root: f32,
    /// The share of a weight that decays.
    decay: f32,
}

impl Rates {
    /// The factors of the step of this number, from 1, for a parameter of `rank` dimensions.
    fn of(options: AdamOptions, step: i32, learning_rate: f64, rank: usize) -> Self {
        let correction_1 = 1.0 - f64::from(options.beta_1).powi(step);
        let correction_2 = 1.0 - f64::from(options.beta_2).powi(step);
        let is_weight = rank >= 2;
        Self {
            options: AdamOptions { l2: if is_weight { options.l2 } else { 0.0 }, ..options },
            rate: (learning_rate / correction_1) as f32,
            root: (1.0 / correction_2.sqrt()) as f32,
            decay: if is_weight { (learning_rate * f64::from(options.weight_decay)) as f32 } else { 0.0 },
        }
    }
}

struct Update<'a> {
    rates_of: &'a dyn Fn(&[usize]) -> Rates,
    gradients: Gradients,
    moments: &'a mut BTreeMap<ParamId, Moments>,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let Some(gradient) = tensor.grad_remove(&mut self.gradients) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let tensor = tensor.inner();
        let rates = (self.rates_of)(&tensor.dims());
        let tensor = if flex::covered(&tensor) && flex::covered(&gradient) {
            fused(rates, tensor, gradient, self.moments, id)
        } else {
            composed(rates, tensor, gradient, self.moments, id)
        };
        Param::from_mapped_value(id, tensor.autodiff().require_grad(), mapper)
    }
}

fn fused<const D: usize>(
    rates: Rates,
    tensor: Tensor<D>,
    gradient: Tensor<D>,
    moments: &mut BTreeMap<ParamId, Moments>,
    id: ParamId,
) -> Tensor<D> {
    let mut values = flex::dense(tensor);
    let gradient = flex::dense(gradient);
    let parameters = values.storage_mut::<f32>();
    let fresh = || Moments::Fused {
        first: vec![0.0; parameters.len()],
        second: vec![0.0; parameters.len()],
        average: rates.options.average.map(|_| parameters.to_vec()),
    };
    if let Moments::Fused { first, second, average } = moments.entry(id).or_insert_with(fresh) {
        let gradient = flex::floats(&gradient);
        assert!([gradient.len(), first.len(), second.len()].iter().all(|len| *len == parameters.len()));
        launch(Step { rates, parameters, gradient, first, second });
        if let (Some(average), Some(decay)) = (average, rates.options.average) {
            for (average, parameter) in average.iter_mut().zip(&*parameters) {
                *average += (1.0 - decay) * (parameter - *average);
            }
        }
    }
    Tensor::from_primitive::<Flex>(values)
}

struct Step<'a> {
    rates: Rates,
    parameters: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl Kernel for Step<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let len = self.parameters.len();
        let whole = len - len % S::WIDTH;
        let pointers = [
            self.parameters.as_mut_ptr(),
            self.gradient.as_ptr().cast_mut(),
            self.first.as_mut_ptr(),
            self.second.as_mut_ptr(),
        ];
        // SAFETY: all four are `len` floats long (the caller asserts it); the remainder is a padded copy. The
        // gradient is only read.
        unsafe {
            for at in (0..whole).step_by(S::WIDTH) {
                step::<S>(self.rates, pointers.map(|pointer| pointer.add(at)));
            }
            if whole < len {
                let mut rest = [[0.0f32; 16]; 4];
                for (rest, pointer) in rest.iter_mut().zip(pointers) {
                    std::ptr::copy_nonoverlapping(pointer.add(whole), rest.as_mut_ptr(), len - whole);
                }
                step::<S>(self.rates, rest.each_mut().map(|rest| rest.as_mut_ptr()));
                for index in [0, 2, 3] {
                    std::ptr::copy_nonoverlapping(
                        rest[index].as_ptr(),
                        pointers[index].add(whole),
                        len - whole,
                    );
                }
            }
        }
    }
}

/// One vector of parameter, gradient and both moments.
#[inline(always)]
unsafe fn step<S: Simd>(rates: Rates, [parameter, gradient, first, second]: [*mut f32; 4]) {
    let AdamOptions { beta_1, beta_2, epsilon, l2, .. } = rates.options;
    // SAFETY: the caller's pointers are valid for a vector.
    unsafe {
        let p = S::load(parameter);
        let g = S::mul_add(S::splat(2.0 * l2), p, S::load(gradient));
        let m = S::mul_add(S::splat(beta_1), S::load(first), S::mul(S::splat(1.0 - beta_1), g));
        let v = S::mul_add(S::splat(beta_2), S::load(second), S::mul(S::splat(1.0 - beta_2), S::mul(g, g)));
        S::store(first, m);
        S::store(second, v);
        let p = S::sub(p, S::mul(S::splat(rates.decay), p));
        let root = S::mul_add(S::sqrt(v), S::splat(rates.root), S::splat(epsilon));
        S::store(parameter, S::sub(p, S::div(S::mul(S::splat(rates.rate), m), root)));
    }
}

fn composed<const D: usize>(
    rates: Rates,
    tensor: Tensor<D>,
    gradient: Tensor<D>,
    moments: &mut BTreeMap<ParamId, Moments>,
    id: ParamId,
) -> Tensor<D> {
    let AdamOptions { beta_1, beta_2, epsilon, l2, .. } = rates.options;
    let shape = tensor.dims();
    let len = shape.iter().product::<usize>();
    let parameter: Tensor<1> = tensor.reshape([len]);
    let gradient = gradient.reshape([len]) + parameter.clone() * (2.0 * l2);
    let fresh = || Moments::Composed {
        first: parameter.zeros_like(),
        second: parameter.zeros_like(),
        average: rates.options.average.map(|_| parameter.clone()),
    };
    let parameter = match moments.entry(id).or_insert_with(fresh) {
        Moments::Fused { .. } => parameter.clone(),
        Moments::Composed { first, second, average } => {
            *first = first.clone() * beta_1 + gradient.clone() * (1.0 - beta_1);
            *second = second.clone() * beta_2 + gradient.square() * (1.0 - beta_2);
            let step = first.clone() * rates.rate / (second.clone().sqrt() * rates.root + epsilon);
            let parameter = parameter.clone() * (1.0 - rates.decay) - step;
            if let (Some(average), Some(decay)) = (average, rates.options.average) {
                *average = average.clone() * decay + parameter.clone() * (1.0 - decay);
            }
            parameter
        }
    };
    parameter.reshape(shape)
}

struct Averaged<'a> {
    moments: &'a BTreeMap<ParamId, Moments>,
}

impl ModuleMapper for Averaged<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(moments) = self.moments.get(&param.id) else { return param };
        let (id, tensor, mapper) = param.consume();
        let (shape, autodiff) = (tensor.dims(), tensor.is_autodiff());
        let average = match moments {
            Moments::Fused { average: Some(average), .. } => {
                let mut buffer = Buffer::stale(average.len());
                buffer.copy_from_slice(average);
                Some(Tensor::from_primitive::<Flex>(buffer.into_tensor(shape)))
            }
            Moments::Composed { average: Some(average), .. } => Some(average.clone().reshape(shape)),
            Moments::Fused { average: None, .. } | Moments::Composed { average: None, .. } => None,
        };
        let tensor = match average {
            Some(average) if autodiff => average.autodiff().require_grad(),
            Some(average) => average,
            None => tensor,
        };
        Param::from_mapped_value(id, tensor, mapper)
    }
}
