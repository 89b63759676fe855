use std::str::FromStr;

use netsynth_run::SimulatedWorkers;
use netsynth_search::Count;

/// Workers that are to be simulated, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Simulation {
    pub(crate) workers: SimulatedWorkers,
    /// The mean of a training, for tables that have no times.
    pub(crate) train_secs: f64,
    /// The share of the table's whole hypervolume that is waited for.
    pub(crate) hypervolume: f64,
}

impl FromStr for Simulation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut count, mut losses_per_hour, mut slowest) = (None, 0.0, 1.0);
        let (mut train_secs, mut hypervolume) = (3600.0, 0.99);
        for part in text.split(',') {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let number = |value: &str, least: f64, most: f64| {
                value.parse().ok().filter(|number| (least..=most).contains(number))
            };
            let known = match key {
                "workers" => {
                    value.parse().ok().and_then(|asked| Count::WORKERS.check(asked).ok()).map(|found| {
                        count = Some(found);
                    })
                }
                "failures" => {
                    value.strip_suffix("%/h").and_then(|value| number(value, 0.0, 1000.0)).map(|found| {
                        losses_per_hour = found / 100.0;
                    })
                }
                "train" => {
                    humantime::parse_duration(value).ok().filter(|time| !time.is_zero()).map(|found| {
                        train_secs = found.as_secs_f64();
                    })
                }
                "slowest" => number(value, 1.0, 1000.0).map(|found| slowest = found),
                "hypervolume" => {
                    value.strip_suffix('%').and_then(|value| number(value, 0.0, 100.0)).map(|found| {
                        hypervolume = found / 100.0;
                    })
                }
                _ => None,
            };
            known.ok_or_else(|| format!("`{part}` is not understood: {FORM}"))?;
        }
        let count = count.ok_or_else(|| format!("it names no workers: {FORM}"))?;
        let workers = SimulatedWorkers { count, losses_per_hour, slowest };
        Ok(Self { workers, train_secs, hypervolume })
    }
}

const FORM: &str = "give workers=100 and, as it may be, failures=1%/h, train=1h, slowest=3 and hypervolume=99%, with commas between";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn workers_are_described_in_few_words_and_a_mistake_is_shown() {
        let found: Simulation =
            "workers=1000,failures=1%/h,train=90m,slowest=3,hypervolume=95%".parse().unwrap();
        let workers = SimulatedWorkers { count: 1000, losses_per_hour: 0.01, slowest: 3.0 };
        assert_eq!(found, Simulation { workers, train_secs: 5400.0, hypervolume: 0.95 });
        for (text, part) in [
            ("workers=0", "`workers=0`"),
            ("failures=1%/h", "no workers"),
            ("workers=1,failures=1", "`failures=1`"),
            ("workers=1,speed=2", "`speed=2`"),
            ("workers=1,slowest=0.5", "`slowest=0.5`"),
            ("workers=1,train=0s", "`train=0s`"),
            ("workers=1,hypervolume=101%", "`hypervolume=101%`"),
            ("", "``"),
        ] {
            let error = text.parse::<Simulation>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
