use std::path::PathBuf;

use clap::Args;
use netsynth_data::DataOptions;
use netsynth_graph::schema::SCHEMA;
use netsynth_run::networks::{Source, architecture};
use netsynth_run::{DataPlan, DataSource, RunError, TrainPlan, TrainingKind};
use netsynth_search::Count;
use netsynth_train::{Device, Recipe};

use crate::arguments::count::counted;
use crate::arguments::data::DataArguments;
use crate::arguments::device::DeviceChoice;
use crate::arguments::recipe::RecipeArguments;
use crate::arguments::workers::WorkerArguments;
use crate::work::device::device;

/// How many folds the paper's protocol has.
const N_FOLDS: usize = 10;

/// The training of a network on folds.
#[derive(Args)]
pub(crate) struct TrainingArguments {
    /// The folder of faces, or a table of pixels such as ckextended.csv
    #[arg(long)]
    data: PathBuf,
    #[command(flatten)]
    options: DataArguments,
    /// Train only the first so many of the folds; all if not given
    #[arg(long, value_parser = counted(Count::FOLDS))]
    only: Option<usize>,
    #[command(flatten)]
    recipe: RecipeArguments,
    /// Start from trained weights instead of random ones: nodes of the same name take over the most salient channels. A
    /// folder with architecture.ron and weights.safetensors, or the run of a training with as many folds, each of which
    /// starts the fold of its number
    #[arg(long)]
    start: Option<PathBuf>,
    /// The seed of every random draw; 1 if not given
    #[arg(long)]
    seed: Option<u64>,
    /// Where to train: cpu; a GPU of `netsynth devices`, such as wgpu or wgpu:1; or auto, the first GPU if a training of the
    /// network is faster there than on all cores. The CPU if not given
    #[arg(long)]
    pub(crate) device: Option<DeviceChoice>,
    /// Print the plan that would be followed, and train nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) workers: WorkerArguments,
    /// The run's name under runs/; that of the network with a number if not given
    #[arg(long)]
    pub(crate) name: Option<String>,
}

impl TrainingArguments {
    /// The data, seen by a network in this many pixels.
    pub(crate) fn data_plan(&self, height: usize, width: usize) -> Result<DataPlan, RunError> {
        let mut data = DataPlan {
            source: DataSource::Folder(self.data.clone()),
            options: DataOptions { height, width, ..DataOptions::default() },
            split: Default::default(),
            n_folds: N_FOLDS,
            held_out: 0.0,
            outer_fold: None,
        };
        self.options.merge(&mut data)?;
        Ok(data)
    }

    /// The recipe; `default` where nothing else is given.
    pub(crate) fn recipe(&self, default: Recipe) -> Result<Recipe, RunError> {
        self.recipe.merged(default)
    }

    /// The seed.
    pub(crate) fn seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }

    /// The plan of a network's training.
    pub(crate) fn plan(
        &self,
        source: &Source,
        default_recipe: Recipe,
        epochs: usize,
        n_seeds: usize,
    ) -> Result<TrainPlan, RunError> {
        let (spec, graph) = architecture(source)?;
        let data = self.data_plan(graph.input().height, graph.input().width)?;
        Ok(TrainPlan {
            schema: SCHEMA,
            kind: TrainingKind::Training,
            n_trained_folds: self.only.unwrap_or(data.n_folds).min(data.n_folds),
            data,
            epochs,
            recipe: self.recipe(default_recipe)?,
            seed: self.seed(),
            n_seeds,
            start: self.start.clone(),
            device: self
                .device
                .map_or(Ok(Device::Flex), |choice| device(choice, &spec, self.workers.count()))?,
            architecture: spec,
        })
    }
}
