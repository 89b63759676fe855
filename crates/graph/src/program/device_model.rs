//! How long a device takes for a network, predicted from its steps.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Program, Routine, Work};
use crate::Cost;

/// What was learned from measurements on a device: a step takes `step + operation * operations + byte * bytes`, by its routine, a
/// network `network` and its steps. All in nanoseconds, for one image on one core.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceModel {
    /// The file format's version.
    pub schema: u32,
    /// What was measured: the machine, and the program that ran on it.
    pub device: String,
    /// How far predictions were from measurements.
    pub error: ModelError,
    /// The largest networks that were measured. Files of the first version do not say it; theirs were the default.
    #[serde(default)]
    pub largest: Largest,
    /// What every network takes, in nanoseconds.
    pub network: f64,
    /// What an exponential takes, of swish and sigmoid, in nanoseconds.
    pub exponential: f64,
    /// What steps take, by their routine.
    pub routines: BTreeMap<Routine, Rates>,
}

/// What the steps of a routine take, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Every step.
    pub step: f64,
    /// Every multiply-accumulate, or number that is added or compared.
    pub operation: f64,
    /// Every byte of inputs, weights and output.
    pub byte: f64,
}

/// A bound of size: weights of a network beyond it no longer stay in caches, so a prediction would be none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Largest {
    /// The most parameters.
    pub parameters: u64,
    /// The most multiply-accumulates.
    pub macs: u64,
}

impl Default for Largest {
    fn default() -> Self {
        Self { parameters: 150_000, macs: 50_000_000 }
    }
}

impl Largest {
    /// Whether a network of this cost is within.
    pub fn holds(self, cost: &Cost) -> bool {
        cost.parameters <= self.parameters && cost.macs <= self.macs
    }
}

/// How far a model's predictions are from what was measured, as shares of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelError {
    /// How many networks were measured. Each was predicted by a model that was fitted without it and others of its kind.
    pub n_networks: usize,
    /// Half of the predictions are at most so far off.
    pub median: f64,
    /// The farthest is so far off.
    pub worst: f64,
    /// The same network measured again: half of the times are at most so far from their median.
    pub repeat: f64,
}

impl DeviceModel {
    /// The predicted time of a program, in whole nanoseconds.
    ///
    /// Products and sums of 64-bit floats in the order of the steps: the same bits on every machine.
    pub fn latency<N>(&self, program: &Program<N>) -> u64 {
        let steps = program.steps.iter().map(|step| self.step(&Work::of(program, step)));
        (self.network + steps.sum::<f64>()).round() as u64
    }

    /// What a step takes, in nanoseconds.
    fn step(&self, work: &Work) -> f64 {
        let known = match self.routines.get(&work.routine) {
            None if work.routine == Routine::Winograd => self.routines.get(&Routine::Conv3x3),
            known => known,
        };
        let rates = known.copied().unwrap_or_default();
        rates.step
            + rates.operation * work.operations as f64
            + rates.byte * work.bytes as f64
            + self.exponential * work.exponentials as f64
    }

    /// What no measurement can have given, if the model has such a thing.
    pub fn problem(&self) -> Option<String> {
        let is_time = |number: f64| number.is_finite() && number >= 0.0;
        let is_needed =
            |routine: &Routine| *routine != Routine::Winograd && !self.routines.contains_key(routine);
        if let Some(missing) = Routine::ALL.into_iter().find(is_needed) {
            return Some(format!("`routines` has no {missing:?}"));
        }
        let ModelError { median, worst, repeat, .. } = self.error;
        let rates = self.routines.values().flat_map(|rates| [rates.step, rates.operation, rates.byte]);
        let mut numbers = rates.chain([self.network, self.exponential, median, worst, repeat]);
        let wrong = numbers.find(|&number| !is_time(number));
        wrong.map(|number| format!("it has {number}, and a time or a share is a number from 0"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::schema::{SCHEMA, from_ron, to_ron};
    use crate::{ArchitectureSpec, Graph};

    fn model() -> DeviceModel {
        let rates = Rates { step: 100.0, operation: 0.5, byte: 0.25 };
        DeviceModel {
            schema: SCHEMA,
            device: "a test".to_owned(),
            error: ModelError { n_networks: 3, median: 0.1, worst: 0.2, repeat: 0.01 },
            largest: Largest { parameters: 100, macs: 1000 },
            network: 1000.0,
            exponential: 2.0,
            routines: Routine::ALL.map(|routine| (routine, rates)).into(),
        }
    }

    fn program(nodes: &str) -> Program<super::super::Source> {
        Program::new(&graph(nodes))
    }

    fn graph(nodes: &str) -> Graph {
        let text = format!(
            r#"(schema: 1, name: "n", input: (channels: 2, height: 4, width: 4), nodes: [{nodes}
                (name: "pool", from: ["x"], op: GlobalAvgPool()), (name: "classes", from: ["pool"], op: Dense(units: 3))])"#
        );
        Graph::new(&ArchitectureSpec::from_ron(&text).unwrap()).unwrap()
    }

    #[test]
    fn a_network_larger_than_those_that_were_measured_is_beyond_the_model() {
        let largest = model().largest;
        let of = |channels: usize| {
            let conv = format!(r#"(name: "x", from: ["input"], op: Conv(channels: {channels})),"#);
            let cost = graph(&conv).cost();
            (cost.parameters, cost.macs, largest.holds(&cost))
        };
        // 3x3 weights of two channels, then three classes.
        assert_eq!(of(3), (3 * 19 + 3 * 4, 16 * 54 + 9, true));
        assert_eq!(of(4), (4 * 19 + 3 * 5, 16 * 72 + 12, false));
        assert!(!Largest { parameters: 68, macs: 1000 }.holds(&Cost { parameters: 69, ..Cost::default() }));
    }

    #[test]
    fn the_time_of_a_network_is_the_sum_of_its_steps() {
        let program = program(r#"(name: "x", from: ["input"], op: Conv(channels: 3, activation: Swish)),"#);
        let works: Vec<Work> = program.steps.iter().map(|step| Work::of(&program, step)).collect();
        let (read, written) = (2 * 16, 3 * 16);
        let conv = Work {
            routine: Routine::Conv3x3,
            operations: 9 * 2 * written,
            bytes: 4 * (read + written + 3 * (18 + 1)),
            exponentials: written,
        };
        let mean = Work { routine: Routine::Mean, operations: 48, bytes: 4 * (48 + 3), exponentials: 0 };
        let dense = Work { routine: Routine::Dense, operations: 9, bytes: 4 * (3 + 3 + 12), exponentials: 0 };
        assert_eq!(works, [conv, mean, dense]);
        let operations = 0.5 * (864.0 + 48.0 + 9.0);
        let bytes = 0.25 * (548.0 + 204.0 + 72.0);
        let exact: f64 = 1000.0 + 300.0 + operations + bytes + 2.0 * 48.0;
        assert_eq!(model().latency(&program), exact.round() as u64);
    }

    #[test]
    fn convolutions_are_told_apart_by_what_they_do() {
        let routine = |conv: &str| {
            let program = program(&format!(r#"(name: "x", from: ["input"], op: Conv({conv})),"#));
            Work::of(&program, &program.steps[0]).routine
        };
        assert_eq!(routine("channels: 3, kernel: 1"), Routine::Pointwise);
        assert_eq!(routine("channels: 8"), Routine::Conv3x3);
        assert_eq!(routine("channels: 3, kernel: 5"), Routine::Conv);
        assert_eq!(routine("channels: 3, stride: 2"), Routine::StridedConv);
        assert_eq!(routine("channels: 2, groups: 2"), Routine::Depthwise);
        assert_eq!(routine("channels: 4, groups: 2"), Routine::Grouped);
    }

    #[test]
    fn what_a_model_of_the_first_version_does_not_know_is_as_any_convolution_of_3x3() {
        let text = r#"(schema: 1, name: "n", input: (channels: 8, height: 16, width: 16), nodes: [
            (name: "x", from: ["input"], op: Conv(channels: 16)), (name: "pool", from: ["x"], op: GlobalAvgPool()),
            (name: "classes", from: ["pool"], op: Dense(units: 3))])"#;
        let program = Program::new(&Graph::new(&ArchitectureSpec::from_ron(text).unwrap()).unwrap());
        assert_eq!(Work::of(&program, &program.steps[0]).routine, Routine::Winograd);
        let mut first = model();
        first.routines.remove(&Routine::Winograd);
        assert_eq!((first.problem(), first.latency(&program)), (None, model().latency(&program)));
        first.routines.remove(&Routine::Conv3x3);
        assert_eq!(first.problem().unwrap(), "`routines` has no Conv3x3");
    }

    #[test]
    fn a_model_is_read_as_it_is_written_and_one_that_is_none_is_refused() {
        let written = to_ron(&model());
        assert_eq!(from_ron::<DeviceModel>(&written).unwrap(), model());
        assert_eq!(model().problem(), None);
        let lacking = DeviceModel { routines: BTreeMap::new(), ..model() };
        assert_eq!(lacking.problem().unwrap(), "`routines` has no Pointwise");
        let wrong = DeviceModel { network: -1.0, ..model() };
        assert!(wrong.problem().unwrap().contains("-1"));
    }
}
