use std::num::NonZeroUsize;
use std::path::Path;

use clap::Args;
use netsynth_graph::ArchitectureSpec;
use netsynth_search::{Indicator, Rung, SearchPlan};
use netsynth_store::RunFolder;
use netsynth_train::Recipe;

use crate::complaint::Complaint;
use crate::networks::{Source, read};
use crate::plan::{DataPlan, DataSource, Plan};
use crate::resume::reopened;
use crate::search::begun;
use crate::session::Output;
use crate::table_1::{self, Measured};
use crate::train::told;
use crate::training::{OnFolds, Options, TrainPlan};
use crate::words::Format;
use crate::workers::worker_count;
use crate::{Ending, interrupt};

/// Rerun the paper's measurement: its recipe and protocol, measured beside published.
///
/// Of a network: ten subject-wise folds, 200 epochs, the recipe as published, unless asked otherwise. The interval is
/// Student's t at 95 % over folds and seeds; folds share training images, so it is narrower than independent measurements
/// would give.
///
/// Of the whole paper: `reproduce paper` searches the space `emotionnet` under the paper's indicator (accuracy at least 92 %, at
/// most a million parameters) with a fifth of the subjects held out, trains nano-a and nano-b as found on the folds of all subjects, and
/// prints them in Table 1. Repeated with the same options it goes on where it was stopped.
///
/// Example: netsynth reproduce nano-b --data CK+ --seeds 3
///
/// Example: netsynth reproduce paper --data CK+ --recipe strong --trials 100
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// nano-a (the interpolated stand-in: its widths are not published), nano-b, resnet20, another built-in name or file, or
    /// paper
    network: String,
    /// Epochs of each training; the schedule keeps its shape
    #[arg(long, default_value_t = 200)]
    epochs: usize,
    /// How many times the folds are trained, each with another seed from `--seed` on
    #[arg(long, default_value_t = 1)]
    seeds: usize,
    /// How many networks the search of `reproduce paper` tries
    #[arg(long, default_value_t = 60)]
    trials: usize,
    #[command(flatten)]
    options: Options,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let workers = worker_count(arguments.options.workers)?;
    let network = match arguments.network.as_str() {
        "paper" => return paper(arguments, workers),
        "nano-a" => "nano-a-class",
        name => name,
    };
    let training = asked(arguments, read(network)?)?;
    let folder = training.begin(arguments.options.name.as_deref())?;
    interrupt::listen()?;
    told(training.work(&folder, workers)?.as_ref(), arguments.json)
}

/// The training of a network as the options ask.
fn asked(arguments: &Arguments, network: Source) -> Result<OnFolds, Complaint> {
    OnFolds::asked(network, &arguments.options, Recipe::paper(), arguments.epochs, arguments.seeds)
}

/// Searches, trains what was found on the protocol's folds, and prints Table 1. What is there already is kept.
fn paper(arguments: &Arguments, workers: NonZeroUsize) -> Result<Ending, Complaint> {
    let plan = search_plan(arguments)?;
    plan.check()?;
    let name = arguments.options.name.as_deref().unwrap_or("paper");
    let path = RunFolder::path_of(Path::new("runs"), name)?;
    // With JSON, the table at the end is all that is printed.
    let output = if arguments.json { Output::Nothing } else { Output::Tables };
    interrupt::listen()?;
    let (session, folder) = if RunFolder::open(&path).is_ok() {
        let folder = RunFolder::resume(&path)?;
        let session = reopened(&folder, workers, output)?;
        same_as_asked(&folder, session.plan == plan)?;
        (session, folder)
    } else {
        begun(plan, &path, workers, output)?
    };
    let ending = session.work(&folder)?;
    if ending == Ending::Stopped {
        return Ok(ending);
    }
    let mut measured = Vec::new();
    for member in folder.front()?.members.iter().filter(|member| !member.variants.is_empty()) {
        let variants: Vec<String> = member.variants.iter().map(ToString::to_string).collect();
        let found = variants.join("-and-");
        let network =
            ArchitectureSpec { name: format!("found-{found}"), ..folder.architecture(member.trial)? };
        let Some(results) = on_folds(arguments, network, &format!("{name}-{found}"), workers)? else {
            return Ok(Ending::Stopped);
        };
        measured.push(results);
    }
    table_1::show(&measured, Format { csv: false, json: arguments.json })?;
    Ok(ending)
}

/// The search under the paper's indicator, its rungs scaled by the epochs of a training.
fn search_plan(arguments: &Arguments) -> Result<Plan, Complaint> {
    let Arguments { epochs, trials, options, .. } = arguments;
    let n_folds = options.reading.n_folds(options.folds);
    let share = |share: f64| ((share * *epochs as f64).round() as usize).max(1);
    Ok(Plan {
        data: DataPlan {
            source: DataSource::Folder(options.data.clone()),
            options: options.reading.sized(48, 48)?,
            split: options.reading.split(),
            n_folds,
            held_out: 0.2,
        },
        search: SearchPlan {
            seed: options.seed,
            n_trials: *trials,
            indicator: Indicator::paper(),
            // Ever fewer networks on ever more folds: the indicator speaks of an average over folds.
            rungs: vec![
                Rung { epochs: share(0.05), folds: 1, keep: 0.5 },
                Rung { epochs: share(0.25), folds: 1, keep: 0.4 },
                Rung { epochs: share(0.5), folds: n_folds.div_ceil(2), keep: 1.0 },
            ],
            ..Plan::built_in().search
        },
        recipe: options.recipe.or(Recipe::paper())?,
        final_epochs: *epochs,
        // The protocol trains every fold from scratch, so a network is chosen by what it learns from scratch.
        inheritance: None,
        ..Plan::built_in()
    })
}

/// Trains a network that was found on the protocol's folds, or goes on with it.
fn on_folds(
    arguments: &Arguments,
    network: ArchitectureSpec,
    name: &str,
    workers: NonZeroUsize,
) -> Result<Option<Measured>, Complaint> {
    let source = Source { name: network.name.clone(), text: network.to_ron(), is_built_in: false };
    let training = asked(arguments, source)?;
    let path = RunFolder::path_of(Path::new("runs"), name)?;
    let folder = if RunFolder::open(&path).is_ok() {
        let folder = RunFolder::resume(&path)?;
        same_as_asked(&folder, folder.plan::<TrainPlan>()? == training.plan)?;
        folder
    } else {
        training.begin(Some(name))?
    };
    let results = training.work(&folder, workers)?;
    Ok(results.map(|results| Measured::on_folds(&results, &path)))
}

/// Refuses to go on with a run that was begun otherwise.
fn same_as_asked(folder: &RunFolder, is_same: bool) -> Result<(), Complaint> {
    if is_same {
        return Ok(());
    }
    let reason = "it was begun with other options";
    let remedy = "repeat the options it was begun with, or give another --name";
    Err(Complaint::new(reason, remedy).at(folder.path().display().to_string()))
}
