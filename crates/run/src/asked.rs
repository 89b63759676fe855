//! A search that somebody else drives: candidates are asked for, and what came of them is told.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use netsynth_files::Shown;
use netsynth_graph::ArchitectureSpec;
use netsynth_search::{Answered, Candidate, Evaluator, Measured, Metrics, StopReason, Trained};
use netsynth_store::{Entry, RunFolder, read_text};
use netsynth_train::derived_seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::own_trainer::metrics;
use crate::search::search as run_search;
use crate::trials::complete;
use crate::{Context, Plan, RunError, Search};

/// A measurement that a search waits for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Asked {
    /// The trial's number.
    pub trial: usize,
    /// The rung, from 0.
    pub rung: usize,
    /// How long to train.
    pub epochs: usize,
    /// On how many folds to measure, from the first on.
    pub folds: usize,
    /// How many folds the plan has.
    pub n_folds: usize,
    /// The seed of every random draw.
    pub seed: u32,
    /// Numbers stored to run the network.
    pub parameters: u64,
    /// Multiply-accumulates for one image.
    pub macs: u64,
    /// The network, with every field.
    pub architecture: ArchitectureSpec,
}

/// What is told of a trial: what each fold measured, or why it failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ToldFile {
    /// Of each fold the measured metrics by name; where there is one fold, a file may have them alone, as
    /// {"accuracy": 0.92}.
    pub folds: Vec<BTreeMap<String, f64>>,
    /// Of each fold the losses of its epochs, if they are to be kept.
    pub losses: Vec<Vec<f32>>,
    /// In the place of folds: why the network could not be trained.
    pub failed: Option<String>,
}

/// Where a search stands for whoever drives it.
#[derive(Debug)]
pub enum Standing {
    /// These measurements are waited for, in order of trials.
    Waits(Vec<Asked>),
    /// There are no more trials, for this reason.
    Ended(StopReason),
}

/// What a search waits for. Candidates that are proposed now are written to its folder.
///
/// # Errors
/// Its trials start from trained weights or are screened by scores, which only netsynth's own trainings have; or the folder
/// cannot be written.
pub fn asked(search: &Search, folder: &RunFolder) -> Result<Standing, RunError> {
    let Search { plan, space, .. } = search;
    plan.check_driven().map_err(|error| error.at(folder.path().shown()))?;
    if let Some(end) = folder.end()? {
        return Ok(Standing::Ended(end.reason));
    }
    let open = Mutex::new(Vec::new());
    let waits = Waits { plan, folder, open: &open };
    let problem = search.problem(&plan.search)?;
    let found = netsynth_store::search(folder, space, &problem, &waits, false, &|| false, &mut |_| Ok(()))?;
    let open = open.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(if open.is_empty() { Standing::Ended(found.stopped_by) } else { Standing::Waits(open) })
}

/// Takes what came of a trial on the rung that it is on, and says where the search stands then. After the last one it ends, as
/// one that trains itself does.
///
/// # Errors
/// The trial is not waited for, what is told is no measurement of it, or the folder cannot be written.
pub fn tell(
    search: &Search,
    folder: &RunFolder,
    trial: usize,
    told: ToldFile,
    context: &Context<'_>,
) -> Result<Standing, RunError> {
    let waits = match asked(search, folder)? {
        Standing::Waits(waits) => waits,
        Standing::Ended(_) => {
            let error = RunError::new("its search has ended: no result is waited for", "begin another run");
            return Err(error.at(folder.path().shown()));
        }
    };
    let Some(asked_for) = waits.iter().find(|asked| asked.trial == trial) else {
        let numbers: Vec<String> = waits.iter().map(|asked| asked.trial.to_string()).collect();
        let remedy = format!("those waited for are {}", numbers.join(", "));
        let error = RunError::new(format!("no result of trial {trial} is waited for"), remedy);
        return Err(error.at(folder.path().shown()));
    };
    folder.write_rung(trial, asked_for.rung, &told.measured(asked_for, &search.plan)?)?;
    folder.attempts().forget(&asked_for.name());
    standing(search, folder, context)
}

/// Where a search stands; one that has no more trials is brought to its end.
pub fn standing(search: &Search, folder: &RunFolder, context: &Context<'_>) -> Result<Standing, RunError> {
    let standing = asked(search, folder)?;
    let is_to_end = matches!(standing, Standing::Ended(_)) && !search.plan.evaluator.is_netsynth();
    if is_to_end && !folder.has(Entry::FrontTable) {
        run_search(search, folder, context)?;
    }
    Ok(standing)
}

impl Plan {
    /// Refuses searches of which only netsynth can train the trials, for whoever would drive them.
    ///
    /// # Errors
    /// Their trials start from trained weights, are screened by scores, or are proposed without waiting for a generation.
    pub fn check_driven(&self) -> Result<(), RunError> {
        let refuse = |what: &str, remedy: &str| Err(RunError::new(what, remedy));
        if self.inheritance.is_some() {
            let remedy = "begin a run whose plan has no `inheritance`";
            return refuse("its trials start from each other's weights, which only netsynth has", remedy);
        }
        if self.search.asynchronous {
            let remedy = "begin a run whose plan is not `asynchronous`";
            return refuse(
                "its candidates are proposed as measurements come, to a program that waits for them",
                remedy,
            );
        }
        if self.search.screening.is_some() {
            let remedy = "begin a run whose plan has no `screening`";
            return refuse("its candidates are screened by netsynth's own scores", remedy);
        }
        Ok(())
    }
}

/// An evaluator that measures nothing and remembers what it was asked.
struct Waits<'a> {
    plan: &'a Plan,
    folder: &'a RunFolder,
    open: &'a Mutex<Vec<Asked>>,
}

impl Evaluator for Waits<'_> {
    type Error = RunError;

    fn evaluate(
        &self,
        candidates: &[&Candidate],
        rung: usize,
        _: &Answered<'_, RunError>,
    ) -> Result<(), RunError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let ladder = &self.plan.search.rungs[rung];
        for candidate in candidates {
            open.push(Asked {
                trial: candidate.trial,
                rung,
                epochs: ladder.length().epochs_of(&candidate.cost),
                folds: ladder.folds,
                n_folds: self.plan.data.n_folds,
                seed: derived_seed(self.plan.search.seed, "trial", candidate.trial) as u32,
                parameters: candidate.cost.parameters,
                macs: candidate.cost.macs,
                architecture: self.folder.architecture(candidate.trial)?,
            });
        }
        Ok(())
    }
}

impl Asked {
    /// The name under which it is noted that somebody was given it.
    fn name(&self) -> String {
        format!("asked-{:05}-rung-{}", self.trial, self.rung)
    }

    /// Notes that somebody is given it; whether nobody was before.
    ///
    /// # Errors
    /// The system refuses.
    pub fn hand_out(&self, folder: &RunFolder) -> Result<bool, RunError> {
        Ok(folder.attempts().begin(&self.name(), 1)?.is_some())
    }
}

impl ToldFile {
    /// Reads what is told of a trial.
    ///
    /// # Errors
    /// The file cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let remedy = "give JSON such as {\"accuracy\": 0.92}, {\"folds\": [{\"accuracy\": 0.92}, {\"accuracy\": 0.9}]} or \
                      {\"failed\": \"out of memory\"}";
        let text = read_text(path).map_err(|error| RunError::new(error.reason, remedy).at(error.path))?;
        let at = |error: serde_json::Error| RunError::new(error.to_string(), remedy).at(path.shown());
        match serde_json::from_str::<BTreeMap<String, f64>>(&text) {
            Ok(fold) => Ok(Self { folds: vec![fold], ..Self::default() }),
            Err(_) => serde_json::from_str(&text).map_err(at),
        }
    }

    /// The measurement of a trial.
    fn measured(self, asked: &Asked, plan: &Plan) -> Result<Measured, RunError> {
        let refuse = |reason: String, remedy: &str| {
            Err(RunError::new(reason, remedy).at(format!("trial {}, rung {}", asked.trial, asked.rung)))
        };
        if let Some(reason) = self.failed {
            return Ok(Measured::Failed(reason));
        }
        if self.folds.len() != asked.folds {
            let reason = format!("{} folds are told, and its rung has {}", self.folds.len(), asked.folds);
            return refuse(
                reason,
                "tell {\"folds\": [{...}, ...]}, the metrics of each fold from the first on",
            );
        }
        let folds: Result<Vec<Metrics>, String> = self.folds.iter().map(metrics).collect();
        let folds = match folds {
            Ok(folds) => folds,
            Err(reason) => return refuse(reason, "tell accuracy and whatever the plan is about, as shares"),
        };
        match complete(Trained { folds, losses: self.losses, ..Trained::default() }, &plan.search) {
            Measured::Failed(reason) => refuse(reason, "tell every metric that the plan is about"),
            trained @ Measured::Trained(_) => Ok(trained),
        }
    }
}
