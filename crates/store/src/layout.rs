//! Every path of a run folder, typed: [`Entry::path`] and [`Entry::parse`] are inverses.
//!
//! Folds count from 1 in every path. Two kinds of file had other paths before, which [`Entry::earlier_path`] gives: an
//! audit's `audit/00042/fold-0.ron` counted folds from 0, and a screening was `newborns/000.ron`.

#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use netsynth_search::Variant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Fold;

pub(crate) const GENERATORS: &str = "generators";
pub(crate) const TRIALS: &str = "trials";
pub(crate) const AUDIT: &str = "audit";
/// The folder of the attempts at tasks, which are no part of the run: see [`crate::Attempts`].
pub(crate) const ATTEMPTS: &str = "attempts";

/// The ending of the checksum beside a file that is no document.
const CHECKSUM: &str = ".sha256";

/// A file of a run folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// The plan; a folder that has it is a run.
    Plan,
    /// The program, the machine and the data that the run was made with.
    Provenance,
    /// The search space.
    SearchSpace,
    /// The prototype that the space varies, as an architecture.
    Prototype,
    /// What predicts the time of networks on a device.
    DeviceModel,
    /// What earlier searches measured, that a search learns from.
    Learned,
    /// The generator of this number, from 0.
    Generator(usize),
    /// The candidates of this generation, from 0, with the scores by which some of them were chosen for training.
    Screening(usize),
    /// A file of the trial of this number, from 0.
    Trial(usize, TrialFile),
    /// A file of a network that was trained outside of the trials.
    Network(TrainedNetwork, NetworkFile),
    /// Why the search ended.
    End,
    /// How sure the accuracies of the finalists are.
    Certificates,
    /// The Pareto front.
    Front,
    /// The Pareto front as comma-separated values.
    FrontTable,
    /// What the files were when the run's work ended.
    Contents,
    /// The report as one page.
    Report,
    /// The results of a training on folds.
    Results,
    /// The result of an audit's training of this trial, validated on this fold.
    Audit {
        /// The trial's number.
        trial: usize,
        /// The validation fold.
        fold: Fold,
    },
    /// The summary of a comparison.
    Summary,
    /// The curves of a comparison as comma-separated values.
    Curves,
    /// The curves of a comparison, drawn.
    CurvesDrawing,
    /// The times of the session of this number, from 1.
    Session(usize),
    /// The log of the session of this number, from 1.
    SessionLog(usize),
    /// The attempts of the session of this number, from 1, a line of JSON each.
    SessionAttempts(usize),
    /// The file that the writing process locks.
    Lock,
}

/// A file of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrialFile {
    /// The network.
    Architecture,
    /// The choices that make the network, and where they come from.
    Candidate,
    /// The measurement of this rung, from 0.
    Rung(usize),
    /// The weights that a rung's training on a fold ended with.
    Weights {
        /// The rung, from 0.
        rung: usize,
        /// The validation fold.
        fold: Fold,
    },
}

/// A network that was trained outside of the trials; it has a folder of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum TrainedNetwork {
    /// The prototype that trials inherit from, trained for this validation fold.
    Prototype(Fold),
    /// A variant of a search.
    Variant(Variant),
    /// A training on folds.
    Training {
        /// The training's seed; none where the run has only one.
        seed: Option<u64>,
        /// The validation fold.
        fold: Fold,
    },
}

/// A file in the folder of a trained network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NetworkFile {
    /// The network.
    Architecture,
    /// Its weights.
    Weights,
    /// Its measurements, written last.
    Metrics,
    /// Why its training failed, in the place of all others.
    Failure,
}

impl Entry {
    /// The entries without a number.
    const FIXED: [Self; 17] = [
        Entry::Plan,
        Entry::Provenance,
        Entry::SearchSpace,
        Entry::Prototype,
        Entry::DeviceModel,
        Entry::Learned,
        Entry::End,
        Entry::Certificates,
        Entry::Front,
        Entry::FrontTable,
        Entry::Contents,
        Entry::Report,
        Entry::Results,
        Entry::Summary,
        Entry::Curves,
        Entry::CurvesDrawing,
        Entry::Lock,
    ];

    /// The path relative to the run's folder.
    pub fn path(self) -> PathBuf {
        self.name().into()
    }

    fn name(self) -> String {
        match self {
            Entry::Plan => "plan.ron".to_owned(),
            Entry::Provenance => "provenance.ron".to_owned(),
            Entry::SearchSpace => "search-space.ron".to_owned(),
            Entry::Prototype => "prototype.ron".to_owned(),
            Entry::DeviceModel => "device-model.ron".to_owned(),
            Entry::Learned => "learned.ron".to_owned(),
            Entry::Generator(number) => format!("{GENERATORS}/{number:03}.ron"),
            Entry::Screening(generation) => format!("screening/{generation:03}.ron"),
            Entry::Trial(trial, file) => format!("{TRIALS}/{trial:05}/{}", file.name()),
            Entry::Network(network, file) => format!("{}/{}", network.folder(), file.name()),
            Entry::End => "end.ron".to_owned(),
            Entry::Certificates => "certificates.ron".to_owned(),
            Entry::Front => "front.ron".to_owned(),
            Entry::FrontTable => "front.csv".to_owned(),
            Entry::Contents => "contents.ron".to_owned(),
            Entry::Report => "report.html".to_owned(),
            Entry::Results => "results.ron".to_owned(),
            Entry::Audit { trial, fold } => format!("{AUDIT}/{trial:05}/folds/{fold:02}.ron"),
            Entry::Summary => "summary.ron".to_owned(),
            Entry::Curves => "curves.csv".to_owned(),
            Entry::CurvesDrawing => "curves.svg".to_owned(),
            Entry::Session(number) => format!("sessions/{number:03}.ron"),
            Entry::SessionLog(number) => format!("sessions/{number:03}.log"),
            Entry::SessionAttempts(number) => format!("sessions/{number:03}.jsonl"),
            Entry::Lock => "lock".to_owned(),
        }
    }

    /// The path that earlier versions gave the file, if it was another.
    pub fn earlier_path(self) -> Option<PathBuf> {
        match self {
            Entry::Audit { trial, fold } => {
                Some(format!("{AUDIT}/{trial:05}/fold-{}.ron", fold.index()).into())
            }
            Entry::Screening(generation) => Some(format!("newborns/{generation:03}.ron").into()),
            _ => None,
        }
    }

    /// The entry at a path relative to the run's folder, be it today's path or the earlier one; none if no run has such
    /// a file.
    pub fn parse(path: &Path) -> Option<Self> {
        let parts: Option<Vec<&str>> = path.iter().map(OsStr::to_str).collect();
        Some(match *parts?.as_slice() {
            [GENERATORS, file] => Entry::Generator(number(file.strip_suffix(".ron")?, 3)?),
            ["screening" | "newborns", file] => Entry::Screening(number(file.strip_suffix(".ron")?, 3)?),
            [TRIALS, trial, file] => Entry::Trial(trial_number(trial)?, TrialFile::parse(file)?),
            [AUDIT, trial, "folds", file] => {
                Entry::Audit { trial: trial_number(trial)?, fold: Fold::parse(file.strip_suffix(".ron")?)? }
            }
            [AUDIT, trial, file] => {
                let index = number(file.strip_prefix("fold-")?.strip_suffix(".ron")?, 1)?;
                Entry::Audit { trial: trial_number(trial)?, fold: Fold::from_index(index) }
            }
            ["sessions", file] => match file.split_once('.')? {
                (name, "log") => Entry::SessionLog(number(name, 3)?),
                (name, "jsonl") => Entry::SessionAttempts(number(name, 3)?),
                (name, "ron") => Entry::Session(number(name, 3)?),
                _ => return None,
            },
            [name] => Entry::FIXED.into_iter().find(|entry| entry.name() == name)?,
            [ref folder @ .., file] => {
                Entry::Network(TrainedNetwork::parse(folder)?, NetworkFile::parse(file)?)
            }
            [] => return None,
        })
    }
}

impl TrialFile {
    fn name(self) -> String {
        match self {
            TrialFile::Architecture => "architecture.ron".to_owned(),
            TrialFile::Candidate => "candidate.ron".to_owned(),
            TrialFile::Rung(rung) => format!("rung-{rung}.ron"),
            TrialFile::Weights { rung, fold } => format!("rung-{rung}-fold-{fold:02}.safetensors"),
        }
    }

    fn parse(name: &str) -> Option<Self> {
        if let Some(file) =
            [TrialFile::Architecture, TrialFile::Candidate].into_iter().find(|file| file.name() == name)
        {
            return Some(file);
        }
        let rest = name.strip_prefix("rung-")?;
        if let Some(rung) = rest.strip_suffix(".ron") {
            return Some(TrialFile::Rung(number(rung, 1)?));
        }
        let (rung, fold) = rest.strip_suffix(".safetensors")?.split_once("-fold-")?;
        Some(TrialFile::Weights { rung: number(rung, 1)?, fold: Fold::parse(fold)? })
    }
}

impl TrainedNetwork {
    /// The folder relative to the run's.
    pub(crate) fn folder(self) -> String {
        match self {
            TrainedNetwork::Prototype(fold) => format!("prototype/folds/{fold:02}"),
            TrainedNetwork::Variant(variant) => format!("variants/{variant}"),
            TrainedNetwork::Training { seed: None, fold } => format!("folds/{fold:02}"),
            TrainedNetwork::Training { seed: Some(seed), fold } => format!("seeds/{seed}/folds/{fold:02}"),
        }
    }

    fn parse(folder: &[&str]) -> Option<Self> {
        Some(match *folder {
            ["prototype", "folds", fold] => TrainedNetwork::Prototype(Fold::parse(fold)?),
            ["variants", name] => {
                let mut variants = Variant::ALL.into_iter();
                TrainedNetwork::Variant(variants.find(|variant| variant.to_string() == name)?)
            }
            ["folds", fold] => TrainedNetwork::Training { seed: None, fold: Fold::parse(fold)? },
            ["seeds", seed, "folds", fold] => {
                TrainedNetwork::Training { seed: Some(number(seed, 1)?), fold: Fold::parse(fold)? }
            }
            _ => return None,
        })
    }
}

impl NetworkFile {
    /// The name in the folder of its network.
    pub fn name(self) -> &'static str {
        match self {
            NetworkFile::Architecture => "architecture.ron",
            NetworkFile::Weights => "weights.safetensors",
            NetworkFile::Metrics => "metrics.ron",
            NetworkFile::Failure => "failure.ron",
        }
    }

    /// All of them.
    pub(crate) const ALL: [Self; 4] =
        [NetworkFile::Architecture, NetworkFile::Weights, NetworkFile::Metrics, NetworkFile::Failure];

    fn parse(name: &str) -> Option<Self> {
        NetworkFile::ALL.into_iter().find(|file| file.name() == name)
    }
}

/// Whether a path relative to a run's folder is that of one of its folders.
pub(crate) fn is_folder(path: &Path) -> bool {
    let parts: Option<Vec<&str>> = path.iter().map(OsStr::to_str).collect();
    let Some(parts) = parts else { return false };
    match *parts.as_slice() {
        [name] => {
            let names = ["screening", "newborns", "sessions", "variants", "prototype", "folds", "seeds"];
            names.contains(&name) || [GENERATORS, TRIALS, AUDIT].contains(&name)
        }
        [TRIALS | AUDIT, trial] | [AUDIT, trial, "folds"] => trial_number(trial).is_some(),
        ["prototype", "folds"] => true,
        ["seeds", seed] | ["seeds", seed, "folds"] => number::<u64>(seed, 1).is_some(),
        ref folder => TrainedNetwork::parse(folder).is_some(),
    }
}

/// The number of the trial that a folder below `trials/` or `audit/` belongs to.
pub(crate) fn trial_number(folder: &str) -> Option<usize> {
    number(folder, 5)
}

/// A number as paths write it: with leading zeros up to this many digits, and in no other way.
pub(crate) fn number<T: FromStr + Display>(text: &str, n_digits: usize) -> Option<T> {
    text.parse().ok().filter(|number| format!("{number:0n_digits$}") == text)
}

/// The path of the checksum of a file that is no document.
pub(crate) fn checksum_of(path: &Path) -> PathBuf {
    with_ending(path, CHECKSUM)
}

/// The file that a checksum is of, if it is one by its name.
pub(crate) fn sealed_by(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_suffix(CHECKSUM)?;
    Some(path.with_file_name(name))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(ending);
    path.with_file_name(name)
}
