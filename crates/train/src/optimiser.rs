use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::network::{Running, blend};
use crate::tensors::{tensor, values};
use crate::{Network, Optimiser};

/// Adam's decay rates, and Keras' epsilon.
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-7;

/// Adam over all parameters of a network, in the order in which it is visited.
#[derive(Debug)]
pub(crate) struct Adam {
    kind: Optimiser,
    n_steps: i32,
    moments: Vec<Moments>,
}

#[derive(Debug, Clone, Default)]
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Adam {
    pub(crate) fn new(kind: Optimiser) -> Self {
        Self { kind, n_steps: 0, moments: Vec::new() }
    }

    /// One step down the gradients.
    pub(crate) fn step(&mut self, network: Network, gradients: GradientsParams, rate: f64) -> Network {
        self.n_steps += 1;
        network.map(&mut Step { adam: self, gradients, rate: rate as f32, position: 0 })
    }
}

struct Step<'a> {
    adam: &'a mut Adam,
    gradients: GradientsParams,
    rate: f32,
    position: usize,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let position = self.position;
        self.position += 1;
        if self.adam.moments.len() <= position {
            self.adam.moments.resize(position + 1, Moments::default());
        }
        let (id, old, mapper) = param.consume();
        let Some(gradient) = self.gradients.remove::<D>(id) else {
            return Param::from_mapped_value(id, old, mapper);
        };
        let (shape, device) = (old.dims(), old.device());
        let mut weights = values(old);
        let gradient = values(gradient);
        let moments = &mut self.adam.moments[position];
        moments.first.resize(weights.len(), 0.0);
        moments.second.resize(weights.len(), 0.0);
        // Only kernels and matrices are drawn towards zero, not biases, scales and shifts.
        let penalised = if D > 1 { 1.0 } else { 0.0 };
        let (l2, decay) = match self.adam.kind {
            Optimiser::Adam { l2 } => (penalised * 2.0 * l2, 0.0),
            Optimiser::AdamW { decay } => (0.0, penalised * decay),
        };
        let correction_1 = 1.0 - BETA_1.powi(self.adam.n_steps);
        let correction_2 = 1.0 - BETA_2.powi(self.adam.n_steps);
        let moments = moments.first.iter_mut().zip(&mut moments.second);
        for ((weight, gradient), (first, second)) in weights.iter_mut().zip(&gradient).zip(moments) {
            let gradient = gradient + l2 * *weight;
            *first += (1.0 - BETA_1) * (gradient - *first);
            *second += (1.0 - BETA_2) * (gradient * gradient - *second);
            let step = (*first / correction_1) / ((*second / correction_2).sqrt() + EPSILON);
            *weight -= self.rate * (step + decay * *weight);
        }
        let new = tensor(weights, shape, &device).require_grad();
        Param::from_mapped_value(id, new, mapper)
    }
}

/// An exponential average of a network's weights and running statistics.
#[derive(Debug)]
pub(crate) struct Average {
    decay: f64,
    n_steps: f64,
    weights: Vec<Vec<f32>>,
    running: Vec<Option<Running>>,
}

impl Average {
    pub(crate) fn new(decay: f64) -> Self {
        Self { decay, n_steps: 0.0, weights: Vec::new(), running: Vec::new() }
    }

    /// Takes the network as it stands into the average. Young averages forget faster, so that they do not hang on
    /// to the first weights.
    pub(crate) fn absorb(&mut self, network: &Network) {
        self.n_steps += 1.0;
        let decay = self.decay.min((1.0 + self.n_steps) / (10.0 + self.n_steps));
        let share = if self.n_steps == 1.0 { 1.0 } else { 1.0 - decay as f32 };
        network.visit(&mut Absorb { average: self, share, position: 0 });
        if self.running.is_empty() {
            self.running = network.running().to_vec();
        }
        for (average, running) in self.running.iter_mut().zip(network.running()) {
            if let (Some(average), Some(running)) = (average, running) {
                blend(&mut average.mean, &running.mean, share);
                blend(&mut average.variance, &running.variance, share);
            }
        }
    }

    /// The network with the averaged weights.
    pub(crate) fn network(self, network: Network) -> Network {
        let mut replace = Replace { weights: self.weights.into_iter() };
        network.map(&mut replace).with_running(self.running)
    }
}

struct Absorb<'a> {
    average: &'a mut Average,
    share: f32,
    position: usize,
}

impl ModuleVisitor for Absorb<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weights = values(param.val());
        match self.average.weights.get_mut(self.position) {
            Some(average) => blend(average, &weights, self.share),
            None => self.average.weights.push(weights),
        }
        self.position += 1;
    }
}

struct Replace<I> {
    weights: I,
}

impl<I: Iterator<Item = Vec<f32>>> ModuleMapper for Replace<I> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, old, mapper) = param.consume();
        let new = match self.weights.next() {
            Some(weights) => tensor(weights, old.dims(), &old.device()).require_grad(),
            None => old,
        };
        Param::from_mapped_value(id, new, mapper)
    }
}
