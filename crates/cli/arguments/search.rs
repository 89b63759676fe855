use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use netsynth_files::Shown;
use netsynth_run::{DataSource, PROTOTYPE_EPOCHS, Plan, RunError};
use netsynth_search::{Count, Objective, StrategyKind};
use netsynth_train::{InheritFrom, Inheritance};

use crate::arguments::bounds::{Bounds, read_bounds, read_objective};
use crate::arguments::count::counted;
use crate::arguments::data::DataArguments;
use crate::arguments::device::DeviceChoice;
use crate::arguments::recipe::RecipeArguments;
use crate::arguments::strategy::strategy;
use crate::work::device::of_search;

/// The plan of a search, as a file or built in, and what is to be otherwise.
#[derive(Args)]
pub(crate) struct SearchArguments {
    /// A plan file, such as the plan.ron of an earlier run; the built-in plan if not given
    #[arg(long)]
    plan: Option<PathBuf>,
    /// The folder of faces, or a table of pixels such as ckextended.csv; the plan's if not given
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    options: DataArguments,
    /// Width and height in pixels of the images that networks see; the plan's if not given. What trainings may spend in multiply-accumulates grows with the pixels
    #[arg(long)]
    side: Option<usize>,
    /// A search space file or built-in name; the plan's if not given
    #[arg(long)]
    space: Option<String>,
    /// A file of `netsynth bench device`, which predicts the metric latency of each network; the plan's if not given
    #[arg(long, value_name = "FILE")]
    device_model: Option<String>,
    /// An earlier search of the same space to learn from, on whatever data: the folder of its run, or a file of `netsynth prior`; may
    /// be repeated; the plan's if not given
    #[arg(long, value_name = "RUN")]
    learn_from: Vec<String>,
    /// How many trials to make; the plan's if not given
    #[arg(long, value_parser = counted(Count::TRIALS))]
    trials: Option<usize>,
    /// The seed of every random draw; the plan's if not given
    #[arg(long)]
    seed: Option<u64>,
    /// What a network must meet to be kept, such as "accuracy >= 92 %" or parameters<=150k; may be repeated; the plan's if not given
    #[arg(long, value_parser = read_bounds)]
    indicator: Vec<Bounds>,
    /// The axes of the front, by the names of metrics, such as balanced_accuracy,parameters; the plan's if not given
    #[arg(long, value_delimiter = ',', value_parser = read_objective)]
    objectives: Vec<Objective>,
    /// Who proposes networks; the plan's if not given
    #[arg(long, value_parser = strategy())]
    strategy: Option<StrategyKind>,
    /// Where to train: cpu; a GPU of `netsynth devices`, such as wgpu or wgpu:1; or auto, the first GPU if a training of ResNet-20
    /// is faster there than on all cores. The plan's if not given
    #[arg(long)]
    device: Option<DeviceChoice>,
    #[command(flatten)]
    recipe: RecipeArguments,
    /// What trials start with: the most salient channels of the trained prototype, those of the trial that each was made
    /// from, or nothing but random weights; the plan's word if not given
    #[arg(long, value_name = "FROM")]
    inherit: Option<Inherit>,
    /// At the end, train the finalists from scratch on all folds: how far the ranking can be trusted. Also by the plan's
    /// `audit: true`
    #[arg(long, value_name = "YES", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    audit: Option<bool>,
    /// Do the same before the variants are trained: nano-b is the smallest network that is shown to meet the indicator's
    /// accuracy. Also by the plan's `certify: true`, as the built-in plan has it
    #[arg(long, value_name = "YES", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    certify: Option<bool>,
    /// Propose candidates without waiting for a generation: for workers of unequal speed. The order in which results come is
    /// recorded with them. Also by the plan's `asynchronous: true`
    #[arg(long, value_name = "YES", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    asynchronous: Option<bool>,
}

/// What trials start from, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Inherit {
    Prototype,
    Parent,
    Nothing,
}

impl Inherit {
    fn inheritance(self, planned: Option<Inheritance>) -> Option<Inheritance> {
        let epochs = planned.map_or(PROTOTYPE_EPOCHS, |planned| planned.epochs);
        match self {
            Inherit::Prototype => Some(Inheritance { from: InheritFrom::Prototype, epochs }),
            Inherit::Parent => Some(Inheritance { from: InheritFrom::Parent, epochs }),
            Inherit::Nothing => None,
        }
    }
}

impl SearchArguments {
    /// The plan with what is asked otherwise, checked, for so many workers.
    pub(crate) fn plan(&self, n_workers: NonZeroUsize) -> Result<Plan, RunError> {
        let mut plan = match (&self.plan, &self.data) {
            (Some(path), _) => Plan::read(path)?,
            (None, Some(folder)) => Plan::on_folder(folder.clone()),
            (None, None) => Plan::built_in(),
        };
        self.merge(&mut plan, n_workers)?;
        plan.check().map_err(|error| self.in_its_file(error))?;
        Ok(plan)
    }

    /// An error of what the plan asks for, with the plan's file if it is of one.
    pub(crate) fn in_its_file(&self, error: RunError) -> RunError {
        match &self.plan {
            Some(path) => error.within(&path.shown()),
            None => error,
        }
    }

    /// What is given replaces what the plan says.
    fn merge(&self, plan: &mut Plan, n_workers: NonZeroUsize) -> Result<(), RunError> {
        let Self {
            plan: _,
            data,
            options,
            side,
            space,
            device_model,
            learn_from,
            trials,
            seed,
            indicator,
            objectives,
            strategy,
            device,
            recipe,
            inherit,
            audit,
            certify,
            asynchronous,
        } = self;
        if let Some(folder) = data {
            plan.data.source = DataSource::Folder(folder.clone());
        }
        options.merge(&mut plan.data)?;
        if let Some(side) = *side {
            plan.resize(side);
        }
        if let Some(space) = space {
            plan.space.clone_from(space);
        }
        if let Some(file) = device_model {
            plan.device_model = Some(file.clone());
        }
        if !learn_from.is_empty() {
            plan.learn_from.clone_from(learn_from);
        }
        plan.search.n_trials = trials.unwrap_or(plan.search.n_trials);
        plan.search.seed = seed.unwrap_or(plan.search.seed);
        if !indicator.is_empty() {
            plan.search.indicator.constraints =
                indicator.iter().flat_map(|bounds| bounds.0.clone()).collect();
        }
        if !objectives.is_empty() {
            plan.search.objectives.clone_from(objectives);
        }
        plan.search.strategy = strategy.unwrap_or(plan.search.strategy);
        if let Some(choice) = *device {
            plan.device = of_search(choice, plan, n_workers)?;
        }
        plan.recipe = recipe.merged(plan.recipe.clone())?;
        if let Some(inherit) = inherit {
            plan.inheritance = inherit.inheritance(plan.inheritance);
        }
        plan.audit = audit.unwrap_or(plan.audit);
        plan.certify = certify.unwrap_or(plan.certify);
        plan.search.asynchronous = asynchronous.unwrap_or(plan.search.asynchronous);
        Ok(())
    }
}
