//! Runs beside each other: their trials, each one's front, and the front of them all.

use std::path::{Path, PathBuf};

use netsynth_files::Shown;
use netsynth_graph::program::DeviceModel;
use netsynth_search::{Lead, Metric, Metrics, Outcome, ParetoFront, Trial, leads};
use netsynth_store::{FrontFile, dominated_share};
use serde::Serialize;

use super::listing::{Row, outcome_in_words};
use crate::output::progress::print_line;
use netsynth_run::Plan;
use netsynth_run::Provenance;
use netsynth_run::RunError;
use netsynth_run::{OpenSearch, open_search};

/// A run as far as it can be read.
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) plan: Plan,
    /// What predicts the time of its networks.
    pub(crate) device: Option<DeviceModel>,
    pub(crate) trials: Vec<Trial>,
    pub(crate) front: ParetoFront,
    /// The same with its picks and certificates.
    file: FrontFile,
    /// How far its front lies above the scaled family.
    pub(crate) leads: Vec<Lead>,
}

/// A run in a few numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) run: String,
    pub(crate) n_trials: usize,
    pub(crate) n_members: usize,
    /// How many of its members are in the front of all runs.
    pub(crate) n_in_common: usize,
    /// Within the bounds of the first run.
    pub(crate) hypervolume: Option<f64>,
    pub(crate) knee: Option<usize>,
}

/// Several runs and what they found together.
pub(crate) struct Runs {
    pub(crate) runs: Vec<Run>,
    /// Places of trials, `(run, trial)`, and their metrics, the best first.
    members: Vec<((usize, usize), Metrics)>,
    pub(crate) hypervolume: Option<f64>,
    knee: Option<(usize, usize)>,
}

/// Reads runs that have the same objectives. What cannot be read is left out and said.
pub(crate) fn gather(paths: &[PathBuf]) -> Result<Runs, RunError> {
    let runs = paths.iter().map(|path| read(path)).collect::<Result<Vec<Run>, RunError>>()?;
    refuse_other_objectives(&runs)?;
    note_differences(paths, &runs);
    let places: Vec<((usize, usize), Metrics)> = runs
        .iter()
        .enumerate()
        .flat_map(|(run, found)| {
            found.front.members.iter().map(move |(trial, metrics)| ((run, *trial), *metrics))
        })
        .collect();
    let objectives = runs.first().map_or(&[][..], |run| &run.plan.search.objectives);
    let numbered: Vec<(usize, Metrics)> =
        places.iter().enumerate().map(|(place, (_, metrics))| (place, *metrics)).collect();
    let front = ParetoFront::among(&numbered, objectives);
    let members = front.members.iter().map(|(place, metrics)| (places[*place].0, *metrics)).collect();
    let hypervolume = runs.first().and_then(|run| dominated_share(&front, &run.plan.search));
    let knee = front.knee(objectives).map(|place| places[place].0);
    Ok(Runs { runs, members, hypervolume, knee })
}

/// Reads a run, and says on standard error what of it is not there.
fn read(path: &Path) -> Result<Run, RunError> {
    let OpenSearch { folder, plan, space, .. } = open_search(path)?;
    let name = path.shown();
    let (trials, damaged) = folder.readable_trials(&space)?;
    for error in damaged {
        print_line(format!("warning: a trial is left out: {error}; `netsynth verify {name}` says more"));
    }
    let search = &plan.search;
    match folder.end() {
        Ok(Some(_)) => {}
        Ok(None) => print_line(format!(
            "note: {name} has not ended: {} of at most {} trials are measured",
            trials.len(),
            search.n_trials
        )),
        Err(error) => print_line(format!("warning: {error}")),
    }
    let front = ParetoFront::of(&trials, &search.objectives, &search.indicator, search.rungs.len());
    let leads = leads(&trials, space.decisions(), search);
    let file = folder.front_of(&trials, search).unwrap_or_else(|error| {
        print_line(format!("warning: the certificates are left out: {error}"));
        FrontFile::new(&front, &trials, search)
    });
    Ok(Run { name, plan, device: space.device().cloned(), trials, front, file, leads })
}

fn refuse_other_objectives(runs: &[Run]) -> Result<(), RunError> {
    let Some((first, rest)) = runs.split_first() else { return Ok(()) };
    match rest.iter().find(|run| run.plan.search.objectives != first.plan.search.objectives) {
        None => Ok(()),
        Some(other) => {
            let axes = |run: &Run| {
                let each = run.plan.search.objectives.iter().map(ToString::to_string);
                each.collect::<Vec<_>>().join(", ")
            };
            let reason =
                format!("{} asks for {} and {} for {}", first.name, axes(first), other.name, axes(other));
            Err(RunError::new(reason, "show runs of different objectives one at a time"))
        }
    }
}

/// Says where numbers of several runs do not compare.
fn note_differences(paths: &[PathBuf], runs: &[Run]) {
    let Some((first, rest)) = runs.split_first() else { return };
    let digest = |path: &Path| {
        let folder = netsynth_store::RunFolder::open(path).ok()?;
        folder
            .document::<Provenance>(netsynth_store::Entry::Provenance)
            .ok()?
            .map(|provenance| provenance.data_digest)
    };
    let faces = digest(&paths[0]);
    for (run, path) in rest.iter().zip(&paths[1..]) {
        let both = format!("{} and {}", first.name, run.name);
        if digest(path) != faces {
            print_line(format!(
                "warning: {both} were measured on other faces: their accuracies do not compare"
            ));
        } else if (&run.plan.recipe, &run.plan.search.rungs) != (&first.plan.recipe, &first.plan.search.rungs)
        {
            print_line(format!("note: {both} trained by other recipes or rungs"));
        }
        if run.plan.search.indicator != first.plan.search.indicator {
            print_line(format!(
                "note: {both} have other bounds; every hypervolume is within those of {}",
                first.name
            ));
        }
    }
}

impl Runs {
    /// The metrics that tables of the runs show.
    pub(crate) fn shown(&self) -> Vec<Metric> {
        self.runs.first().map_or(vec![Metric::Accuracy], |run| run.plan.search.shown())
    }

    /// The measured metric that the runs are foremost about.
    pub(crate) fn quality(&self) -> Metric {
        self.runs.first().map_or(Metric::Accuracy, |run| run.plan.search.quality())
    }

    /// The front of all runs.
    pub(crate) fn front_rows(&self) -> Vec<Row> {
        self.members.iter().filter_map(|(place, _)| self.row(*place)).collect()
    }

    /// Every trial that was measured, run after run.
    pub(crate) fn trial_rows(&self) -> Vec<Row> {
        (0..self.runs.len()).flat_map(|run| self.rows_of(run)).collect()
    }

    /// Every trial that was measured in the run of this number.
    pub(crate) fn rows_of(&self, run: usize) -> Vec<Row> {
        self.runs[run].trials.iter().filter_map(|trial| self.row((run, trial.number))).collect()
    }

    fn row(&self, place: (usize, usize)) -> Option<Row> {
        let Run { name, plan, trials, file, .. } = &self.runs[place.0];
        let trial = trials.iter().find(|trial| trial.number == place.1)?;
        let metrics = trial.metrics();
        let member = file.members.iter().find(|member| member.trial == trial.number).map(Row::member);
        let outcome = trial.outcome(&plan.search.indicator, plan.search.rungs.len());
        Some(Row {
            run: name.clone(),
            trial: trial.number,
            generation: Some(trial.generation),
            id: trial.id,
            outcome: outcome_in_words(&outcome),
            is_stopped: matches!(outcome, Outcome::Stopped(..)),
            accuracy: metrics.get(Metric::Accuracy),
            cost: trial.cost,
            metrics,
            net_score: trial.performance(&plan.search),
            at_least: member.as_ref().and_then(|member| member.at_least),
            variants: member.map_or(Vec::new(), |member| member.variants),
            is_knee: self.knee == Some(place),
        })
    }

    /// Each run in a few numbers.
    pub(crate) fn summaries(&self) -> Vec<Summary> {
        let bounds = self.runs.first().map(|run| &run.plan.search);
        let summary = |(number, run): (usize, &Run)| Summary {
            run: run.name.clone(),
            n_trials: run.trials.len(),
            n_members: run.front.members.len(),
            n_in_common: self.members.iter().filter(|((of, _), _)| *of == number).count(),
            hypervolume: bounds.and_then(|plan| dominated_share(&run.front, plan)),
            knee: run.front.knee(&run.plan.search.objectives),
        };
        self.runs.iter().enumerate().map(summary).collect()
    }
}
