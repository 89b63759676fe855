//! A training as it stands after an epoch: all that the rest of it depends on, so that one that was cut off goes on as if it had not been.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use netsynth_kernels::{Adam, AdamOptions, Remembered};

use crate::instruction_sets;
use crate::network::{Network, Running};
use crate::tensors::{tensor, values};
use crate::weights::{Weights, labelled, labelled_with};

/// Where the state of one training is kept, outside of the program.
pub trait Checkpoints: std::fmt::Debug + Sync {
    /// What was kept last, if anything.
    fn last(&self) -> Option<Vec<u8>>;
    /// Whether the state is wanted now.
    fn is_due(&self) -> bool;
    /// Keeps a state in the place of the last one.
    fn keep(&self, state: Vec<u8>);
}

/// A training between two epochs.
pub(crate) struct State {
    pub(crate) network: Network,
    pub(crate) adam: Adam,
    /// The average of the running statistics.
    pub(crate) averaged: Vec<Option<Running>>,
    /// The loss of each epoch that is over.
    pub(crate) losses: Vec<f32>,
}

/// The key of a file's header that says by which kernels, and after how many steps.
const CHECKPOINT: &str = "netsynth.checkpoint";

/// What the header says after so many steps: another processor's kernels would go on to other bits.
fn label(steps: i32) -> String {
    format!("{}, {steps} steps", instruction_sets().1)
}

impl State {
    /// As safetensors: each parameter with what the optimiser remembers of it, running statistics and losses.
    ///
    /// Nothing where the format cannot hold it.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        let mut kept = Weights::default();
        let mut insert = |name: &str, role: &str, numbers: &[f32]| {
            kept.insert(name, role, vec![numbers.len()], numbers.to_vec());
        };
        let remembered = self.adam.remembered(&self.network);
        for (at, (parameter, remembered)) in parameters(&self.network).iter().zip(remembered).enumerate() {
            let name = format!("parameter-{at}");
            insert(&name, "value", parameter);
            if let Some(Remembered { first, second, average }) = &remembered {
                insert(&name, "first", first);
                insert(&name, "second", second);
                average.iter().for_each(|average| insert(&name, "average", average));
            }
        }
        for (kind, running) in [("running", self.network.running()), ("averaged", &self.averaged)] {
            for (node, Running { mean, variance }) in known(running) {
                let name = format!("{kind}-{node}");
                insert(&name, "mean", mean);
                insert(&name, "variance", variance);
            }
        }
        insert("training", "losses", &self.losses);
        labelled(&kept, CHECKPOINT, &label(self.adam.steps())).ok()
    }

    /// The state of this training after `n_steps` in each of the epochs that are over, as [`Self::bytes`] wrote it. Nothing where that is
    /// of another training, or of other kernels.
    pub(crate) fn restored(fresh: &Self, options: AdamOptions, bytes: &[u8], n_steps: usize) -> Option<Self> {
        let (said, kept) = labelled_with(bytes, CHECKPOINT).ok()?;
        let losses = kept.numbers("training", "losses")?;
        let steps = i32::try_from(losses.len().checked_mul(n_steps)?).ok()?;
        if said != label(steps) {
            return None;
        }
        let (mut numbers_of_each, mut remembered) = (Vec::new(), Vec::new());
        for (at, parameter) in parameters(&fresh.network).iter().enumerate() {
            let name = format!("parameter-{at}");
            let numbers =
                |role: &str| kept.numbers(&name, role).filter(|numbers| numbers.len() == parameter.len());
            numbers_of_each.push(numbers("value")?);
            remembered.push(match (numbers("first"), numbers("second")) {
                (Some(first), Some(second)) => {
                    let average = numbers("average");
                    if average.is_some() != options.average.is_some() {
                        return None;
                    }
                    Some(Remembered { first, second, average })
                }
                _ => None,
            });
        }
        let statistics = |kind: &str, fresh: &[Option<Running>]| -> Option<Vec<Option<Running>>> {
            let mut running = fresh.to_vec();
            for (node, running) in running.iter_mut().enumerate() {
                let Some(running) = running else { continue };
                let name = format!("{kind}-{node}");
                let numbers = |role: &str| kept.numbers(&name, role);
                let n_channels = running.mean.len();
                *running = Running { mean: numbers("mean")?, variance: numbers("variance")? };
                if [&running.mean, &running.variance].iter().any(|numbers| numbers.len() != n_channels) {
                    return None;
                }
            }
            Some(running)
        };
        let running = statistics("running", fresh.network.running())?;
        let averaged = statistics("averaged", &fresh.averaged)?;
        let network =
            fresh.network.clone().map(&mut Values(numbers_of_each.into_iter())).with_running(running);
        let adam = Adam::recalling(options, steps, &network, remembered);
        Some(Self { network, adam, averaged, losses })
    }
}

fn known(running: &[Option<Running>]) -> impl Iterator<Item = (usize, &Running)> {
    running.iter().enumerate().filter_map(|(node, running)| Some((node, running.as_ref()?)))
}

/// The numbers of each parameter, in the network's order.
fn parameters(network: &Network) -> Vec<Vec<f32>> {
    struct Parameters(Vec<Vec<f32>>);
    impl ModuleVisitor for Parameters {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(values(param.val()));
        }
    }
    let mut parameters = Parameters(Vec::new());
    network.visit(&mut parameters);
    parameters.0
}

/// Puts numbers in the place of each parameter's, of which there are as many.
struct Values(std::vec::IntoIter<Vec<f32>>);

impl ModuleMapper for Values {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, old, mapper) = param.consume();
        let new = match self.0.next() {
            Some(numbers) => {
                let plain = old.inner();
                tensor(numbers, plain.dims(), &plain.device()).autodiff().require_grad()
            }
            None => old,
        };
        Param::from_mapped_value(id, new, mapper)
    }
}
