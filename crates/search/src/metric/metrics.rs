use std::collections::BTreeMap;
use std::fmt;

use netsynth_graph::Cost;
use schemars::JsonSchema;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Confusion, Metric, OwnMetric, Source};

/// The metrics that are known of a network: those that counting gives, those that a training measured, or both.
///
/// A file has a map from [`Metric::name`] to the value.
#[derive(Clone, Copy, Default, PartialEq, JsonSchema)]
#[schemars(with = "BTreeMap<String, f64>")]
pub struct Metrics {
    /// Of each that netsynth knows, in their order.
    known: [Option<f64>; Metric::ALL.len()],
    /// Of the user's own, in the order of their names, and nothing after them.
    own: [Option<(OwnMetric, f64)>; MAX_OWN],
}

/// How many metrics of the user's own are kept of a network; more are let pass.
const MAX_OWN: usize = 8;

/// The place of a metric among those that netsynth knows.
fn place(metric: Metric) -> Option<usize> {
    Metric::ALL.iter().position(|known| *known == metric)
}

impl Metrics {
    /// Every metric that counting gives.
    pub fn counted(cost: &Cost) -> Self {
        Metric::ALL.into_iter().filter_map(|metric| Some((metric, metric.counted(cost)?))).collect()
    }

    /// Every metric that judging on a fold gives.
    pub fn measured(confusion: &Confusion) -> Self {
        Metric::ALL.into_iter().filter_map(|metric| Some((metric, metric.measured(confusion)?))).collect()
    }

    /// The mean over folds of each metric that is known of all of them; nothing of no folds.
    pub fn mean(folds: &[Self]) -> Self {
        let mean = |(metric, _): (Metric, f64)| Some((metric, mean_of(metric, folds)?));
        folds.first().into_iter().flat_map(Self::iter).filter_map(mean).collect()
    }

    /// The value of a metric, if it is known.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Own(own) => {
                self.own.iter().flatten().find(|(known, _)| *known == own).map(|(_, value)| *value)
            }
            metric => self.known[place(metric)?],
        }
    }

    /// The metrics that are known, with their values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, f64)> + '_ {
        let known =
            Metric::ALL.into_iter().zip(self.known).filter_map(|(metric, value)| Some((metric, value?)));
        known.chain(self.own.into_iter().flatten().map(|(own, value)| (Metric::Own(own), value)))
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Those of a source.
    pub fn of_source(&self, source: Source) -> Self {
        self.iter().filter(|(metric, _)| metric.source() == source).collect()
    }

    /// All but one.
    pub fn without(self, metric: Metric) -> Self {
        self.iter().filter(|(known, _)| *known != metric).collect()
    }

    /// These and others; the others' values count where both have one.
    pub fn and(mut self, others: Self) -> Self {
        self.extend(others.iter());
        self
    }
}

impl Metrics {
    /// Keeps a metric of the user's own at its place.
    fn set_own(&mut self, own: OwnMetric, value: f64) {
        let mut all: Vec<(OwnMetric, f64)> =
            self.own.into_iter().flatten().filter(|(known, _)| *known != own).collect();
        all.push((own, value));
        all.sort_by_key(|(own, _)| *own);
        let mut all = all.into_iter();
        self.own = std::array::from_fn(|_| all.next());
    }
}

/// The mean of a metric over folds; `None` where one of them lacks it or there is none.
pub(crate) fn mean_of(metric: Metric, folds: &[Metrics]) -> Option<f64> {
    let mut sum = 0.0;
    for fold in folds {
        sum += fold.get(metric)?;
    }
    (!folds.is_empty()).then(|| sum / folds.len() as f64)
}

impl Extend<(Metric, f64)> for Metrics {
    fn extend<I: IntoIterator<Item = (Metric, f64)>>(&mut self, values: I) {
        for (metric, value) in values {
            match metric {
                Metric::Own(own) => self.set_own(own, value),
                metric => {
                    if let Some(place) = place(metric) {
                        self.known[place] = Some(value);
                    }
                }
            }
        }
    }
}

impl<const N: usize> From<[(Metric, f64); N]> for Metrics {
    fn from(values: [(Metric, f64); N]) -> Self {
        values.into_iter().collect()
    }
}

impl FromIterator<(Metric, f64)> for Metrics {
    fn from_iter<I: IntoIterator<Item = (Metric, f64)>>(values: I) -> Self {
        let mut metrics = Self::default();
        metrics.extend(values);
        metrics
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(metric, value)| (metric.name(), value))).finish()
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(metric, value)| (metric.name(), value)))
    }
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Metrics;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("values by the names of metrics, such as {\"accuracy\": 0.92}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut values: A) -> Result<Metrics, A::Error> {
                let mut metrics = Metrics::default();
                while let Some((name, value)) = values.next_entry::<String, f64>()? {
                    let metric = Metric::of_name(&name).ok_or_else(|| {
                        let names = Metric::names();
                        A::Error::custom(format!("`{name}` is no metric; the metrics are {names}"))
                    })?;
                    if metrics.get(metric).is_some() {
                        return Err(A::Error::custom(format!("`{name}` occurs twice")));
                    }
                    metrics.extend([(metric, value)]);
                }
                Ok(metrics)
            }

            /// Files of the first versions have the accuracy alone.
            fn visit_f64<E: Error>(self, accuracy: f64) -> Result<Metrics, E> {
                Ok(Metrics::from([(Metric::Accuracy, accuracy)]))
            }
        }
        deserializer.deserialize_any(Values)
    }
}

#[cfg(test)]
mod tests {
    use netsynth_graph::program::Memory;

    use super::*;

    #[test]
    fn the_mean_over_folds_has_what_all_of_them_have() {
        let folds = [
            Metrics::from([(Metric::Accuracy, 0.5), (Metric::MacroF1, 0.25)]),
            Metrics::from([(Metric::Accuracy, 0.75)]),
        ];
        assert_eq!(Metrics::mean(&folds), Metrics::from([(Metric::Accuracy, 0.625)]));
        assert!(Metrics::mean(&[]).is_empty());
        let own = |name: &str| Metric::of_name(name).unwrap();
        let one = Metrics::from([(own("own_speed"), 0.5), (own("own_calm"), 1.0), (Metric::Accuracy, 0.5)]);
        let other = Metrics::from([(Metric::Accuracy, 0.5), (own("own_speed"), 1.0)]);
        assert_eq!(
            Metrics::mean(&[one, other]),
            Metrics::from([(own("own_speed"), 0.75), (Metric::Accuracy, 0.5)])
        );
    }

    #[test]
    fn counted_and_measured_metrics_stand_beside_each_other() {
        let memory = Memory { arena: 28, flash: 12, arena_int8: 10, flash_int8: 11 };
        let cost = Cost { parameters: 3, macs: 5, peak_activations: 7, memory, latency: Some(9) };
        let all = Metrics::counted(&cost).and(Metrics::measured(&Confusion(vec![vec![3, 1], vec![0, 4]])));
        assert_eq!(all.iter().count(), Metric::ALL.len());
        assert_eq!(all.of_source(Source::Counted), Metrics::counted(&cost));
        assert_eq!(all.get(Metric::WorstRecall), Some(0.75));
        assert_eq!(all.without(Metric::Macs).get(Metric::Macs), None);
    }

    #[test]
    fn a_file_has_names_and_one_of_the_first_versions_the_accuracy() {
        let read = |text: &str| serde_json::from_str::<Metrics>(text).map_err(|error| error.to_string());
        let metrics = Metrics::from([(Metric::Accuracy, 0.5), (Metric::WorstRecall, 0.0)]);
        let text = serde_json::to_string(&metrics).unwrap();
        assert_eq!(text, r#"{"accuracy":0.5,"worst_recall":0.0}"#);
        assert_eq!(read(&text), Ok(metrics));
        let own = Metrics::from([(Metric::Accuracy, 0.5), (Metric::of_name("own_speed").unwrap(), 0.25)]);
        assert_eq!(serde_json::to_string(&own).unwrap(), r#"{"accuracy":0.5,"own_speed":0.25}"#);
        assert_eq!(read(r#"{"own_speed":0.25,"accuracy":0.5}"#), Ok(own));
        assert_eq!(read("0.25"), Ok(Metrics::from([(Metric::Accuracy, 0.25)])));
        assert!(
            read(r#"{"acuracy": 1.0}"#).unwrap_err().contains("the metrics are accuracy, balanced_accuracy")
        );
        assert!(read(r#"{"accuracy": 1.0, "accuracy": 0.5}"#).unwrap_err().contains("twice"));
    }
}
