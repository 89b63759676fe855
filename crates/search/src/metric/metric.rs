use std::fmt;

use netsynth_graph::Cost;
use netsynth_graph::program::Memory;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Confusion, OwnMetric, Unit};

/// Something a network is judged by.
///
/// A metric is added here: a variant, its place in [`Metric::ALL`], and its row in `definition`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Metric {
    /// Share of images classified correctly, over validation folds; 1 is all.
    Accuracy,
    /// Mean of the classes' recalls, over validation folds: every class counts the same, however few images it has.
    BalancedAccuracy,
    /// Mean of the classes' F1 scores, over validation folds.
    MacroF1,
    /// Recall of the class that is recognised worst, over validation folds.
    WorstRecall,
    /// Numbers stored to run the deployed network.
    Parameters,
    /// Multiply-accumulates for one image.
    Macs,
    /// Activation numbers alive at once, of four bytes each.
    PeakActivations,
    /// Bytes of the deployed network's weights: four for each parameter.
    WeightBytes,
    /// Bytes that change while the network runs on a device, in 32-bit floats: the arena of `export --to c`.
    Arena,
    /// Bytes of the exported network's constants, in 32-bit floats.
    Flash,
    /// As `Arena`, in 8-bit integers.
    ArenaInt8,
    /// As `Flash`, in 8-bit integers.
    FlashInt8,
    /// The time for one image on one core of a device, in nanoseconds, as the plan's `device_model` predicts it from the network's
    /// steps: nothing is measured during a search. `netsynth bench device` makes such a model and says how far it is off.
    Latency,
    /// A share that the plan's own `evaluator` measures, by its name, such as Own("own_speed"); 1 is best.
    Own(OwnMetric),
}

/// Where the value of a metric comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Counting the graph gives it, exactly and before any training.
    Counted,
    /// Judging the trained network on validation folds gives it.
    Measured,
}

/// Which values of a metric are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    Maximise,
    /// Less is better.
    Minimise,
}

/// Everything that is known of a metric.
struct Definition {
    name: &'static str,
    label: &'static str,
    about: &'static str,
    unit: Unit,
    value: Value,
}

/// How the value of a metric is found.
enum Value {
    /// By counting the graph; less is better.
    Counted(fn(&Cost) -> f64),
    /// By planning the program that is exported, in bytes; less is better. Files and tables of networks keep counts alone.
    OnDevice(fn(&Memory) -> u64),
    /// By a device's model, in nanoseconds; less is better. It is known where there is a model.
    Predicted,
    /// By judging the trained network; a share, of which more is better.
    Measured(fn(&Confusion) -> f64),
    /// By a trainer of the user's own; a share, of which more is better.
    Told,
}

impl Metric {
    /// All that netsynth knows of itself, in the order of their declaration.
    pub const ALL: [Self; 13] = [
        Self::Accuracy,
        Self::BalancedAccuracy,
        Self::MacroF1,
        Self::WorstRecall,
        Self::Parameters,
        Self::Macs,
        Self::PeakActivations,
        Self::WeightBytes,
        Self::Arena,
        Self::Flash,
        Self::ArenaInt8,
        Self::FlashInt8,
        Self::Latency,
    ];

    fn definition(self) -> Definition {
        match self {
            Self::Accuracy => Definition {
                name: "accuracy",
                label: "accuracy",
                about: "Share of validation images classified correctly",
                unit: Unit::Share,
                value: Value::Measured(Confusion::accuracy),
            },
            Self::BalancedAccuracy => Definition {
                name: "balanced_accuracy",
                label: "balanced accuracy",
                about: "Mean of the classes' recalls",
                unit: Unit::Share,
                value: Value::Measured(Confusion::balanced_accuracy),
            },
            Self::MacroF1 => Definition {
                name: "macro_f1",
                label: "macro F1",
                about: "Mean of the classes' F1 scores",
                unit: Unit::Share,
                value: Value::Measured(Confusion::macro_f1),
            },
            Self::WorstRecall => Definition {
                name: "worst_recall",
                label: "worst recall",
                about: "Recall of the class that is recognised worst",
                unit: Unit::Share,
                value: Value::Measured(Confusion::worst_recall),
            },
            Self::Parameters => Definition {
                name: "parameters",
                label: "parameters",
                about: "Numbers stored to run the deployed network",
                unit: Unit::Count,
                value: Value::Counted(|cost| cost.parameters as f64),
            },
            Self::Macs => Definition {
                name: "macs",
                label: "MACs",
                about: "Multiply-accumulates for one image",
                unit: Unit::Operations,
                value: Value::Counted(|cost| cost.macs as f64),
            },
            Self::PeakActivations => Definition {
                name: "peak_activations",
                label: "peak activations",
                about: "Activations alive at once, of four bytes each",
                unit: Unit::Activations,
                value: Value::Counted(|cost| cost.peak_activations as f64),
            },
            Self::WeightBytes => Definition {
                name: "weight_bytes",
                label: "weight bytes",
                about: "Bytes of the deployed network's weights",
                unit: Unit::Bytes,
                value: Value::Counted(|cost| 4.0 * cost.parameters as f64),
            },
            Self::Arena => Definition {
                name: "arena",
                label: "arena",
                about: "Bytes that change while the exported network runs",
                unit: Unit::Bytes,
                value: Value::OnDevice(|memory| memory.arena),
            },
            Self::Flash => Definition {
                name: "flash",
                label: "flash",
                about: "Bytes of the exported network's constants",
                unit: Unit::Bytes,
                value: Value::OnDevice(|memory| memory.flash),
            },
            Self::ArenaInt8 => Definition {
                name: "arena_int8",
                label: "arena, int8",
                about: "Bytes that change while the network runs in 8-bit integers",
                unit: Unit::Bytes,
                value: Value::OnDevice(|memory| memory.arena_int8),
            },
            Self::FlashInt8 => Definition {
                name: "flash_int8",
                label: "flash, int8",
                about: "Bytes of the constants in 8-bit integers",
                unit: Unit::Bytes,
                value: Value::OnDevice(|memory| memory.flash_int8),
            },
            Self::Latency => Definition {
                name: "latency",
                label: "predicted latency",
                about: "Time for one image on a device, as the plan's device model predicts it",
                unit: Unit::Time,
                value: Value::Predicted,
            },
            Self::Own(own) => Definition {
                name: own.name(),
                label: own.name(),
                about: "A share that the plan's own evaluator measures",
                unit: Unit::Share,
                value: Value::Told,
            },
        }
    }

    /// The name in plans, conditions, JSON and CSV, such as `peak_activations`.
    pub fn name(self) -> &'static str {
        self.definition().name
    }

    /// The metric of a name: of those that netsynth knows, or of one that begins with `own_`.
    pub fn of_name(name: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|metric| metric.name() == name);
        known.or_else(|| OwnMetric::of_name(name).map(Self::Own))
    }

    /// The names of all metrics, with commas.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// The name in tables and sentences, such as `peak activations`.
    pub fn label(self) -> &'static str {
        self.definition().label
    }

    /// What it is, in a line.
    pub fn about(self) -> &'static str {
        self.definition().about
    }

    /// What its values are numbers of.
    pub fn unit(self) -> Unit {
        self.definition().unit
    }

    /// Where its values come from.
    pub fn source(self) -> Source {
        match self.definition().value {
            Value::Counted(_) | Value::OnDevice(_) | Value::Predicted => Source::Counted,
            Value::Measured(_) | Value::Told => Source::Measured,
        }
    }

    /// Which of its values are better.
    pub fn direction(self) -> Direction {
        match self.source() {
            Source::Counted => Direction::Minimise,
            Source::Measured => Direction::Maximise,
        }
    }

    /// The metrics of a source, in their order.
    pub fn of_source(source: Source) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |metric| metric.source() == source)
    }

    /// The value that counting gives; `None` for a measured metric, and where only counts are known of the network or no
    /// device's model.
    pub fn counted(self, cost: &Cost) -> Option<f64> {
        match self.definition().value {
            Value::Counted(value) => Some(value(cost)),
            Value::OnDevice(bytes) => (cost.memory != Memory::default()).then(|| bytes(&cost.memory) as f64),
            Value::Predicted => cost.latency.map(|nanoseconds| nanoseconds as f64),
            Value::Measured(_) | Value::Told => None,
        }
    }

    /// The value that judging on a fold gives; `None` for a counted metric.
    pub fn measured(self, confusion: &Confusion) -> Option<f64> {
        match self.definition().value {
            Value::Measured(value) => Some(value(confusion)),
            Value::Counted(_) | Value::OnDevice(_) | Value::Predicted | Value::Told => None,
        }
    }

    /// A value as tables show it, with its unit: `92.35 %`, `141,098`, `44.21 M`, `495 KiB`, `4.215 ms`.
    pub fn format(self, value: f64) -> String {
        self.unit().format(value)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_has_every_metric_at_its_own_place() {
        let schema = serde_json::to_value(schemars::schema_for!(Metric)).unwrap();
        // Those of the user's own are one more.
        assert_eq!(schema["oneOf"].as_array().unwrap().len(), Metric::ALL.len() + 1);
        assert!(Metric::ALL.is_sorted());
        assert!(Metric::ALL.iter().all(|metric| !matches!(metric, Metric::Own(_))));
    }

    #[test]
    fn names_are_different_and_lead_back_to_their_metric() {
        let names: BTreeSet<&str> = Metric::ALL.map(Metric::name).into();
        assert_eq!(names.len(), Metric::ALL.len());
        for metric in Metric::ALL {
            assert_eq!(Metric::of_name(metric.name()), Some(metric));
        }
        let own = Metric::of_name("own_speed").unwrap();
        assert_eq!((own.name(), own.source(), own.unit()), ("own_speed", Source::Measured, Unit::Share));
        assert_eq!(Metric::of_name("speed"), None);
    }

    #[test]
    fn counted_metrics_have_a_value_of_a_cost_and_measured_ones_of_a_confusion() {
        let memory = Memory { arena: 40, flash: 50, arena_int8: 13, flash_int8: 20 };
        let cost = Cost { parameters: 10, macs: 20, peak_activations: 30, memory, latency: Some(60) };
        let confusion = Confusion::new(2);
        for metric in Metric::ALL {
            let is_counted = metric.source() == Source::Counted;
            assert_eq!(metric.counted(&cost).is_some(), is_counted, "{metric}");
            assert_eq!(metric.measured(&confusion).is_some(), !is_counted, "{metric}");
        }
        assert_eq!(Metric::WeightBytes.counted(&cost), Some(40.0));
        assert_eq!(Metric::FlashInt8.counted(&cost), Some(20.0));
        assert_eq!(Metric::Arena.counted(&Cost { memory: Memory::default(), ..cost }), None);
        assert_eq!(Metric::Latency.counted(&Cost { latency: None, ..cost }), None);
    }
}
