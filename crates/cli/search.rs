use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use netsynth_store::{Entry, RunFolder};
use netsynth_train::{Ancestor, Inheritance};

use crate::complaint::Complaint;
use crate::data::ReadOptions;
use crate::networks::{adapted, input_of, read, space_specs};
use crate::plan::{DataSource, PROTOTYPE_EPOCHS, Plan};
use crate::provenance::Provenance;
use crate::session::{Output, Session};
use crate::workers::worker_count;
use crate::{Ending, interrupt};

/// Search a space for small accurate networks and keep a Pareto front.
///
/// Without options: synthetic faces, the emotionnet space around ResNet-20, a budget of minutes on two cores.
///
/// Example: netsynth search --data CK+ --trials 100 --name faces
#[derive(Args)]
pub(crate) struct Arguments {
    /// A plan file, such as the plan.ron of an earlier run; the built-in plan if not given
    #[arg(long)]
    plan: Option<PathBuf>,
    /// The folder of faces, or a table of pixels such as ckextended.csv; the plan's if not given
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    options: ReadOptions,
    /// Width and height in pixels of the images that networks see; the plan's if not given
    #[arg(long)]
    side: Option<usize>,
    /// A search space file or built-in name; the plan's if not given
    #[arg(long)]
    space: Option<String>,
    /// How many trials to make; the plan's if not given
    #[arg(long)]
    trials: Option<usize>,
    /// The seed of every random draw; the plan's if not given
    #[arg(long)]
    seed: Option<u64>,
    /// What trials start with: the most salient channels of the trained prototype, those of the trial that each was made
    /// from, or nothing but random weights; the plan's word if not given
    #[arg(long, value_name = "FROM")]
    inherit: Option<Inherit>,
    /// At the end, train the finalists from scratch on all folds: how far the ranking can be trusted. Also by the plan's
    /// `audit: true`
    #[arg(long)]
    audit: bool,
    /// Trainings side by side, each on one core; all cores if not given. Changes no result
    #[arg(long)]
    workers: Option<usize>,
    /// The run's name under runs/; search-001 and so on if not given
    #[arg(long)]
    name: Option<String>,
    /// Print the front as JSON instead of a table
    #[arg(long)]
    json: bool,
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
            Inherit::Prototype => Some(Inheritance { from: Ancestor::Prototype, epochs }),
            Inherit::Parent => Some(Inheritance { from: Ancestor::Parent, epochs }),
            Inherit::Nothing => None,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let plan = resolved(arguments)?;
    plan.check().map_err(|complaint| match &arguments.plan {
        Some(path) => complaint.at(path.display().to_string()),
        None => complaint,
    })?;
    let workers = worker_count(arguments.workers)?;
    let path = RunFolder::free_path(Path::new("runs"), arguments.name.as_deref(), "search")?;
    let (session, folder) = begun(plan, &path, workers, Output::asked(arguments.json))?;
    interrupt::listen()?;
    session.work(&folder)
}

/// Makes the run of a plan.
pub(crate) fn begun(
    plan: Plan,
    path: &Path,
    workers: NonZeroUsize,
    output: Output,
) -> Result<(Session, RunFolder), Complaint> {
    let (space_spec, prototype) = space_specs(&read(&plan.space)?)?;
    let dataset = plan.data.load()?;
    let prototype = adapted(prototype, input_of(&dataset), dataset.classes.len());
    let provenance = Provenance::new(&dataset);
    let session = Session::new(plan, dataset, &space_spec, &prototype, workers, output)?;

    let folder = RunFolder::begin(path)?;
    folder.write_document(Entry::Provenance, &provenance)?;
    folder.write_document(Entry::SearchSpace, &space_spec)?;
    folder.write_document(Entry::Prototype, &prototype)?;
    folder.commit(&session.plan)?;
    Ok((session, folder))
}

/// The plan with what the command line asks otherwise.
fn resolved(arguments: &Arguments) -> Result<Plan, Complaint> {
    let mut plan = match &arguments.plan {
        Some(path) => Plan::read(path)?,
        None => Plan::built_in(),
    };
    if let Some(folder) = &arguments.data {
        plan.data.source = DataSource::Folder(folder.clone());
        plan.data.options = arguments.options.sized(plan.data.options.height, plan.data.options.width)?;
        plan.data.split = arguments.options.split();
        plan.data.n_folds = arguments.options.n_folds(plan.data.n_folds);
    }
    if let Some(side) = arguments.side {
        (plan.data.options.height, plan.data.options.width) = (side, side);
    }
    if let Some(space) = &arguments.space {
        plan.space.clone_from(space);
    }
    if let Some(n_trials) = arguments.trials {
        plan.search.n_trials = n_trials;
    }
    if let Some(seed) = arguments.seed {
        plan.search.seed = seed;
    }
    if let Some(inherit) = arguments.inherit {
        plan.inheritance = inherit.inheritance(plan.inheritance);
    }
    plan.audit |= arguments.audit;
    Ok(plan)
}
