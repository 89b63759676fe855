use std::path::{Path, PathBuf};

use netsynth_data::synth::{self, SynthOptions};
use netsynth_data::{Crop, DataOptions, Dataset, Expression, HeldOut, OuterFold, Split, SplitBy};
use netsynth_files::Shown;
use netsynth_graph::Graph;
use netsynth_graph::program::Largest;
use netsynth_graph::schema::{self, SCHEMA};
use netsynth_search::{
    Constraint, Count, Indicator, Length, Limits, Metric, Objective, Performance, Prior, Rung, SearchPlan,
    StrategyKind, Variant,
};
use netsynth_store::{MAX_FINALISTS, read_text};
use netsynth_train::{Device, Inheritance, Recipe};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{OnEvent, RunError, RunEvent, Task, TaskId, Trainer, TrainingTask};

/// The most pixels that are drawn into memory.
const MAX_DRAWN_BYTES: u64 = 4 << 30;

/// Epochs for which the prototype is trained, that trials inherit from, if no plan says how many.
pub const PROTOTYPE_EPOCHS: usize = 40;

/// Everything a search depends on: the same plan gives the same run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The file format's version.
    pub schema: u32,
    /// The kind of run that it makes.
    #[serde(default)]
    pub kind: SearchKind,
    /// The search space: a built-in name or a file.
    pub space: String,
    /// A file that `netsynth bench device` wrote: what predicts the metric `Latency` of each network; the run keeps a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_model: Option<String>,
    /// Earlier searches of the same space that this one learns from, on whatever data: folders of runs, or files of `netsynth prior`.
    /// The run keeps what they measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learn_from: Vec<String>,
    /// Which faces, and who is trained on and judged on.
    pub data: DataPlan,
    /// How the search is run.
    pub search: SearchPlan,
    /// Who trains and measures networks.
    #[serde(default, skip_serializing_if = "Trainer::is_netsynth")]
    pub evaluator: Trainer,
    /// How netsynth trains networks; a trainer of the user's own may do as it likes.
    #[serde(default = "Recipe::strong")]
    pub recipe: Recipe,
    /// Epochs for which the variants are trained at the end, on all subjects but the held-out ones: from scratch, or with
    /// `inheritance` on from what their trials learned.
    pub final_epochs: usize,
    /// What such a training may spend on each of its images, in multiply-accumulates of forward passes: `final_epochs` is then the
    /// most that there may be, as in a rung; absent, all are trained for `final_epochs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_macs: Option<f64>,
    /// What trials start from; absent, from random weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inheritance: Option<Inheritance>,
    /// Whether the finalists, which are the members of the front or twelve of them, are trained from scratch for
    /// `final_epochs` on all folds at the end: how far the search's ranking can be trusted. It changes no choice.
    #[serde(default)]
    pub audit: bool,
    /// Whether the same is done before the variants are trained, and says which of the finalists are shown to meet the indicator's
    /// accuracy with 95 % confidence, by people who judged nothing in the search: nano-b is then the smallest of these.
    #[serde(default)]
    pub certify: bool,
    /// Where networks are trained.
    #[serde(default)]
    pub device: Device,
}

/// The kind of run that a search's plan makes; no other kind is read as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SearchKind {
    /// A search for networks.
    #[default]
    Search,
}

/// Which faces, and who is trained on and judged on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataPlan {
    /// Where the faces come from.
    pub source: DataSource,
    /// How a folder of them is read.
    #[serde(default)]
    pub options: DataOptions,
    /// What folds keep together: nobody but the user's own word makes them anything but subject-wise.
    #[serde(default)]
    pub split: SplitBy,
    /// How many folds; the column Usage makes one.
    pub n_folds: usize,
    /// Share of the subjects that the search never sees; the column Usage names the held-out images itself.
    pub held_out: f64,
    /// In the place of a share: the search is one of those of `reproduce paper --nested`, and never sees this fold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer_fold: Option<OuterFold>,
}

/// Where faces come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum DataSource {
    /// Drawn in memory.
    Synthetic(SynthOptions),
    /// A folder in any layout that netsynth reads.
    Folder(PathBuf),
    /// Images that only the plan's own `evaluator` has: netsynth knows their size and colour, from `options`, and how many classes
    /// there are.
    Own {
        /// How many classes networks tell apart.
        classes: usize,
    },
}

impl Plan {
    /// What a plain `netsynth search` does: minutes on two cores.
    ///
    /// Every network is trained from scratch for as long as its size pays for, so that what is measured of it is its own.
    pub fn built_in() -> Self {
        let mut indicator = Indicator::paper();
        // Every candidate costs seconds, so that minutes are enough for a search.
        indicator.constraints.push(Constraint::AtMost(Metric::Macs, 12e6));
        Self {
            schema: SCHEMA,
            kind: SearchKind::Search,
            space: "emotionnet".to_owned(),
            device_model: None,
            learn_from: Vec::new(),
            data: DataPlan {
                // Many people rather than many frames of each: what is hard is a face that was never seen.
                source: DataSource::Synthetic(SynthOptions { subjects: 150, ..SynthOptions::default() }),
                options: DataOptions { height: 24, width: 24, frames: 1, ..DataOptions::default() },
                split: SplitBy::Subject,
                n_folds: 5,
                held_out: 0.2,
                outer_fold: None,
            },
            search: SearchPlan {
                seed: 1,
                n_trials: 60,
                generation_size: 6,
                strategy: StrategyKind::Synthesis,
                indicator,
                performance: Performance::default(),
                objectives: vec![
                    Objective::Maximise(Metric::Accuracy),
                    Objective::Minimise(Metric::Parameters),
                ],
                rungs: vec![
                    Rung { epochs: 1000, macs: Some(3e7), folds: 1, keep: 0.4 },
                    Rung { epochs: 3000, macs: Some(1.5e8), folds: 1, keep: 1.0 },
                ],
                pruning: Some(0.9),
                screening: None,
                asynchronous: false,
                prior: Some(Prior::default()),
                limits: Limits::default(),
            },
            evaluator: Trainer::Netsynth,
            recipe: Recipe::strong(),
            final_epochs: 3000,
            final_macs: Some(2.4e8),
            inheritance: None,
            audit: false,
            certify: true,
            device: Device::Flex,
        }
    }

    /// The same for the user's data, of which all labelled frames are read: it has fewer people than can be drawn.
    pub fn on_folder(path: PathBuf) -> Self {
        let built_in = Self::built_in();
        let DataOptions { height, width, .. } = built_in.data.options;
        let options = DataOptions { height, width, ..DataOptions::default() };
        Self { data: DataPlan { source: DataSource::Folder(path), options, ..built_in.data }, ..built_in }
    }

    fn asks_for_latency(&self) -> bool {
        self.search.counted().any(|metric| metric == Metric::Latency)
    }

    /// Bounds a search that asks for latency to networks no larger than those that its prediction knows. The bounds are the plan's
    /// from then on, so that a run says them, and whatever proposes networks keeps them.
    pub(crate) fn keep_within(&mut self, largest: Largest) {
        if !self.asks_for_latency() {
            return;
        }
        let constraints = &mut self.search.indicator.constraints;
        for (metric, most) in [(Metric::Parameters, largest.parameters), (Metric::Macs, largest.macs)] {
            let most = most as f64;
            let is_kept = constraints.iter().any(|constraint| match constraint {
                Constraint::AtMost(bounded, bound) => *bounded == metric && *bound <= most,
                Constraint::AtLeast(..) => false,
            });
            if !is_kept {
                constraints.push(Constraint::AtMost(metric, most));
            }
        }
    }

    /// The plan for images of this width and height. What trainings may spend grows with the pixels, as the price of every
    /// network does, so that all are trained for as many epochs as before.
    pub fn resize(&mut self, side: usize) {
        let DataOptions { height, width, .. } = &mut self.data.options;
        let growth = side as f64 * side as f64 / (*height as f64 * *width as f64).max(1.0);
        (*height, *width) = (side, side);
        self.lengthen(growth);
        self.search.limits.macs = self.search.limits.macs.map(|macs| macs * growth);
    }

    /// The plan with this factor of what each training may spend, where that is in multiply-accumulates.
    pub fn lengthen(&mut self, factor: f64) {
        let rungs = self.search.rungs.iter_mut().map(|rung| &mut rung.macs);
        for macs in rungs.chain([&mut self.final_macs]).flatten() {
            *macs = (*macs * factor).round();
        }
    }

    /// The plan with what another one may spend: its trials, the lengths of its trainings, its bound.
    pub fn spending_as(&self, other: &Self) -> Self {
        let mut plan = self.clone();
        plan.search.n_trials = other.search.n_trials;
        plan.search.rungs.clone_from(&other.search.rungs);
        plan.search.limits.macs = other.search.limits.macs;
        (plan.final_epochs, plan.final_macs) = (other.final_epochs, other.final_macs);
        plan
    }

    /// Reads a plan.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let text = read_text(path).map_err(|error| {
            RunError::new(error.reason, "give a plan file, such as runs/search-001/plan.ron").at(error.path)
        })?;
        schema::from_ron(&text).map_err(RunError::about_document(path, "plan"))
    }

    /// The most epochs that the search, its variants and its audit can take.
    pub fn planned_epochs(&self) -> u64 {
        let SearchPlan { n_trials, generation_size, limits, .. } = &self.search;
        let (whole, rest) = (n_trials / generation_size, n_trials % generation_size);
        let searched =
            whole as u64 * self.search.most_epochs(*generation_size) + self.search.most_epochs(rest);
        let audited = if self.trains_finalists() { self.most_audited_epochs() } else { 0 };
        let inherited =
            self.inheritance.map_or(0, |inheritance| (inheritance.epochs * self.n_lines()) as u64);
        searched.min(limits.epochs.unwrap_or(u64::MAX))
            + inherited
            + (Variant::ALL.len() * self.final_epochs) as u64
            + audited
    }

    /// How many folds any rung trains: each has a line of ancestors.
    pub fn n_lines(&self) -> usize {
        self.search.rungs.iter().map(|rung| rung.folds).max().unwrap_or_default()
    }

    /// A task of this plan's run for a network.
    pub fn task(&self, id: TaskId, graph: &Graph, data_digest: &str, training: Option<TrainingTask>) -> Task {
        Task {
            id,
            architecture: graph.spec(),
            data: self.data.clone(),
            data_digest: data_digest.to_owned(),
            recipe: self.recipe.clone(),
            device: self.device,
            evaluator: self.evaluator.clone(),
            training_secs: self.search.limits.training_secs,
            run_seed: self.search.seed,
            is_scored: false,
            training,
        }
    }

    /// How long variants and finalists are trained.
    pub fn final_length(&self) -> Length {
        Length { epochs: self.final_epochs, macs: self.final_macs }
    }

    /// Whether the finalists are trained from scratch on all folds, before the variants or after them.
    pub fn trains_finalists(&self) -> bool {
        self.audit || self.certify
    }

    /// The most epochs that an audit can take.
    pub fn most_audited_epochs(&self) -> u64 {
        (MAX_FINALISTS.min(self.search.n_trials) * self.data.n_folds * self.final_epochs) as u64
    }

    /// Refuses a plan that no run could follow.
    pub fn check(&self) -> Result<(), RunError> {
        self.data.check()?;
        self.search.check()?;
        self.recipe.check()?;
        self.check_evaluator()?;
        Count::FINAL_EPOCHS.check(self.final_epochs)?;
        if let Some(Inheritance { epochs, .. }) = self.inheritance {
            Count::PROTOTYPE_EPOCHS.check(epochs)?;
        }
        if let Some(problem) = self.final_length().problem() {
            let remedy = "give a number from 1, such as Some(1e9), or leave it out";
            return Err(RunError::new(format!("the plan's `final_macs` is {problem}"), remedy));
        }
        if self.space.is_empty() {
            return Err(RunError::new("the plan's `space` is empty", "name a built-in space, or a file"));
        }
        if self.device_model.is_none() && self.asks_for_latency() {
            let remedy = "name one, as `device_model: \"pi4.ron\"` or --device-model; `netsynth bench device --out pi4.ron` makes it";
            return Err(RunError::new(
                "the plan asks for `latency` and has no `device_model` that predicts it",
                remedy,
            ));
        }
        if let Some(rung) = self.search.rungs.iter().find(|rung| rung.folds > self.data.n_folds) {
            let reason = format!("a rung trains {} folds and the data has {}", rung.folds, self.data.n_folds);
            return Err(RunError::new(reason, "give the rung fewer folds, or the data more"));
        }
        Ok(())
    }
}

impl Plan {
    /// Refuses what only netsynth's own trainings can do, and data that it does not have.
    fn check_evaluator(&self) -> Result<(), RunError> {
        self.evaluator.check()?;
        let refuse = |reason: &str, remedy: &str| Err(RunError::new(reason, remedy));
        if self.evaluator.is_netsynth() {
            if let DataSource::Own { .. } = self.data.source {
                let remedy = "name who trains, as `evaluator: Command([\"python3\", \"train.py\"])`, or give other data";
                return refuse("the plan's data are its evaluator's own, and netsynth is to train", remedy);
            }
            if self.search.limits.training_secs.is_some() {
                let remedy = "bound it with `epochs`, `macs` or `wall_clock_secs`, which repeat";
                return refuse("`training_secs` is for a trainer of the user's own", remedy);
            }
            return Ok(());
        }
        if self.inheritance.is_some() {
            let remedy = "leave `inheritance` out: netsynth never sees the weights of another trainer";
            return refuse("the plan has `inheritance` and an `evaluator` of its own", remedy);
        }
        if self.search.screening.is_some() {
            let remedy = "leave `screening` out: zero-cost scores are of networks that netsynth trains";
            return refuse("the plan has `screening` and an `evaluator` of its own", remedy);
        }
        Ok(())
    }
}

/// Refuses a path that no document can hold.
pub fn check_path(path: &Path) -> Result<(), RunError> {
    match path.to_str() {
        Some(_) => Ok(()),
        None => {
            let reason = format!(
                "the path {} is not UTF-8, and a plan is a text that could not name it",
                path.shown()
            );
            Err(RunError::new(reason, "rename it, or give a link to it that has another name"))
        }
    }
}

impl DataPlan {
    /// Refuses what no data could be read or cut into, and paths that a plan cannot have.
    pub fn check(&self) -> Result<(), RunError> {
        Count::FOLDS.check(self.n_folds)?;
        self.options.check()?;
        self.split.check(self.n_folds, self.set_aside())?;
        if self.outer_fold.is_some() && (self.held_out != 0.0 || self.split == SplitBy::Usage) {
            let reason = "the data have an `outer_fold`, and `held_out` or the column Usage says otherwise who is held out";
            return Err(RunError::new(
                reason,
                "give the data `held_out: 0.0` and another split, or no `outer_fold`",
            ));
        }
        if let Crop::Boxes { file, .. } = &self.options.crop {
            check_path(file)?;
        }
        match &self.source {
            DataSource::Folder(path) => check_path(path),
            DataSource::Own { classes } => Ok(Count::CLASSES.check(*classes).map(|_| ())?),
            DataSource::Synthetic(drawn) => {
                drawn.check()?;
                self.check_memory(drawn)
            }
        }
    }

    /// Refuses faces that memory does not hold.
    fn check_memory(&self, drawn: &SynthOptions) -> Result<(), RunError> {
        let DataOptions { height, width, frames, .. } = self.options;
        let factors = [drawn.subjects, Expression::ALL.len(), drawn.frames.min(frames), height, width];
        let bytes = factors.iter().fold(1, |product: u64, &factor| product.saturating_mul(factor as u64));
        if bytes > MAX_DRAWN_BYTES {
            let reason = format!("drawing the plan's faces would take {} GiB", bytes >> 30);
            return Err(RunError::new(reason, "draw fewer subjects or frames, or smaller images"));
        }
        Ok(())
    }

    /// Loads or draws the faces of a plan that was checked.
    pub fn load(&self, on_event: &OnEvent<'_>) -> Result<Dataset, RunError> {
        let dataset = match &self.source {
            DataSource::Synthetic(options) => synth::dataset(options, &self.options)?,
            DataSource::Folder(path) => Dataset::load_with(path, &self.options, &|done, all| {
                on_event(RunEvent::Reading { done, all });
            })?,
            DataSource::Own { classes } => Dataset::without_samples(
                (0..*classes).map(|class| class.to_string()).collect(),
                &self.options,
            ),
        };
        Ok(dataset)
    }

    /// Loads the faces that a run began with, from `moved` if they are elsewhere now.
    pub(crate) fn load_again(
        &self,
        moved: Option<&Path>,
        on_event: &OnEvent<'_>,
    ) -> Result<Dataset, RunError> {
        let source = match (&self.source, moved) {
            (DataSource::Synthetic(_), Some(_)) => {
                return Err(RunError::new("the run's faces are drawn, not read", "leave out --data"));
            }
            (DataSource::Own { .. }, Some(_)) => {
                return Err(RunError::new("the run's data are its evaluator's own", "leave out --data"));
            }
            (DataSource::Folder(path), None) if !path.exists() => {
                let reason = format!("the run's data {} are not there", path.shown());
                let remedy = if path.is_relative() {
                    "go to the folder where the run was begun, or say where the data are now with --data"
                } else {
                    "say where the data are now with --data"
                };
                return Err(RunError::new(reason, remedy));
            }
            (DataSource::Folder(_), Some(path)) => DataSource::Folder(path.to_owned()),
            (source, None) => source.clone(),
        };
        Self { source, ..self.clone() }.load(on_event)
    }

    /// What no search sees.
    fn set_aside(&self) -> HeldOut {
        self.outer_fold.map_or(HeldOut::Share(self.held_out), HeldOut::Fold)
    }

    /// Splits them, by subject unless the plan says otherwise.
    pub fn split(&self, dataset: &Dataset) -> Result<Split, RunError> {
        if let DataSource::Own { .. } = self.source {
            let folds = vec![Vec::new(); self.n_folds];
            return Ok(Split { held_out: Vec::new(), always_trained: Vec::new(), folds });
        }
        let split = self.split.split(dataset, self.n_folds, self.set_aside())?;
        if split.folds.len() != self.n_folds {
            let reason = format!("the data's column Usage makes one fold, not {}", self.n_folds);
            return Err(RunError::new(reason, "give the data `n_folds: 1`"));
        }
        Ok(split)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn what_trainings_may_spend_grows_with_the_pixels() {
        let mut plan = Plan::built_in();
        plan.search.limits.macs = Some(1e9);
        plan.search.rungs[0].macs = None;
        let small = plan.clone();
        plan.resize(48);
        assert_eq!((plan.data.options.height, plan.data.options.width), (48, 48));
        let macs = |plan: &Plan| {
            [plan.search.rungs[1].macs, plan.final_macs, plan.search.limits.macs].map(Option::unwrap)
        };
        assert_eq!(macs(&plan), macs(&small).map(|macs| 4.0 * macs));
        assert_eq!(plan.search.rungs[0].macs, None);
        plan.resize(24);
        assert_eq!(plan, small);
    }

    #[test]
    fn a_plan_is_written_in_plain_names_and_one_of_the_first_versions_still_loads() {
        let plan = Plan::built_in();
        let text = schema::to_ron(&plan);
        assert!(text.contains("crop: Whole,") && !text.contains("r#"), "{text}");
        assert_eq!(schema::from_ron::<Plan>(&text).unwrap(), plan);
        let old = text.replace("crop: Whole,", "crop: r#None,");
        assert_eq!(schema::from_ron::<Plan>(&old).unwrap(), plan);
    }
}
